import { build } from "rolldown";
import { out, pages } from "./what.js";

await build({ input: pages("js"), output: { dir: out, minify: true } });
