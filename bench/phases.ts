import type { MarkName } from "../src/bench/timeline.ts";
import type { Mark } from "./waterfall.ts";

/** A part of a call that can be named: who spends the time, from when to when, in ms since the call was placed. */
export interface Phase {
  readonly name: string;
  readonly by: Mark["by"] | "homeserver" | "both";
  readonly from: number;
  readonly to: number;
}

type Point = `${Mark["by"]}: ${MarkName}`;

interface Plan {
  readonly name: string;
  readonly by: Phase["by"];
  /** Where it begins: the last of these that comes before its end. */
  readonly from: readonly Point[];
  /** Where it ends: the last of these. */
  readonly to: readonly Point[];
}

const PLAN: readonly Plan[] = [
  { name: "devices open", by: "caller", from: ["caller: place"], to: ["caller: devices open"] },
  { name: "offer made", by: "caller", from: ["caller: place"], to: ["caller: description made"] },
  {
    name: "offer waits for candidates",
    by: "caller",
    from: ["caller: description made"],
    to: ["caller: invite sent"],
  },
  {
    name: "invite reaches the homeserver",
    by: "homeserver",
    from: ["caller: invite sent"],
    to: ["caller: invite acknowledged"],
  },
  {
    name: "invite reaches the callee",
    by: "homeserver",
    from: ["caller: invite sent"],
    to: ["callee: ringing"],
  },
  { name: "it rings", by: "callee", from: ["callee: ringing"], to: ["callee: accept"] },
  {
    name: "devices open",
    by: "callee",
    from: ["callee: ringing", "callee: accept"],
    to: ["callee: devices open"],
  },
  {
    name: "answer made",
    by: "callee",
    from: ["callee: ringing", "callee: accept"],
    to: ["callee: description made"],
  },
  {
    name: "answer waits to be sent",
    by: "callee",
    from: ["callee: description made", "callee: accept"],
    to: ["callee: answer sent"],
  },
  {
    name: "answer reaches the homeserver",
    by: "homeserver",
    from: ["callee: answer sent"],
    to: ["callee: answer acknowledged"],
  },
  {
    name: "answer reaches the caller",
    by: "homeserver",
    from: ["callee: answer sent"],
    to: ["caller: answer received"],
  },
  {
    name: "a path is found (ICE)",
    by: "both",
    from: ["caller: answer received"],
    to: ["caller: ICE connected", "callee: ICE connected"],
  },
  {
    name: "keys are agreed (DTLS)",
    by: "both",
    from: ["caller: ICE connected", "callee: ICE connected"],
    to: ["caller: connected", "callee: connected"],
  },
  {
    name: "first audio comes",
    by: "both",
    from: ["caller: connected", "callee: connected"],
    to: ["caller: first audio", "callee: first audio"],
  },
  {
    name: "first frame shows",
    by: "both",
    from: ["caller: connected", "callee: connected"],
    to: ["caller: first frame", "callee: first frame"],
  },
];

/** A call's marks as phases, in the order of a call; those whose marks are missing are left out. */
export function phases(marks: readonly Mark[]): Phase[] {
  const times = new Map(marks.map(({ by, name, at }) => [`${by}: ${name}`, at]));
  return PLAN.flatMap(({ name, by, from, to }) => {
    const ends = to.map((point) => times.get(point));
    if (ends.some((end) => end === undefined)) return [];
    const end = Math.max(...ends.filter((each) => each !== undefined));
    const starts = from.flatMap((point) => times.get(point) ?? []).filter((start) => start <= end);
    return starts.length === 0 ? [] : [{ name, by, from: Math.max(...starts), to: end }];
  });
}
