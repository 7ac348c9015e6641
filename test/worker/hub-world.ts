import { setImmediate } from "node:timers/promises";
import { Subject } from "rxjs";
import type {
  CallRef,
  Memory,
  MemoryChange,
  Signal,
  SignalingHalf,
  SignalingStatus,
} from "../../src/streams/contract.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { createHub, type Hub } from "../../src/worker/hub.ts";
import { StandIn } from "./stand-in.ts";

export interface Seen {
  readonly signals: Signal[];
  readonly statuses: SignalingStatus[];
  /** How `signals$` ended. */
  end: "complete" | unknown;
}

/** Hears all that a half says. */
export function watch(half: SignalingHalf): Seen {
  const seen: Seen = { signals: [], statuses: [], end: undefined };
  half.status$.subscribe((status) => seen.statuses.push(status));
  half.iceServers$.subscribe({ error: () => {} });
  half.signals$.subscribe({
    next: (signal) => seen.signals.push(signal),
    error: (error) => {
      seen.end = error;
    },
    complete: () => {
      seen.end = "complete";
    },
  });
  return seen;
}

/** Every promise that can settle has settled. */
export const settled = () => setImmediate();

/** An engine that remembers what it is told to. */
export function rememberingEngine() {
  const memory$ = new Subject<MemoryChange>();
  return Object.assign(new StandIn(), { memory$ });
}

/** Tabs that are gone when the test says so. */
export function tabLocks() {
  const gone = new Map<string, Subject<void>>();
  const lock = (tab: string): Subject<void> => {
    const subject = gone.get(tab) ?? new Subject<void>();
    gone.set(tab, subject);
    return subject;
  };
  return {
    gone: lock,
    crash: (tab: string) => lock(tab).next(),
    watched: () => [...gone].filter(([, { observed }]) => observed).map(([tab]) => tab),
  };
}

let hubs = 0;

export function hubWorld(memory?: Memory) {
  const engine = rememberingEngine();
  const clock = virtualClock();
  const locks = tabLocks();
  const handed: (Memory | undefined)[] = [];
  const known: (readonly CallRef[])[] = [];
  const hub: Hub = createHub({
    id: `hub ${++hubs}`,
    createEngine: (memory, calls) => {
      handed.push(memory);
      known.push(calls);
      return engine;
    },
    gone: locks.gone,
    clock,
    ...(memory && { memory }),
  });
  return { engine, clock, hub, handed, known, ...locks };
}
