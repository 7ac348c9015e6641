import { type CastOptions, createCast } from "../cast.ts";
import { timeConnect, timeHop } from "../floor.ts";
import type { Measure } from "../measure.ts";
import { row } from "../row.ts";

const GROUP = "the floor: the least that anybody could need on this machine";

/** One event's way from one account to another: nothing that waits for the other user can be faster. */
export const hop: Measure = {
  name: "floor.hop",
  what: "an event's way from one account to another's long poll",
  run: async ({ n, world, say }) => {
    const cast = createCast(await world({ turn: false }), { relay: false });
    try {
      const pair = await cast.floor();
      await timeHop(pair);
      const samples: number[] = [];
      while (samples.length < n) {
        samples.push(await timeHop(pair));
        say(`${samples.length} of ${n}`);
      }
      return [row("floor.hop", "ms", { floor: samples }, { what: "send → sync, one event", group: GROUP })];
    } finally {
      await cast.close();
    }
  },
};

/** What connecting takes when there is nothing left to say. */
export const connect = (path: "direct" | "relay"): Measure => ({
  name: `floor.connect.${path}`,
  what: `ICE and DTLS between two pages, ${path}, everything gathered`,
  run: async ({ n, world, say }) => {
    const options: CastOptions = { relay: path === "relay" };
    const cast = createCast(await world({ turn: options.relay }), options);
    try {
      const pair = await cast.floor();
      await timeConnect(pair, { ...options, video: true });
      const samples: number[] = [];
      while (samples.length < n) {
        samples.push(await timeConnect(pair, { ...options, video: true }));
        say(`${samples.length} of ${n}`);
      }
      return [
        row(
          `floor.connect.${path}`,
          "ms",
          { floor: samples },
          { what: `ICE and DTLS, ${path}`, group: GROUP },
        ),
      ];
    } finally {
      await cast.close();
    }
  },
});
