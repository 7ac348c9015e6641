import type { Measurement, Summary } from "../../src/bench/index.ts";
import { launchUnwatched } from "../browser/chromium.ts";
import { bundleFiles } from "../browser/files.ts";
import { openSite, withPage } from "../browser/site.ts";
import type { Measure } from "../measure.ts";
import type { PartsRun } from "../pages/parts-page.ts";
import { type Row, row } from "../row.ts";
import { inTurn } from "../turns.ts";

const GROUP = "one page, rooms in memory, real media; floor: engines on the page's own thread";

const FIGURES = [
  ["hop", "ms", "send → the other's transport"],
  ["ring", "ms", "place → rings"],
  ["pickUp", "ms", "accept → both connected"],
  ["events", "events", "Matrix events a voice call"],
  ["roundTrip", "ms", "a command to the engine and back"],
] as const;

const RUNS = [
  ["ours", { worker: true, warm: false }],
  ["warm", { worker: true, warm: true }],
  ["floor", { worker: false, warm: false }],
] as const satisfies readonly (readonly [string, Omit<PartsRun, "n">])[];

type PartsSide = (typeof RUNS)[number][0];

/** Calls of one measurement, whose page is new; more samples than these come from more of them, in turns. */
const MAX_CALLS = 5;

/** What a worker costs a call, by `measure()` of `trunkline/bench`. */
export const parts: Measure = {
  name: "parts",
  what: "what measure() of trunkline/bench finds, engines in workers or not",
  async run({ n, say }) {
    const found: Record<PartsSide, Measurement[]> = { ours: [], warm: [], floor: [] };
    const calls = Math.min(n, MAX_CALLS);
    const turns = Math.ceil(n / calls);
    const files = await bundleFiles({ parts: "bench/pages/parts-page.ts" });
    const browser = await launchUnwatched();
    try {
      const site = await openSite(files);
      try {
        for (let turn = 0; turn < turns; turn++) {
          for (const [side, options] of inTurn(RUNS, turn)) {
            say(`turn ${turn + 1} of ${turns}, ${side}`);
            const run = { n: calls, ...options };
            const measured = await withPage(browser, `${site.url}/parts`, (page) =>
              page.evaluate((given) => measureParts(given), run),
            );
            found[side].push(measured);
          }
        }
      } finally {
        await site.close();
      }
    } finally {
      await browser.close();
    }
    return FIGURES.map(([figure, unit, what]): Row => {
      const samplesOf = (side: PartsSide) =>
        found[side].flatMap((measured) => (measured[figure] as Summary).samples);
      const samples = { ours: samplesOf("ours"), warm: samplesOf("warm"), floor: samplesOf("floor") };
      return row(`parts.${figure}`, unit, samples, { what, group: GROUP });
    });
  },
};
