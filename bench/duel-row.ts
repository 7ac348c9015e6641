import type { TimedCall } from "../src/bench/call.ts";
import { percentile } from "../src/bench/statistics.ts";
import type { Duel } from "./alternate.ts";
import { type Row, type RowOptions, row } from "./row.ts";
import { marksOf } from "./waterfall.ts";

/** A row of what `read` finds in each call, with the marks of the median call of each side. */
export function duelRow(
  name: string,
  unit: string,
  { ours, warm, rival, floor }: Duel,
  read: (call: TimedCall) => number,
  options: RowOptions & { readonly marks?: boolean },
): Row {
  const samples = {
    ...{ ours: ours.map(read), warm: warm.map(read), rival: rival.map(read) },
    ...(floor.length > 0 && { floor }),
  };
  const { marks = true, ...rest } = options;
  const waterfall = {
    ours: marksOf(median(ours, read)),
    warm: marksOf(median(warm, read)),
    rival: marksOf(median(rival, read)),
  };
  return row(name, unit, samples, { ...rest, ...(marks && { waterfall }) });
}

/** The call that has the median of what `read` finds. */
function median(calls: readonly TimedCall[], read: (call: TimedCall) => number): TimedCall {
  const middle = percentile(calls.map(read), 0.5);
  const found = calls.find((call) => read(call) === middle);
  if (!found) throw new Error("there are no calls");
  return found;
}
