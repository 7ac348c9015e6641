import { percentile } from "../../src/bench/statistics.ts";
import type { Findings, Plan } from "../engine/child.ts";
import type { Measure } from "../measure.ts";
import { bundleForNode, runOnNode } from "../node/child.ts";
import { type Row, row } from "../row.ts";

const CALLS = [1, 100, 10_000];
const RATE = 20_000;
/** Rounds in one process at most; more samples than these come from more processes, in turns. */
const ROUNDS = 5;

type Turn = ReadonlyMap<number, Findings>;

/** How the engine bears load, on Node, each number of calls in a process of its own. No rival has one by itself. */
export const engine: Measure = {
  name: "engine",
  what: "events routed by the engine, with few and with many calls",
  async run({ n, say }) {
    const script = await bundleForNode("bench/engine/child.ts");
    const plan = { rounds: Math.min(n, ROUNDS), events: n < ROUNDS ? 2_000 : 10_000, rate: RATE };
    const turns: Turn[] = [];
    while (turns.length * plan.rounds < n) {
      const found = new Map<number, Findings>();
      for (const calls of CALLS) {
        say(`${calls} calls, process ${turns.length + 1} of ${Math.ceil(n / plan.rounds)}`);
        found.set(calls, await runOnNode<Findings>(script, { ...plan, calls } satisfies Plan));
      }
      turns.push(found);
    }
    return [...CALLS.flatMap((calls) => rowsOf(calls, turns)), growth(turns)];
  },
};

function rowsOf(calls: number, turns: readonly Turn[]): Row[] {
  const add = (
    name: string,
    unit: string,
    what: string,
    pick: (found: Findings) => readonly number[],
  ): Row => {
    const ours = turns.flatMap((turn) => turn.get(calls) ?? []).flatMap(pick);
    const better = unit === "events/s" ? "more" : "less";
    const label = { what: `with ${calls} live call${calls === 1 ? "" : "s"}`, group: what, better } as const;
    return row(`engine.${name}.${calls}`, unit, { ours }, label);
  };
  const inMicroseconds = (pick: (found: Findings) => readonly number[]) => (found: Findings) =>
    pick(found).map((ms) => ms * 1_000);
  const offered = `time from when an event was due until it was routed, ${RATE} offered a second`;
  return [
    add("throughput", "events/s", "events routed a second", (found) => found.throughput),
    add("processor", "events/s", "events routed a second of processor time", (found) => found.processor),
    add(
      "event.p50",
      "µs",
      "median time an event",
      inMicroseconds((found) => found.p50),
    ),
    add(
      "event.p99",
      "µs",
      "99th percentile of the time an event",
      inMicroseconds((found) => found.p99),
    ),
    add(
      "offered.p50",
      "µs",
      `median ${offered}`,
      inMicroseconds((found) => found.offered50),
    ),
    add(
      "offered.p99",
      "µs",
      `99th percentile of the ${offered}`,
      inMicroseconds((found) => found.offered99),
    ),
    // What one call keeps drowns in the heap's own noise.
    ...(calls > 1 ? [add("memory", "kB", "heap that a call keeps", ({ memory }) => [memory / 1_000])] : []),
  ];
}

/** By the processor's time, and of one turn, in which both were measured one right after the other. */
function growth(turns: readonly Turn[]): Row {
  const cost = (turn: Turn, calls: number) => 1 / percentile(turn.get(calls)?.processor ?? [], 0.5);
  const ours = turns.map((turn) => cost(turn, 10_000) / cost(turn, 100));
  const what = "processor time an event with 10,000 live calls, as a multiple of that with 100";
  return row("engine.growth", "times", { ours }, { what });
}
