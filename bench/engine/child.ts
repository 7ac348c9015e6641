/**
 * Measures one engine in a process of its own, whose heap holds nothing else. Started by ../measures/engine.ts with
 * the plan as its argument and `--expose-gc`; prints what it found as JSON.
 */
import { percentile } from "../../src/bench/statistics.ts";
import { openLoop } from "./open-loop.ts";
import { eventsOf } from "./traffic.ts";
import { openWorld, type World } from "./world.ts";

export interface Plan {
  readonly calls: number;
  /** How many times to measure, and how many events each time. */
  readonly rounds: number;
  readonly events: number;
  /** How many events a second to offer. */
  readonly rate: number;
}

/** Each event following the one before; one list entry a round, times in ms. */
export interface Closed {
  /** Events a second: by the clock, and by the processor's time. */
  readonly throughput: readonly number[];
  readonly processor: readonly number[];
  readonly p50: readonly number[];
  readonly p99: readonly number[];
}

export interface Findings {
  readonly ours: Closed;
  /** The same events, only read from their text. */
  readonly floor: Closed;
  /** How long after it was due an event was routed, at a fixed rate. */
  readonly offered50: readonly number[];
  readonly offered99: readonly number[];
  /** What a call keeps of the heap, in bytes. */
  readonly memory: number;
}

/** Three times so many events until the compiler has made of the code what it will. */
const WARM_UP = 10_000;

declare const gc: () => void;

function heap(): number {
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}

/** So many events are made at a time, that they are as fresh when they are routed as what was just parsed. */
const FRESH = 500;

/** What was done one after the other, some at a time. */
class Tally {
  readonly #times: number[] = [];
  #elapsed = 0;
  #used = 0;

  /** The timer's own time is within: about 0.1 µs each. */
  add<T>(batch: readonly T[], work: (each: T) => void): void {
    const before = process.cpuUsage();
    const begin = performance.now();
    for (const each of batch) {
      const start = performance.now();
      work(each);
      this.#times.push(performance.now() - start);
    }
    this.#elapsed += performance.now() - begin;
    const { user, system } = process.cpuUsage(before);
    this.#used += user + system;
  }

  get figures() {
    const { length } = this.#times;
    return {
      throughput: (length * 1_000) / this.#elapsed,
      processor: (length * 1_000_000) / this.#used,
      p50: percentile(this.#times, 0.5),
      p99: percentile(this.#times, 0.99),
    };
  }
}

/** The floor is what nobody can do without: reading the event's text. By turns, so that what slows one slows both. */
function routeAll(world: World, { calls, events }: Plan, round: number) {
  const signalled = world.signals();
  const [ours, floor] = [new Tally(), new Tally()];
  for (let made = 0; made < events; made += FRESH) {
    const batch = eventsOf(calls, Math.min(FRESH, events - made), round * events + made + 1);
    const texts = batch.map((event) => JSON.stringify(event));
    floor.add(texts, (text) => JSON.parse(text));
    ours.add(batch, (event) => world.sync(event));
  }
  // Fewer signals than events would mean that the engine threw them away: a fast nothing.
  if (world.signals() - signalled < events) throw new Error("the engine did not route what it was given");
  return { ours: ours.figures, floor: floor.figures };
}

async function offer(world: World, { calls, events, rate }: Plan, round: number) {
  const batch = eventsOf(calls, events, round + 1);
  const latencies = await openLoop({
    rate,
    count: events,
    work: (index) => world.sync(batch[index] as (typeof batch)[number]),
    now: () => performance.now(),
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  });
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

async function measure(plan: Plan): Promise<Findings> {
  const first = await openWorld(1);
  await first.close();
  const before = heap();
  const world = await openWorld(plan.calls);
  const memory = (heap() - before) / plan.calls;
  for (let round = 0; round < 3; round++) routeAll(world, { ...plan, events: WARM_UP }, round);
  const closed: ReturnType<typeof routeAll>[] = [];
  const open: Awaited<ReturnType<typeof offer>>[] = [];
  for (let round = 0; round < plan.rounds; round++) {
    closed.push(routeAll(world, plan, round));
    open.push(await offer(world, plan, round));
  }
  await world.close();
  const byRound = (side: "ours" | "floor"): Closed => {
    const all = closed.map((round) => round[side]);
    return {
      throughput: all.map(({ throughput }) => throughput),
      processor: all.map(({ processor }) => processor),
      p50: all.map(({ p50 }) => p50),
      p99: all.map(({ p99 }) => p99),
    };
  };
  return {
    ours: byRound("ours"),
    floor: byRound("floor"),
    offered50: open.map(({ p50 }) => p50),
    offered99: open.map(({ p99 }) => p99),
    memory,
  };
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? ""))));
