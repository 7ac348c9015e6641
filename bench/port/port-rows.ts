import { percentile } from "../../src/bench/statistics.ts";
import { type Row, row } from "../row.ts";
import type { Load, PortFindings, PortTimes } from "./measure-port.ts";

const WHAT: { readonly [K in keyof PortTimes]: string } = {
  roundTrip: "a command of 3 kB to the worker and its answer",
  signal: "a signal of 3 kB from the worker to the page",
};
const LOADS: { readonly [L in Load]: string } = {
  unloaded: "with a free main thread",
  loaded: "with a main thread that is 90% busy",
};

/** What the rounds in one runtime come to. */
export function portRows(runtime: string, rounds: readonly PortFindings[]): Row[] {
  return (["roundTrip", "signal"] as const).flatMap((kind) =>
    (["unloaded", "loaded"] as const).flatMap((load) => {
      const of = (side: keyof PortFindings) => rounds.flatMap((round) => round[side][load][kind]);
      const [ours, floor] = [of("ours"), of("floor")];
      const name = `port.${runtime}.${kind}.${load}`;
      const what = `${runtime}, ${LOADS[load]}`;
      const last = (samples: readonly number[]) => [percentile(samples, 0.99)];
      return [
        row(name, "ms", { ours, floor }, { what, group: WHAT[kind] }),
        row(
          `${name}.p99`,
          "ms",
          { ours: last(ours), floor: last(floor) },
          { what, group: `99th percentile: ${WHAT[kind]}` },
        ),
      ];
    }),
  );
}
