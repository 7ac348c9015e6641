import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bundleSize, gzipped } from "../../scripts/lib/bundle-size.ts";
import type { Measure } from "../measure.ts";
import { type Row, row, type Samples } from "../row.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PAGE = ["dist/index.js", "dist/media/browser.js"];
const SPAWN = "dist/worker/spawn.js";
const WORKER = "dist/worker/entry.js";
const WASM = "node_modules/@matrix-org/matrix-sdk-crypto-wasm/pkg/matrix_sdk_crypto_wasm_bg.wasm";

/** What an app needs of matrix-js-sdk to place and take calls. */
const RIVAL = 'export { createClient, createNewMatrixCall } from "matrix-js-sdk";';

const all = (...modules: readonly string[]) =>
  modules.map((module) => `export * from "./${module}";`).join("\n");

/** What each side has an app's users load, minified and gzipped. The same on every run: one sample says it all. */
export const size: Measure = {
  name: "size",
  what: "what an app's users load, minified and gzipped",
  async run({ say }) {
    if (!existsSync(`${ROOT}${WORKER}`)) throw new Error("Trunkline is not built: run `npm run build` first");
    say("bundling ours");
    const link = await bundleSize(ROOT, all(...PAGE, "dist/comlink/handlers.js"), ["rxjs"]);
    const page = await bundleSize(ROOT, all(...PAGE, SPAWN), ["rxjs"]);
    const withRxjs = await bundleSize(ROOT, all(...PAGE, SPAWN));
    const worker = gzipped(await readFile(`${ROOT}${WORKER}`));
    say("bundling matrix-js-sdk");
    const rival = await bundleSize(ROOT, RIVAL);
    const wasm = gzipped(await readFile(`${ROOT}${WASM}`));
    return [
      kilobytes("size.link", "phone, media and link on the main thread, without rxjs", { ours: link.loaded }),
      kilobytes("size.page", "all on the main thread, worker's watch included; without rxjs", {
        ours: page.loaded,
      }),
      kilobytes("size.page.rxjs", "all on the main thread, rxjs included", {
        ours: withRxjs.loaded,
        rival: rival.loaded,
      }),
      kilobytes("size.worker", "the worker, with everything in it", { ours: worker }),
      kilobytes("size.total", "all of it, worker and rxjs included; the rival without encryption", {
        ours: withRxjs.loaded + worker,
        rival: rival.loaded,
      }),
      kilobytes("size.later", "code that is loaded only when it is needed", {
        ours: page.later,
        rival: rival.later,
      }),
      kilobytes("size.wasm", "WebAssembly, loaded where a client encrypts; Trunkline has none", {
        rival: wasm,
      }),
    ];
  },
};

function kilobytes(
  name: string,
  what: string,
  bytes: { readonly [S in keyof Samples]: number | undefined },
): Row {
  const samples = Object.fromEntries(
    Object.entries(bytes).map(([side, size]) => [side, [(size ?? Number.NaN) / 1_000]]),
  );
  return row(name, "kB", samples, { what });
}
