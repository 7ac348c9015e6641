/** How many events the engine routes in a second, and whether it matters how many calls it has. */
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { of, Subject } from "rxjs";
import { createEngine } from "../src/signaling/engine.ts";
import type { EventBatch, RoomEvent, Signal, SignalingHalf, Transport } from "../src/streams/contract.ts";
import { ANSWER, BenchRoom, MIX, US } from "./engine-events.ts";

export interface EngineFigures {
  readonly eventsPerSecond: number;
  /** Of one event that comes alone, in microseconds. */
  readonly p50: number;
  readonly p99: number;
  /** What a live call takes of the heap. */
  readonly bytesPerCall: number;
}

const BATCH = 200;
/** The engine lets no more calls than about this many ring at once. */
const RINGING = 50;

/**
 * Has `calls` calls answered in as many rooms, and then routes `events` events of them: first in batches of 200, as
 * after a pause, then each in a batch of its own. Only the engine's work is timed, with what it makes of the answers
 * to its own requests; not the making of the events.
 */
export async function benchEngine(calls: number, events = 100_000): Promise<EngineFigures> {
  const batches = new Subject<EventBatch>();
  const rooms = Array.from({ length: calls }, (_, index) => new BenchRoom(index));
  const byId = new Map(rooms.map((room) => [room.roomId, room]));
  const before = await heapUsed();
  const engine = createEngine({
    transport: transportOf(batches, (roomId, content) => byId.get(roomId)?.hear(content)),
  });
  engine.signals$.subscribe((signal) => accept(engine, signal));
  await turn();

  const read = (news: readonly RoomEvent[]) =>
    batches.next({ live: true, receivedAt: performance.timeOrigin + performance.now(), events: news });
  for (const part of parts(rooms)) {
    read(part.map((room) => room.invite()));
    await turn();
  }
  const bytesPerCall = ((await heapUsed()) - before) / calls;

  const routed = async (news: readonly RoomEvent[]) => {
    const from = performance.now();
    read(news);
    await turn();
    return performance.now() - from;
  };
  const coming = eventsOf(rooms);
  const take = (count: number) => Array.from({ length: count }, () => coming.next().value);
  for (let count = 0; count < events / 4; count += BATCH) await routed(take(BATCH)); // until the code is compiled

  let ms = 0;
  for (let count = 0; count < events; count += BATCH) ms += await routed(take(BATCH));

  const each: number[] = [];
  while (each.length < events / 5) {
    const event = take(1);
    const from = performance.now();
    read(event);
    each.push(1_000 * (performance.now() - from));
    if (each.length % BATCH === 0) await turn();
  }
  await engine.close();
  each.sort((a, b) => a - b);
  const at = (part: number) => each[Math.floor(part * each.length)] ?? Number.NaN;
  return { eventsPerSecond: (1_000 * events) / ms, p50: at(0.5), p99: at(0.99), bytesPerCall };
}

/** A homeserver that takes everything at once. */
function transportOf(
  batches$: Transport["batches$"],
  onSend: (roomId: string, content: object) => void,
): Transport {
  return {
    batches$,
    connected$: of(true),
    identity: async () => US,
    async send(roomId, _type, content) {
      onSend(roomId, content);
      return "$event";
    },
    delayed: async () => ({ schedule: async () => "delay", restart: async () => {}, cancel: async () => {} }),
    turnServers: () => new Promise(() => {}),
  };
}

/** Answers what rings, as a user would who answers everything. */
function accept(engine: SignalingHalf, signal: Signal): void {
  if (signal.type !== "incoming") return;
  const { roomId, callId } = signal;
  // A call that is hung up in the meantime is no longer there to be answered.
  engine.dispatch({ roomId, callId, type: "answer", ...ANSWER }).catch(() => {});
}

/** Without end, of a room and a sort by lot; the same in each run. */
function* eventsOf(rooms: readonly BenchRoom[]): Generator<RoomEvent, never> {
  let seed = 1;
  const pick = <T>(from: readonly T[]): T => {
    seed = (seed * 48_271) % 2_147_483_647;
    return from[seed % from.length] as T;
  };
  for (;;) yield* pick(rooms).next(pick(MIX));
}

function* parts<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += RINGING) yield all.slice(at, at + RINGING);
}

async function heapUsed(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  await turn();
  collect();
  return process.memoryUsage().heapUsed;
}
