/** What code weighs as an app's bundler would load it. */
import { relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Gzipped as hard as gzip can, in bytes. */
export const gzipped = (code: string | Uint8Array): number => gzipSync(code, { level: 9 }).byteLength;

export interface BundleSize {
  /** Gzipped bytes of what is loaded at once; each chunk for itself, as a server sends them. */
  readonly loaded: number;
  /** Gzipped bytes of the chunks that are imported only when they are needed. */
  readonly later: number;
}

/** Bundles and minifies a module that is given as text; its imports are relative to `root`. */
export async function bundleSize(
  root: string,
  contents: string,
  external: readonly string[] = [],
): Promise<BundleSize> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    outdir: "size",
    bundle: true,
    splitting: true,
    metafile: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    external: [...external],
    logLevel: "error",
  });
  const loaded = new Set<string>();
  const load = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { path, kind, external } of metafile.outputs[file]?.imports ?? []) {
      if (kind === "import-statement" && !external) load(path);
    }
  };
  load("size/stdin.js");
  const size = (atOnce: boolean) =>
    outputFiles
      .filter(({ path }) => loaded.has(relative(root, path)) === atOnce)
      .reduce((sum, { contents }) => sum + gzipped(contents), 0);
  return { loaded: size(true), later: size(false) };
}
