import { setImmediate } from "node:timers/promises";
import { filter, firstValueFrom, type Observable, toArray } from "rxjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import type {
  Command,
  MemoryChange,
  Signal,
  SignalingHalf,
  SignalingStatus,
} from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { remoteSignaling } from "../../src/worker/remote.ts";
import { CALL, code, handClock, type InlineWorker, inlineWorker } from "./stand-in.ts";

const START = { homeserver: "https://example.org", accessToken: "secret" };
const PLACE: Command = { ...CALL, type: "place" };
const INVITED: Signal = { ...CALL, type: "invited" };
const IDENTITY = { userId: "@alice:example.org", deviceId: "A" };
const REMEMBERED: MemoryChange = { ...CALL, type: "call", state: { phase: "connected" } };
/** The first delay at its longest. */
const SOON = 250;

const open: { half: SignalingHalf; clock: ReturnType<typeof handClock> }[] = [];
afterEach(async () => {
  for (const { half, clock } of open.splice(0)) {
    const closing = half.close();
    await setImmediate();
    clock.advance(3_000);
    await closing;
  }
});

const lastOf = <T>(values: readonly T[]): T => values.at(-1) as T;

/** A half whose workers are made by `make`, one after the other. */
function spawned(make: (count: number) => InlineWorker = () => inlineWorker()) {
  const clock = handClock();
  const workers: InlineWorker[] = [];
  const factory = vi.fn(() => {
    const worker = make(workers.length);
    workers.push(worker);
    return worker;
  });
  const half = remoteSignaling(factory, START, clock);
  const statuses: SignalingStatus[] = [];
  half.status$.subscribe((status) => statuses.push(status));
  const there = { half, clock, workers, factory, statuses };
  open.push(there);
  return there;
}

/** One that is online and heard by somebody. */
async function running(make?: (count: number) => InlineWorker) {
  const there = spawned(make);
  const signals: Signal[] = [];
  there.half.signals$.subscribe({ next: (signal) => signals.push(signal), error: () => undefined });
  await there.half.dispatch(PLACE);
  await online(there);
  return { ...there, signals };
}

type Spawned = Pick<Awaited<ReturnType<typeof running>>, "half" | "workers">;

async function online({ half, workers }: Spawned) {
  const { status } = lastOf(workers).half;
  status.next({ state: "online", identity: IDENTITY });
  await firstValueFrom(half.status$.pipe(filter(({ state }) => state === "online")));
}

/** Has the engine remember, and waits until this side has heard: what is said after it on the same port has come. */
async function remembered({ half, workers }: Spawned, ...changes: MemoryChange[]) {
  const { memory$, signals } = lastOf(workers).half;
  const heard = firstValueFrom(half.signals$);
  for (const change of changes) memory$.next(change);
  signals.next(INVITED);
  await heard;
}

const dead = (): InlineWorker => {
  const worker = inlineWorker();
  worker.mute();
  return worker;
};
const ended = (stream: Observable<unknown>) => code(firstValueFrom(stream.pipe(toArray())));
const reached = (half: SignalingHalf, state: SignalingStatus["state"]) =>
  firstValueFrom(half.status$.pipe(filter((status) => status.state === state)));

describe("a worker that dies and can be made anew", () => {
  it("has told the signals before what goes with them is remembered", async () => {
    const worker = inlineWorker();
    const order: string[] = [];
    const clock = handClock();
    const onPosition = (position: string) => order.push(position);
    const half = remoteSignaling(() => worker, START, clock, { exposed: {}, onPosition });
    open.push({ half, clock });
    half.signals$.subscribe(({ type }) => order.push(type));
    await half.dispatch(PLACE);
    worker.half.signals.next(INVITED);
    worker.half.memory$.next({ type: "position", position: "s1" });
    await vi.waitUntil(() => order.length > 1);
    expect(order).toEqual(["invited", "s1"]);
  });

  it("rejects what is pending with worker_lost, and what comes until there is another", async () => {
    const { half, workers, statuses } = await running();
    lastOf(workers).half.onDispatch = () => new Promise(() => undefined);
    const pending = code(half.dispatch(PLACE));
    lastOf(workers).fail({ message: "out of memory" });
    expect(await pending).toBe("worker_lost");
    expect(await code(half.dispatch(PLACE))).toBe("worker_lost");
    expect(lastOf(statuses)).toEqual({
      state: "reconnecting",
      identity: IDENTITY,
      error: expect.objectContaining({ code: "worker_lost" }),
    });
    expect(lastOf(workers).terminated()).toBe(1);
  });

  it("is made anew soon, and takes commands as soon as it has started", async () => {
    const { half, clock, workers, factory } = await running();
    lastOf(workers).fail({});
    expect(factory).toHaveBeenCalledOnce();
    clock.advance(SOON);
    expect(factory).toHaveBeenCalledTimes(2);
    await half.dispatch(PLACE);
    expect(workers.map(({ half }) => half.dispatched)).toEqual([[PLACE], [PLACE]]);
    expect(workers.map(({ started }) => started)).toEqual([[START], [START]]);
  });

  it("says reconnecting until the new one is online, and never starting again", async () => {
    const there = await running();
    lastOf(there.workers).fail({});
    there.clock.advance(SOON);
    await there.half.dispatch(PLACE);
    lastOf(there.workers).half.status.next({ state: "starting", identity: IDENTITY });
    await online(there);
    expect(there.statuses.map(({ state }) => state)).toEqual([
      "starting",
      "online",
      "reconnecting",
      "online",
    ]);
  });

  it("goes on with its streams: neither errors nor completes", async () => {
    const { half, clock, workers, signals } = await running((count) =>
      inlineWorker((half) => {
        // As soon as it is made: nothing may be missed.
        queueMicrotask(() => half.signals.next({ ...CALL, callId: `of ${count}`, type: "invited" }));
        half.iceServers.next([{ urls: [`turn:${count}.example.org`] }]);
        return half;
      }),
    );
    const servers: unknown[] = [];
    half.iceServers$.subscribe({ next: ([server]) => servers.push(server?.urls[0]) });
    await half.dispatch(PLACE);
    lastOf(workers).fail({});
    clock.advance(SOON);
    await half.dispatch(PLACE);
    expect(signals.map(({ callId }) => callId)).toEqual(["of 0", "of 1"]);
    expect(servers).toEqual(["turn:0.example.org", "turn:1.example.org"]);
  });

  it("gives the new engine what the old one remembered, and that of both to a third", async () => {
    const there = await running();
    const { half, clock, workers } = there;
    const other: MemoryChange = { ...REMEMBERED, callId: "other" };
    await remembered(there, { type: "position", position: "s1" }, other, REMEMBERED);
    await remembered(there, { ...CALL, callId: "other", type: "call" }, { type: "position", position: "s2" });
    lastOf(workers).fail({});
    clock.advance(SOON);
    await half.dispatch(PLACE);
    await remembered(there, { type: "position", position: "s3" });
    lastOf(workers).fail({});
    clock.advance(2 * SOON);
    await half.dispatch(PLACE);
    const calls = [{ ...CALL, state: { phase: "connected" } }];
    expect(workers.map(({ given }) => given.map(({ memory }) => ({ memory })))).toEqual([
      [{}],
      [{ memory: { position: "s2", calls } }],
      [{ memory: { position: "s3", calls } }],
    ]);
  });

  it("waits longer each time that it dies soon, and not once it was well for a minute", async () => {
    const { half, clock, workers, factory } = await running();
    /** Whether the next one came at the first delay. */
    const lose = async () => {
      lastOf(workers).fail({});
      const count = factory.mock.calls.length;
      clock.advance(SOON);
      const soon = factory.mock.calls.length > count;
      while (factory.mock.calls.length === count) clock.advance(SOON);
      await half.dispatch(PLACE);
      return soon;
    };
    expect([await lose(), await lose(), await lose(), await lose()]).toEqual([true, false, false, false]);
    const { half: engine } = lastOf(workers);
    for (let second = 0; second <= 60; second++) {
      clock.advance(1_000);
      // Its answer to being asked whether it lives.
      for (let turn = 0; turn < 6; turn++) await setImmediate();
    }
    expect(engine.closed).toBe(0);
    expect(await lose()).toBe(true);
  });

  it("is tried without end where its script has gone meanwhile", async () => {
    let gone = false;
    const { half, clock, workers, factory, statuses } = await running(() => (gone ? dead() : inlineWorker()));
    gone = true;
    lastOf(workers).fail({});
    for (let attempt = 0; attempt < 20; attempt++) {
      clock.advance(30_000);
      if (statuses.length < attempt + 4) lastOf(workers).fail({});
    }
    expect(factory.mock.calls.length).toBeGreaterThan(10);
    expect(lastOf(statuses)).toMatchObject({ state: "reconnecting", error: { code: "worker_failed" } });
    gone = false;
    lastOf(workers).fail({});
    const made = workers.length;
    // In small steps: a worker that is made within a longer one would not have had its time to answer.
    for (let s = 0; s < 30 && workers.length === made; s++) clock.advance(1_000);
    await half.dispatch(PLACE);
  });

  it("is not made anew when the engine had stopped for good", async () => {
    const { half, workers, factory, clock } = await running();
    const error = { code: "unknown_token", message: "Log in again" } as const;
    const all = [ended(half.signals$), ended(half.iceServers$)];
    const there = lastOf(workers).half;
    there.status.next({ state: "stopped", error });
    there.status.complete();
    there.signals.error(new TrunklineError(error.code, error.message));
    there.iceServers.error(new TrunklineError(error.code, error.message));
    expect(await Promise.all(all)).toEqual(["unknown_token", "unknown_token"]);
    lastOf(workers).fail({});
    clock.advance(60_000);
    expect(factory).toHaveBeenCalledOnce();
    expect(await code(half.dispatch(PLACE))).toBe("worker_lost");
  });
});

describe("a worker that never starts", () => {
  it("shows in status$ at once, and ends everything with worker_failed after 5 attempts", async () => {
    const { half, clock, workers, factory, statuses } = spawned(dead);
    const all = [ended(half.signals$), ended(half.iceServers$)];
    const pending = code(half.dispatch(PLACE));
    const preventDefault = vi.fn();
    lastOf(workers).fail({ preventDefault });
    expect(lastOf(statuses)).toMatchObject({ state: "reconnecting", error: { code: "worker_failed" } });
    expect(preventDefault).toHaveBeenCalledOnce();
    expect(await pending).toBe("worker_failed");
    for (const delay of [250, 500, 1_000, 2_000]) {
      expect(lastOf(statuses).state).toBe("reconnecting");
      clock.advance(delay);
      lastOf(workers).fail({});
    }
    expect(await Promise.all(all)).toEqual(["worker_failed", "worker_failed"]);
    expect(lastOf(statuses)).toMatchObject({ state: "stopped", error: { code: "worker_failed" } });
    clock.advance(60_000);
    expect(factory).toHaveBeenCalledTimes(5);
    expect(workers.map((worker) => worker.terminated())).toEqual([1, 1, 1, 1, 1]);
    expect(workers.map((worker) => worker.listeners())).toEqual([0, 0, 0, 0, 0]);
  });

  it("is told to import the entry where it says nothing for 15 s", async () => {
    const { clock, statuses } = spawned(dead);
    clock.advance(15_000);
    expect(lastOf(statuses).error).toMatchObject({
      code: "worker_failed",
      message: expect.stringContaining("trunkline/worker/entry"),
    });
  });

  it("may be one that cannot even be made", async () => {
    const { half, clock, factory } = spawned(() => {
      throw new DOMException("Not allowed here", "SecurityError");
    });
    const end = ended(half.signals$);
    await expect(half.dispatch(PLACE)).rejects.toThrow("Not allowed here");
    for (let attempt = 0; attempt < 4; attempt++) clock.advance(2_000);
    expect(await end).toBe("worker_failed");
    expect(factory).toHaveBeenCalledTimes(5);
  });

  it("is not made anew where the half cannot be made", async () => {
    const { half, clock, factory } = spawned(() =>
      inlineWorker(() => {
        throw new TrunklineError("invalid_option", "No such policy");
      }),
    );
    expect(await ended(half.signals$)).toBe("invalid_option");
    clock.advance(60_000);
    expect(factory).toHaveBeenCalledOnce();
  });
});

describe("close() while there is no worker", () => {
  it("is done at once, and makes no other", async () => {
    const { half, clock, workers, factory, statuses } = await running();
    const end = ended(half.signals$);
    lastOf(workers).fail({});
    await half.close();
    expect(await end).toBe("resolved");
    expect(lastOf(statuses)).toEqual({ state: "stopped", identity: IDENTITY });
    clock.advance(60_000);
    expect(factory).toHaveBeenCalledOnce();
    expect(await code(half.dispatch(PLACE))).toBe("closed");
  });

  it("makes another to hang up the calls that it remembers, when that is online", async () => {
    const there = await running();
    const { half, workers } = there;
    await remembered(there, REMEMBERED);
    lastOf(workers).fail({});
    const closing = half.close();
    await vi.waitUntil(() => workers[1]?.started.length === 1);
    expect(workers[1]?.half.closed).toBe(0);
    workers[1]?.half.status.next({ state: "online", identity: IDENTITY });
    await closing;
    expect(workers[1]?.half.closed).toBeGreaterThan(0);
    expect(workers[1]?.terminated()).toBe(1);
  });

  it("waits for that no longer than 3 s", async () => {
    const there = await running();
    const { half, workers, clock } = there;
    await remembered(there, REMEMBERED);
    lastOf(workers).fail({});
    const stopped = reached(half, "stopped");
    const closing = half.close();
    await vi.waitUntil(() => workers.length === 2);
    clock.advance(3_000);
    await closing;
    await stopped;
    expect(workers.length).toBe(2);
  });
});
