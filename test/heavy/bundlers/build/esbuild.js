import { build } from "esbuild";
import { out, pages } from "./what.js";

await build({
  entryPoints: pages("js"),
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
});
