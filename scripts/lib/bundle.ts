/** Scripts for pages, workers and processes, made by esbuild. */
import { readFile } from "node:fs/promises";
import { type BuildOptions, build } from "esbuild";

/** One file of a module and all that it imports. Rejects with what is wrong with it. */
export async function bundle(options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "silent",
    ...options,
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

/** A worker as `npm run build` has made it: `entry` or `shared-entry`. */
export async function builtWorker(entry: string): Promise<string> {
  try {
    return await readFile(`dist/worker/${entry}.js`, "utf8");
  } catch (cause) {
    throw new Error("The worker is not built: run `npm run build` first.", { cause });
  }
}
