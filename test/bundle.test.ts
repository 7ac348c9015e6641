import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { bundleSize, gzipped } from "../scripts/lib/bundle-size.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

function read(path: string): string {
  if (!existsSync(`${root}${path}`)) throw new Error(`There is no ${path}: run "npm run build" first`);
  return readFileSync(`${root}${path}`, "utf8");
}

describe("the worker bundle", () => {
  const code = () => read("dist/worker/entry.js");
  const found = (pattern: RegExp) => code().match(pattern)?.[0];

  it("is one file, that imports nothing", async () => {
    expect(await importsOf(code())).toEqual([]);
  });

  it("holds no WebAssembly and no crypto", () => {
    expect(
      found(/WebAssembly|crypto-wasm|\.wasm\b|OlmMachine|matrix_sdk_crypto|rust-crypto/i),
    ).toBeUndefined();
  });

  it("holds no table of look-alike letters", () => {
    expect(found(LOOK_ALIKES)).toBeUndefined();
  });

  it("holds no way of renewing tokens but ours", () => {
    expect(found(/refreshIfNeeded|OAuth2\b|openid-configuration/)).toBeUndefined();
  });

  it("is at most 42 kB gzip", () => {
    const size = gzipped(code());
    console.log(`worker bundle: ${size} bytes gzip`);
    expect(size).toBeLessThanOrEqual(42_000);
  });

  it("is the same as what an inline worker is made of", () => {
    const [, text = ""] = read("dist/worker/entry-source.js").split(/^export const source = |;\n$/);
    const [script] = code().split("//# sourceMappingURL=");
    expect(JSON.parse(text).trimEnd()).toBe(script?.trimEnd());
  });

  it("keeps its types and names no path of this machine", () => {
    expect(read("dist/worker/entry.d.ts")).toBeDefined();
    expect(code().includes(root)).toBe(false);
    expect(
      JSON.parse(read("dist/worker/entry.js.map")).sources.filter((path: string) => path.startsWith("/")),
    ).toEqual([]);
  });
});

describe("the worker bundle that tabs share", () => {
  const code = () => read("dist/worker/shared-entry.js");

  it("is one file, that imports nothing and names no path of this machine", () => {
    expect(code().match(/\bimport\s*[{*"'(]|\bfrom\s*["']/)?.[0]).toBeUndefined();
    expect(code().includes(root)).toBe(false);
  });

  it("is at most 45 kB gzip", () => {
    const size = gzipped(code());
    console.log(`worker bundle that tabs share: ${size} bytes gzip`);
    expect(size).toBeLessThanOrEqual(45_000);
  });
});

describe("the worker bundle for encrypted rooms", () => {
  const code = () => read("dist/worker/encrypted-entry.js");

  it("holds the crypto, and fetches its WebAssembly from beside it, whole", () => {
    expect(code()).toContain("OlmMachine");
    expect([...code().matchAll(/new URL\("([^"]*)",import\.meta\.url\)/g)].map(([, path]) => path)).toEqual([
      "./encrypted-entry.wasm",
    ]);
    expect(WebAssembly.validate(readFileSync(`${root}dist/worker/encrypted-entry.wasm`))).toBe(true);
  });

  it("is one file, that imports nothing and names no path of this machine", async () => {
    expect(await importsOf(code())).toEqual([]);
    expect(code().includes(root)).toBe(false);
  });

  it("holds no table of look-alike letters", () => {
    expect(code().match(LOOK_ALIKES)?.[0]).toBeUndefined();
  });

  it("is at most 255 kB gzip, and its WebAssembly 2.2 MB", () => {
    const [script, wasm] = [
      gzipped(code()),
      gzipped(readFileSync(`${root}dist/worker/encrypted-entry.wasm`)),
    ];
    console.log(`worker bundle for encrypted rooms: ${script} bytes gzip, its WebAssembly: ${wasm}`);
    expect(script).toBeLessThanOrEqual(255_000);
    expect(wasm).toBeLessThanOrEqual(2_200_000);
  });

  it("is loaded by nobody but the page that asks for it", async () => {
    const others = [
      "index",
      "media/browser",
      "worker/spawn",
      "worker/shared",
      "worker/inline",
      "worker/local",
    ];
    for (const module of others)
      expect((await inputs(`dist/${module}.js`)).filter((path) => path.includes("encrypted"))).toEqual([]);
    const ours = await inputs("dist/worker/encrypted.js");
    expect(ours.filter((path) => /signaling\/|matrix-js-sdk|encrypted-entry/.test(path))).toEqual([]);
  });
});

describe("what runs on the main thread", () => {
  const parts = ["dist/index.js", "dist/media/browser.js"];

  it("is at most 18 kB gzip: phone, media and link, without rxjs", async () => {
    const size = await bundled([...parts, "dist/comlink/handlers.js"]);
    console.log(`phone, media and link: ${size} bytes gzip`);
    expect(size).toBeGreaterThan(1_000);
    expect(size).toBeLessThanOrEqual(18_000);
  });

  it("is at most 24.5 kB gzip with what starts, watches and restarts the worker, comlink in it", async () => {
    const size = await bundled([...parts, "dist/worker/spawn.js"]);
    console.log(`all of the main thread: ${size} bytes gzip`);
    expect(size).toBeLessThanOrEqual(24_500);
  });

  it("holds nothing of the engine where there is a worker, and no comlink where there is none", async () => {
    const spawning = await inputs("dist/worker/spawn.js");
    expect(spawning.filter((path) => /signaling\/|matrix-js-sdk|entry-source/.test(path))).toEqual([]);
    expect(spawning.filter((path) => /node_modules\/comlink/.test(path))).toHaveLength(1);
    const local = await inputs("dist/worker/local.js");
    expect(local.filter((path) => /comlink|worker\/(remote|connection|host)/.test(path))).toEqual([]);
    expect(local.some((path) => path.endsWith("signaling/engine.js"))).toBe(true);
  });
});

describe("what runs on the main thread of tabs that share a worker", () => {
  it("is at most 26.5 kB gzip", async () => {
    const size = await bundled(["dist/index.js", "dist/media/browser.js", "dist/worker/shared.js"]);
    console.log(`all of the main thread, shared: ${size} bytes gzip`);
    expect(size).toBeLessThanOrEqual(26_500);
  });
});

/** Mathematical letters: thousands of them are in the table of look-alikes, and nowhere else. */
const LOOK_ALIKES = /[\u{1D400}-\u{1D7FF}]|\\u\{1d4|\\ud835/iu;

/** What a script imports. */
async function importsOf(contents: string) {
  const { metafile } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  return Object.values(metafile.inputs).flatMap(({ imports }) => imports);
}

/** Every module that one of dist brings with it. */
async function inputs(module: string): Promise<string[]> {
  read(module);
  const { metafile } = await build({
    entryPoints: [`${root}${module}`],
    bundle: true,
    metafile: true,
    write: false,
    format: "esm",
    external: ["rxjs"],
    logLevel: "error",
  });
  return Object.keys(metafile.inputs);
}

/** The size of modules of dist as an app's bundler would load them: without what they import only when it is needed. */
async function bundled(modules: readonly string[]): Promise<number> {
  for (const module of modules) read(module);
  const contents = modules.map((module) => `export * from "./${module}";`).join("\n");
  const { loaded, later } = await bundleSize(root, contents, ["rxjs"]);
  expect(later).toBeGreaterThan(0);
  expect(loaded).toBeGreaterThan(later);
  return loaded;
}
