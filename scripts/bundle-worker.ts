/**
 * Bundles the workers into one file each, such as dist/worker/entry.js, and that one again as the text that inline.js
 * makes a worker of, each in the place of the module that tsc has put there; tsc's .d.ts stay. Run it after tsc:
 * `npm run build`.
 */
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { noticesOf, packagesOf } from "./notices.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const leftOut = (path: string) => `throw new Error("${path} is left out of this bundle");`;

/**
 * What matrix-js-sdk's HTTP layer imports and no request of ours needs: `unhomoglyph`, a table of look-alike letters
 * (115 kB) for comparing display names, and its own way of renewing tokens, OAuth included: ours is in matrix-token.ts.
 * And tslib (2 kB), which rxjs imports to read async iterables, of which there are none here. Should one ever be needed,
 * it fails loudly. The console is its logger.
 */
const withoutUnused: Plugin = {
  name: "without what no request needs",
  setup(build) {
    build.onResolve({ filter: /^unhomoglyph$|^tslib$|\.\/refresh\.js$|\.\/logger\.js$/ }, ({ path }) => ({
      path,
      namespace: "left-out",
    }));
    build.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
      contents: `
        export const logger = console;
        export default function () { ${leftOut(path)} }
        export function needless() { ${leftOut(path)} }
        export { needless as __asyncValues, needless as __asyncGenerator, needless as __await, needless as __awaiter };
        export const TokenRefreshOutcome = {};
        export class TokenManager { prepareForRequest() { ${leftOut(path)} } }`,
    }));
  },
};

/** What must not come in, however far down it is imported: encryption, and the client that brings it. */
const FORBIDDEN = /crypto-wasm|matrix-js-sdk[\\/]lib[\\/](index|client|matrix|crypto|rust-crypto)\b/;

const withoutCrypto: Plugin = {
  name: "without crypto",
  setup(build) {
    build.onLoad({ filter: FORBIDDEN }, ({ path }) => ({
      errors: [{ text: `The worker bundle must not hold ${relative(root, path)}: see who imports it` }],
    }));
  },
};

const WASM = "./pkg/matrix_sdk_crypto_wasm_bg.wasm";

/** The SDK's logger, of which an app's console shows what went wrong only. */
const LOGGER = `
  const nothing = () => {};
  const { warn, error } = console;
  export const logger = { trace: nothing, debug: nothing, info: nothing, log: nothing, warn, error, getChild: () => logger };
  export class LogSpan {
    trace() {}
    debug() {}
    info() {}
    warn(...words) { warn(...words) }
    error(...words) { error(...words) }
  }`;

/** The crypto's WebAssembly lies beside the bundle, under a name of its own; look-alike letters are for display names. */
const withCrypto: Plugin = {
  name: "with crypto",
  setup(build) {
    build.onLoad({ filter: /crypto-wasm[\\/]index\.mjs$/ }, async ({ path }) => {
      const code = await readFile(path, "utf8");
      if (!code.includes(WASM)) throw new Error(`${path} loads no ${WASM} any more`);
      const outfile = build.initialOptions.outfile?.replace(/\.js$/, ".wasm") ?? "";
      await copyFile(`${dirname(path)}/${WASM}`, `${root}${outfile}`);
      return { contents: code.replace(WASM, `./${basename(outfile)}`) };
    });
    build.onLoad({ filter: /matrix-js-sdk[\\/]lib[\\/]logger\.js$/ }, () => ({ contents: LOGGER }));
    build.onLoad({ filter: /[\\/]unhomoglyph[\\/]/ }, () => ({ contents: "export default (text) => text;" }));
  },
};

/** Bundles `entry` into `outfile`, both relative to the root; resolves with the files that are in it. */
export async function bundleWorker(
  entry: string,
  outfile: string,
  options: Pick<BuildOptions, "plugins" | "sourcemap"> = {
    plugins: [withoutUnused, withoutCrypto],
    sourcemap: true,
  },
): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    // rxjs as classes, not as what ES5 makes of them.
    conditions: ["es2015"],
    minify: true,
    metafile: true,
    legalComments: "none",
    logLevel: "warning",
    ...options,
  });
  return Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
}

/** Writes a module whose `source` is the text of `script`, and neither has a map, both relative to the root. */
async function writeSource(script: string, outfile: string): Promise<void> {
  const code = await readFile(`${root}${script}`, "utf8");
  const source = JSON.stringify(code.replace(/^\/\/# sourceMappingURL=.*$/m, ""));
  await writeFile(`${root}${outfile}`, `export const source = ${source};\n`);
  await rm(`${root}${outfile}.map`, { force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // From the source, not from what tsc made of it: those are the files which the bundles replace.
  const bundled = await bundleWorker("src/worker/entry.ts", "dist/worker/entry.js");
  await writeSource("dist/worker/entry.js", "dist/worker/entry-source.js");
  const shared = await bundleWorker("src/worker/shared-entry.ts", "dist/worker/shared-entry.js");
  const encrypted = await bundleWorker("src/worker/encrypted-entry.ts", "dist/worker/encrypted-entry.js", {
    plugins: [withCrypto],
    sourcemap: false, // it would be six times the bundle, and nearly all of the SDK
  });
  const notices = await noticesOf(root, packagesOf([...bundled, ...shared, ...encrypted]));
  await writeFile(`${root}dist/worker/THIRD-PARTY-NOTICES.txt`, notices);
}
