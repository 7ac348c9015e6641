import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const gzipped = (code: string | Uint8Array) => gzipSync(code, { level: 9 }).byteLength;

function read(path: string): string {
  if (!existsSync(`${root}${path}`)) throw new Error(`There is no ${path}: run "npm run build" first`);
  return readFileSync(`${root}${path}`, "utf8");
}

describe("the worker bundle", () => {
  const code = () => read("dist/worker/entry.js");
  const found = (pattern: RegExp) => code().match(pattern)?.[0];

  it("is one file, that imports nothing", async () => {
    const { metafile } = await build({
      stdin: { contents: code(), resolveDir: root },
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      packages: "external",
      logLevel: "error",
    });
    expect(Object.values(metafile.inputs).flatMap(({ imports }) => imports)).toEqual([]);
  });

  it("holds no WebAssembly and no crypto", () => {
    expect(
      found(/WebAssembly|crypto-wasm|\.wasm\b|OlmMachine|matrix_sdk_crypto|rust-crypto/i),
    ).toBeUndefined();
  });

  it("holds no table of look-alike letters", () => {
    // Mathematical letters: thousands of them are in that table, and nowhere else.
    expect(found(/[\u{1D400}-\u{1D7FF}]|\\u\{1d4|\\ud835/iu)).toBeUndefined();
  });

  it("is at most 45 kB gzip", () => {
    const size = gzipped(code());
    console.log(`worker bundle: ${size} bytes gzip`);
    expect(size).toBeLessThanOrEqual(45_000);
  });

  it("keeps its types and names no path of this machine", () => {
    expect(read("dist/worker/entry.d.ts")).toBeDefined();
    expect(code().includes(root)).toBe(false);
    expect(
      JSON.parse(read("dist/worker/entry.js.map")).sources.filter((path: string) => path.startsWith("/")),
    ).toEqual([]);
  });
});

describe("what runs on the main thread", () => {
  const parts = ["dist/index.js", "dist/media/browser.js"];

  it("is at most 16.7 kB gzip: phone, media and link, without rxjs", async () => {
    const size = await bundled([...parts, "dist/streams/link.js"]);
    console.log(`phone, media and link: ${size} bytes gzip`);
    expect(size).toBeGreaterThan(1_000);
    expect(size).toBeLessThanOrEqual(16_700);
  });

  it("is at most 20 kB gzip with what starts and watches the worker, comlink in it", async () => {
    const size = await bundled([...parts, "dist/worker/spawn.js"]);
    console.log(`all of the main thread: ${size} bytes gzip`);
    expect(size).toBeLessThanOrEqual(20_000);
  });
});

/** The size of modules of dist as an app's bundler would load them: without what they import only when it is needed. */
async function bundled(modules: readonly string[]): Promise<number> {
  for (const module of modules) read(module);
  const { outputFiles, metafile } = await build({
    stdin: { contents: modules.map((module) => `export * from "./${module}";`).join("\n"), resolveDir: root },
    absWorkingDir: root,
    outdir: "size",
    bundle: true,
    splitting: true,
    metafile: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    external: ["rxjs"],
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
  expect(loaded.size).toBeLessThan(outputFiles.length);
  return outputFiles
    .filter(({ path }) => loaded.has(relative(root, path)))
    .reduce((sum, { contents }) => sum + gzipped(contents), 0);
}
