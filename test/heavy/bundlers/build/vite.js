import { build } from "vite";
import { folder, out, pages } from "./what.js";

await build({
  root: folder,
  base: "./",
  logLevel: "warn",
  build: { outDir: out, rolldownOptions: { input: pages("html") } },
});
