import { launchUnwatched } from "../browser/chromium.ts";
import { bundleFiles } from "../browser/files.ts";
import { ringRows } from "../mainthread/ring-rows.ts";
import { RING_PAGES, rings } from "../mainthread/rings.ts";
import { START_PAGES, type StartUp, type StartUps, startUps } from "../mainthread/start-up.ts";
import type { Measure } from "../measure.ts";
import { type Row, row } from "../row.ts";

const FEW_ROOMS = [100];
const ALL_ROOMS = [...FEW_ROOMS, 500, 2_000, 10_000];
/** A start-up of the rival in 10,000 rooms takes many seconds: there are fewer of these than of anything else. */
const START_UPS_OF = 4;

const WORKERS = {
  probe: "bench/mainthread/probe-worker.ts",
  fetcher: "bench/mainthread/fetcher-worker.ts",
  friend: "bench/mainthread/friend-worker.ts",
  listener: "bench/mainthread/listener-worker.ts",
};

/** What phones do to the main thread of an app, in Chromium, with the embedded homeserver. */
export const mainthread: Measure = {
  name: "mainthread",
  what: "what a phone does to the main thread, and a busy main thread to a phone",
  async run({ n, say }) {
    const files = await bundleFiles({ ...START_PAGES, ...RING_PAGES }, WORKERS);
    const browser = await launchUnwatched();
    try {
      const rows: Row[] = [];
      for (const rooms of n === 1 ? FEW_ROOMS : ALL_ROOMS) {
        const turns = Math.ceil(n / START_UPS_OF);
        rows.push(...startRows(rooms, await startUps(browser, files, { rooms, turns, say })));
      }
      return [...rows, ...ringRows(await rings(browser, files, { turns: n, say }))];
    } finally {
      await browser.close();
    }
  },
};

function startRows(rooms: number, { ours, rival, floor }: StartUps): Row[] {
  const add = (name: keyof StartUp, what: string): Row => {
    const pick = (all: readonly StartUp[]) => all.map((each) => each[name]);
    const samples = { ours: pick(ours), rival: pick(rival), floor: pick(floor) };
    const label = { what: `in ${rooms} rooms`, group: what };
    return row(`mainthread.${name}.${rooms}`, "ms", samples, label);
  };
  return [
    add("blocked", "time at start-up in which the main thread did not answer for a frame or more"),
    add("longest", "the longest time at start-up in which the main thread did not answer"),
    add("busy", "processor time of the main thread at start-up"),
    add("ready", "time from start to ready for calls"),
  ];
}
