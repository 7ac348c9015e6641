import { serveDirectories } from "./directory.ts";

serveDirectories(globalThis);
