import { percentile } from "../../src/bench/statistics.ts";
import type { Closed, Findings, Plan } from "../engine/child.ts";
import type { Measure } from "../measure.ts";
import { bundleForNode, runOnNode } from "../node/child.ts";
import { type Row, row, type Samples } from "../row.ts";

const CALLS = [1, 100, 10_000];
const RATE = 20_000;
/** Rounds in one process: as many as a median's interval takes. More samples come from more processes, in turns. */
const ROUNDS = 6;

type Turn = ReadonlyMap<number, Findings>;

/**
 * How the engine bears load, on Node, each number of calls in a process of its own. No rival has one by itself; the floor
 * is to read the events from their text.
 */
export const engine: Measure = {
  name: "engine",
  what: "events routed by the engine, with few and with many calls",
  async run({ n, say }) {
    const script = await bundleForNode("bench/engine/child.ts");
    const plan = { rounds: ROUNDS, events: n < ROUNDS ? 2_000 : 10_000, rate: RATE };
    const turns: Turn[] = [];
    while (turns.length * ROUNDS < n) {
      const found = new Map<number, Findings>();
      for (const calls of CALLS) {
        say(`${calls} calls, process ${turns.length + 1} of ${Math.ceil(n / ROUNDS)}`);
        found.set(calls, await runOnNode<Findings>(script, { ...plan, calls } satisfies Plan));
      }
      turns.push(found);
    }
    return [...CALLS.flatMap((calls) => rowsOf(calls, turns)), growth(turns)];
  },
};

function rowsOf(calls: number, turns: readonly Turn[]): Row[] {
  const found = turns.flatMap((turn) => turn.get(calls) ?? []);
  const add = (name: string, unit: string, group: string, samples: Samples): Row => {
    const better = unit === "events/s" ? "more" : "less";
    const what = `with ${calls} live call${calls === 1 ? "" : "s"}`;
    return row(`engine.${name}.${calls}`, unit, samples, { what, group, better });
  };
  const closed = (name: keyof Closed, unit: string, group: string, factor = 1) => {
    const of = (side: "ours" | "floor") =>
      found.flatMap((each) => each[side][name].map((value) => value * factor));
    const label = unit === "µs" ? `event.${name}` : name;
    return add(label, unit, group, { ours: of("ours"), floor: of("floor") });
  };
  const offered = `time from when an event was due until it was routed, ${RATE} offered a second`;
  const latency = (name: "offered50" | "offered99") => ({
    ours: found.flatMap((each) => each[name].map((ms) => ms * 1_000)),
  });
  return [
    closed("throughput", "events/s", "events routed a second"),
    closed("processor", "events/s", "events routed a second of processor time"),
    closed("p50", "µs", "median time an event", 1_000),
    closed("p99", "µs", "99th percentile of the time an event", 1_000),
    add("offered.p50", "µs", `median ${offered}`, latency("offered50")),
    add("offered.p99", "µs", `99th percentile of the ${offered}`, latency("offered99")),
    // What a few calls keep drowns in the heap's own noise.
    ...(calls > 100
      ? [add("memory", "kB", "heap that a call keeps", { ours: found.map(({ memory }) => memory / 1_000) })]
      : []),
  ];
}

/** By the processor's time, and of one turn, in which both were measured one right after the other. */
function growth(turns: readonly Turn[]): Row {
  const cost = (turn: Turn, calls: number) => 1 / percentile(turn.get(calls)?.ours.processor ?? [], 0.5);
  const ours = turns.map((turn) => cost(turn, 10_000) / cost(turn, 100));
  const what = "processor time an event with 10,000 live calls, as a multiple of that with 100";
  return row("engine.growth", "times", { ours }, { what });
}
