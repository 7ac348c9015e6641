import { createServer } from "vite";
import { folder, out } from "./what.js";

const server = await createServer({
  root: folder,
  logLevel: "warn",
  cacheDir: `${out}/cache`,
  // Where the copy of the worker lies.
  publicDir: out,
  server: { host: "127.0.0.1", port: 0 },
});
await server.listen();
console.log(`serving ${server.resolvedUrls?.local[0]}`);
