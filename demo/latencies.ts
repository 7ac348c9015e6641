import type { MilestoneName } from "trunkline";
import type { Told } from "./ladder.ts";

/** How fast a call was. */
export interface Latency {
  readonly name: string;
  /** From what to what, in words. */
  readonly span: string;
  /** Absent until it has happened on every side that it takes. */
  readonly ms?: number;
}

/** The headline numbers of one call. */
export function latencies(told: readonly Told[]): readonly Latency[] {
  const times = (name: MilestoneName) =>
    told.flatMap(({ entry }) => (entry.kind === "milestone" && entry.name === name ? [entry.at] : []));
  const both = (name: MilestoneName) => (times(name).length > 1 ? Math.max(...times(name)) : undefined);
  const [placed] = times("place");
  const [rang] = times("ringing");
  const [accepted] = times("accept");
  return [
    latency("Ring", "place → ringing", placed, rang),
    latency("Pick-up", "accept → connected", accepted, both("connected")),
    latency("First media", "accept → first media", accepted, both("first_media")),
  ];
}

function latency(name: string, span: string, from: number | undefined, to: number | undefined): Latency {
  return { name, span, ...(from !== undefined && to !== undefined && { ms: to - from }) };
}
