import { setImmediate } from "node:timers/promises";
import { filter, firstValueFrom, type Observable, ReplaySubject, toArray } from "rxjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { realClock } from "../../src/streams/clock.ts";
import type { Command, Signal, SignalingHalf, SignalingStatus } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { readHello } from "../../src/streams/hello.ts";
import { named } from "../../src/streams/protocol.ts";
import type { WorkerEndpoint } from "../../src/worker/endpoint.ts";
import { remoteSignaling } from "../../src/worker/remote.ts";
import { CALL, code, handClock, type InlineWorker, inlineWorker } from "./stand-in.ts";

const START = { homeserver: "https://example.org", accessToken: "secret" };
const PLACE: Command = { ...CALL, type: "place" };
const open: SignalingHalf[] = [];
afterEach(() => Promise.all(open.splice(0).map((half) => half.close())));

function remote(worker: WorkerEndpoint | (() => WorkerEndpoint) = inlineWorker()) {
  const clock = handClock();
  const half = remoteSignaling(worker, START, clock);
  open.push(half);
  const statuses: SignalingStatus[] = [];
  half.status$.subscribe((status) => statuses.push(status));
  return { half, clock, statuses };
}

async function running(
  worker = inlineWorker(),
  given: WorkerEndpoint | (() => WorkerEndpoint) = () => worker,
) {
  const there = remote(given);
  await there.half.dispatch(PLACE);
  worker.half.dispatched.length = 0;
  return { ...there, worker };
}

/** How each stream and a pending dispatch of the half end. */
function ends(half: SignalingHalf) {
  const end = (stream: Observable<unknown>) => code(firstValueFrom(stream.pipe(toArray())));
  return Promise.all([end(half.signals$), end(half.iceServers$), code(half.dispatch(PLACE))]);
}

const lastOf = (statuses: SignalingStatus[]) => statuses.at(-1);

describe("remoteSignaling: what it carries", () => {
  it("starts the half there with what it was given, once", async () => {
    const { worker } = await running();
    expect(worker.started).toEqual([START]);
  });

  it("carries commands there, in order, those before the start too", async () => {
    const worker = inlineWorker();
    const { half } = remote(worker);
    const commands = Array.from({ length: 20 }, (_, i): Command => ({ ...PLACE, callId: `call${i}` }));
    await Promise.all(commands.map((command) => half.dispatch(command)));
    expect(worker.half.dispatched).toEqual(commands);
  });

  it("loses no signal that the half emits as soon as it is made", async () => {
    const signal: Signal = { ...CALL, type: "invited" };
    const worker = inlineWorker((half) => {
      queueMicrotask(() => half.signals.next(signal));
      return half;
    });
    const { half } = remote(worker);
    expect(await firstValueFrom(half.signals$)).toEqual(signal);
  });

  /** Emits a signal when it is dispatched to, and holds back what its streams send; whether that has resolved. */
  async function dispatchWithSignal() {
    const { half, worker } = await running();
    const seen: Signal[] = [];
    half.signals$.subscribe((signal) => seen.push(signal));
    const signal: Signal = { ...CALL, type: "invited" };
    worker.half.onDispatch = async () => worker.half.signals.next(signal);
    const release = worker.holdStreams();
    let resolved = false;
    const dispatching = half.dispatch(PLACE).then(() => {
      resolved = true;
      expect(seen).toEqual([signal]);
    });
    await vi.waitUntil(() => worker.half.dispatched.length === 1);
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    return { half, worker, release, dispatching, resolved: () => resolved };
  }

  it("resolves a dispatch after the signals that were emitted before, also where its answer overtakes them", async () => {
    const { release, dispatching, resolved } = await dispatchWithSignal();
    expect(resolved()).toBe(false);
    release();
    await dispatching;
  });

  it("rejects a dispatch whose signals do not come any more", async () => {
    const { worker, half, dispatching } = await dispatchWithSignal();
    half.signals$.subscribe({ error: () => {} });
    const ended = code(dispatching);
    worker.vanish();
    expect(await ended).toBe("worker_lost");
  });

  it("resolves a dispatch that has ended the signals", async () => {
    const { half, worker } = await running();
    half.signals$.subscribe();
    worker.half.onDispatch = async () => worker.half.signals.complete();
    await half.dispatch(PLACE);
  });

  it("loses no signal of a half that is read later, between the reading and the next dispatch", async () => {
    const { half, worker } = await running();
    worker.half.onDispatch = async () => worker.half.signals.next({ ...CALL, type: "invited" });
    const first = firstValueFrom(half.signals$);
    await half.dispatch(PLACE);
    expect(await first).toMatchObject({ type: "invited" });
  });

  it("rejects with the half's own error, its fields whole", async () => {
    const { half, worker } = await running();
    worker.half.onDispatch = async () => {
      throw new TrunklineError("rate_limited", "Slow down", { retryAfter: 5000, cause: new Error("429") });
    };
    await expect(half.dispatch(PLACE)).rejects.toMatchObject({
      code: "rate_limited",
      message: "Slow down",
      retryAfter: 5000,
      cause: "Error: 429",
    });
  });

  it("rejects a command that cannot be cloned with invalid_option, and works on", async () => {
    const { half, worker } = await running();
    const bad = { ...PLACE, invitee: () => "@bob:example.org" } as unknown as Command;
    expect(await code(half.dispatch(bad))).toBe("invalid_option");
    await half.dispatch(PLACE);
    expect(worker.half.dispatched).toEqual([PLACE]);
  });

  it("says each status once, the present one on subscription", async () => {
    const { half, worker, statuses } = await running();
    const identity = { userId: "@alice:example.org", deviceId: "A" };
    worker.half.status.next({ state: "online", identity });
    worker.half.status.next({ state: "reconnecting", identity });
    await firstValueFrom(half.status$.pipe(filter(({ state }) => state === "reconnecting")));
    expect(statuses.map(({ state }) => state)).toEqual(["starting", "online", "reconnecting"]);
    expect(await firstValueFrom(half.status$)).toEqual({ state: "reconnecting", identity });
  });

  it("replays the ICE servers in force", async () => {
    const { half, worker } = await running();
    const servers = [{ urls: ["turn:example.org"], username: "u", credential: "c" }];
    worker.half.iceServers.next(servers);
    expect(await firstValueFrom(half.iceServers$)).toEqual(servers);
    expect(await firstValueFrom(half.iceServers$)).toEqual(servers);
  });

  it("P29 replays no ICE servers that have lapsed, by a clock of its own", async () => {
    const { half, worker, clock } = await running();
    const servers = [{ urls: ["turn:example.org"], username: "u", credential: "c" }];
    const expiresAt = realClock.now() + 3_600_000; // of the worker, which began at another time
    worker.half.iceServers.next(servers.map((server) => ({ ...server, expiresAt })));
    expect(await firstValueFrom(half.iceServers$)).toMatchObject(servers);
    const replayed = () => {
      const seen: unknown[] = [];
      half.iceServers$.subscribe((each) => seen.push(each)).unsubscribe();
      return seen.length;
    };
    clock.sleep(3_590_000);
    expect(replayed()).toBe(1);
    clock.sleep(10_000);
    expect(replayed()).toBe(0);
    worker.half.iceServers.next(servers);
    await vi.waitUntil(() => replayed() === 1);
  });

  it.each([0, 7_200_000])(
    "puts trace entries on the page's base of time, from which theirs differs by %i ms",
    async (differs) => {
      const { half, worker, clock } = await running();
      clock.sleep(100_000);
      const times: number[] = [];
      half.signals$.subscribe((signal) => signal.type === "trace" && times.push(signal.entry.at));
      const trace = (at: number): Signal => ({
        ...CALL,
        type: "trace",
        entry: { kind: "milestone", name: "ringing", at },
      });
      await half.dispatch(PLACE);
      for (const at of [100_000, 100_400, 101_000]) {
        worker.half.signals.next(trace(at - differs));
        await vi.waitUntil(() => times.length === [100_000, 100_400, 101_000].indexOf(at) + 1);
        clock.sleep(500);
      }
      expect(times).toEqual([100_000, 100_400, 101_000]);
    },
  );

  it("passes over what others say on its ports", async () => {
    const ports: MessagePort[] = [];
    const worker = inlineWorker();
    const { half } = await running(worker, {
      postMessage(hello) {
        ports.push(...Object.values(readHello<MessagePort>(hello) ?? {}));
        worker.postMessage(hello);
      },
    });
    const foreign = [
      "hello",
      null,
      7,
      [],
      { type: "GET" },
      { id: 1 },
      { link: named("link"), kind: "next", id: 9 },
    ];
    for (const port of ports) for (const message of foreign) port.postMessage(message);
    await half.dispatch(PLACE);
    expect(worker.half.dispatched).toEqual([PLACE]);
  });

  it("ends as the half there ends by itself", async () => {
    const { half, worker, statuses } = await running();
    const error = { code: "unknown_token", message: "Log in again" } as const;
    const all = ends(half);
    worker.half.onDispatch = async () => {
      throw new TrunklineError(error.code, error.message);
    };
    worker.half.status.next({ state: "stopped", error });
    worker.half.status.complete();
    worker.half.signals.error(new TrunklineError(error.code, error.message));
    worker.half.iceServers.error(new TrunklineError(error.code, error.message));
    expect((await all).slice(0, 2)).toEqual(["unknown_token", "unknown_token"]);
    expect(await code(half.dispatch(PLACE))).toBe("unknown_token");
    expect(statuses.map(({ state }) => state)).toEqual(["starting", "stopped"]);
    expect(lastOf(statuses)?.error).toEqual(error);
  });
});

describe("remoteSignaling: a worker that was given and never starts", () => {
  const failed = ["worker_failed", "worker_failed", "worker_failed"];
  const deaf = (): WorkerEndpoint & { terminate: () => void } => ({
    postMessage: () => undefined,
    terminate: vi.fn(),
  });

  it("ends everything with worker_failed when it says an error event", async () => {
    const worker = inlineWorker();
    worker.mute();
    const { half, statuses } = remote(worker);
    const all = ends(half);
    const preventDefault = vi.fn();
    worker.fail({ message: "SyntaxError: bad", filename: "entry.js", lineno: 3, preventDefault });
    expect(await all).toEqual(failed);
    expect(lastOf(statuses)).toMatchObject({
      state: "stopped",
      error: { code: "worker_failed", message: expect.stringContaining("SyntaxError: bad (entry.js:3)") },
    });
    expect(preventDefault).toHaveBeenCalledOnce();
  });

  it("ends everything with worker_failed when nothing is heard for 15 s", async () => {
    const worker = deaf();
    const { half, clock, statuses } = remote(worker);
    const all = ends(half);
    clock.advance(14_000);
    expect(lastOf(statuses)?.state).toBe("starting");
    clock.advance(1_000);
    expect(await all).toEqual(failed);
  });

  it("ends with invalid_option, which says what to do, for options that cannot be cloned", async () => {
    const half = remoteSignaling(inlineWorker(), { logger: () => undefined }, handClock());
    open.push(half);
    expect(await ends(half)).toEqual(["invalid_option", "invalid_option", "invalid_option"]);
    expect((await firstValueFrom(half.status$)).error?.message).toContain("give plain data only");
  });

  it("ends with the half's error when the half cannot be made", async () => {
    const worker = inlineWorker(() => {
      throw new TrunklineError("invalid_option", "No such policy");
    });
    const { half, statuses } = remote(worker);
    expect(await ends(half)).toEqual(["invalid_option", "invalid_option", "invalid_option"]);
    expect(lastOf(statuses)).toMatchObject({ state: "stopped", error: { code: "invalid_option" } });
  });

  it("can be closed before it has started, at once", async () => {
    const worker = deaf();
    const { half } = remote(() => worker);
    const all = ends(half);
    await half.close();
    expect(await all).toEqual(["resolved", "resolved", "closed"]);
    expect(worker.terminate).toHaveBeenCalledOnce();
  });

  it("is closed there where it was closed here while it started", async () => {
    const closedThere = new Promise<void>((resolve) => {
      const worker = inlineWorker((there) => {
        there.onClose = async () => resolve();
        void half.close();
        return there;
      });
      const { half } = remote(worker);
    });
    await closedThere;
  });
});

describe("remoteSignaling: a worker that was given and dies", () => {
  const lost = ["worker_lost", "worker_lost", "worker_lost"];

  const runningGiven = () => {
    const worker = inlineWorker();
    return running(worker, worker);
  };

  /** One more dispatch that the worker never answers. */
  function pending({ half, worker }: { half: SignalingHalf; worker: InlineWorker }) {
    worker.half.onDispatch = () => new Promise(() => undefined);
    return ends(half);
  }

  it("ends everything with worker_lost on its error event, without waiting", async () => {
    const there = await runningGiven();
    const all = pending(there);
    there.worker.fail(new Error("out of memory"));
    expect(await all).toEqual(lost);
    expect(lastOf(there.statuses)).toMatchObject({ state: "stopped", error: { code: "worker_lost" } });
    expect(await ends(there.half)).toEqual(lost);
    await expect(there.half.dispatch(PLACE)).rejects.toMatchObject({ cause: new Error("out of memory") });
  });

  it("ends everything with worker_lost when its ports close", async () => {
    const there = await runningGiven();
    const all = pending(there);
    there.worker.vanish();
    expect(await all).toEqual(lost);
  });

  it("ends everything with worker_lost when it has answered nothing for 6 s", async () => {
    const there = await runningGiven();
    const all = pending(there);
    there.worker.mute();
    there.clock.advance(6_000);
    expect(await all).toEqual(lost);
  });

  it("has more patience with a worker that is known to be busy for long", async () => {
    const worker = inlineWorker();
    const clock = handClock();
    const half = remoteSignaling(worker, START, clock, { exposed: {}, lifeLimit: 60 });
    open.push(half);
    await half.dispatch(PLACE);
    const end = code(firstValueFrom(half.signals$.pipe(toArray())));
    let ended = false;
    void end.then(() => {
      ended = true;
    });
    worker.mute();
    clock.advance(60_000);
    await setImmediate();
    expect(ended).toBe(false);
    clock.advance(2_000);
    expect(await end).toBe("worker_lost");
  });

  it("keeps a worker that answers", async () => {
    const there = await running();
    for (let i = 0; i < 30; i++) {
      there.clock.advance(1_000);
      for (let turn = 0; turn < 6; turn++) await setImmediate();
    }
    await there.half.dispatch(PLACE);
  });

  it("does not take a frozen page for a dead worker", async () => {
    const there = await running();
    there.clock.advance(4_000);
    there.clock.sleep(3_600_000);
    there.clock.advance(1_000);
    await there.half.dispatch(PLACE);
  });

  it("resolves close() all the same", async () => {
    const there = await running();
    there.worker.fail({});
    await there.half.close();
  });
});

describe("remoteSignaling: close()", () => {
  it("closes the half there, then its ports, and terminates a worker that it made", async () => {
    const { half, worker, statuses } = await running();
    const order: string[] = [];
    worker.half.onClose = async () => void order.push(`closed, terminated ${worker.terminated()} times`);
    await half.close();
    expect(order).toEqual(["closed, terminated 0 times"]);
    expect(worker.terminated()).toBe(1);
    expect(statuses.map(({ state }) => state)).toEqual(["starting", "stopped"]);
    expect(lastOf(statuses)).toEqual({ state: "stopped" });
  });

  it("does not terminate a worker that it was given, and leaves no listener on it", async () => {
    const worker = inlineWorker();
    const { half } = await running(worker, worker);
    expect(worker.listeners()).toBe(1);
    await half.close();
    expect(worker.listeners()).toBe(0);
    expect(worker.half.closed).toBeGreaterThan(0);
    expect(worker.terminated()).toBe(0);
  });

  it("brings the last signals before the streams complete", async () => {
    const { half, worker } = await running();
    const last: Signal = { ...CALL, type: "ended", end: { by: "us", reason: "user_hangup" } };
    worker.half.onClose = async () => worker.half.signals.next(last);
    const seen = new ReplaySubject<Signal>();
    half.signals$.subscribe(seen);
    await half.close();
    expect(await firstValueFrom(seen.pipe(toArray()))).toEqual([last]);
  });

  it("waits for the last signals where the answer to stop overtakes them", async () => {
    const { half, worker } = await running();
    const last: Signal = { ...CALL, type: "ended", end: { by: "us", reason: "user_hangup" } };
    const seen: Signal[] = [];
    half.signals$.subscribe((signal) => seen.push(signal));
    await half.dispatch(PLACE);
    const release = worker.holdStreams();
    const closedThere = new Promise<void>((resolve) => {
      worker.half.onClose = async () => {
        worker.half.signals.next(last);
        resolve();
      };
    });
    const closing = half.close();
    await closedThere;
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    release();
    await closing;
    expect(seen).toEqual([last]);
  });

  it("settles what is pending with closed, and what comes after", async () => {
    const { half, worker } = await running();
    worker.half.onDispatch = () => new Promise(() => undefined);
    const pending = code(half.dispatch(PLACE));
    const closing = half.close();
    expect(await code(half.dispatch(PLACE))).toBe("closed");
    await closing;
    expect(await pending).toBe("closed");
  });

  it("is done once, however often it is called", async () => {
    const { half, worker } = await running();
    expect(half.close()).toBe(half.close());
    await half.close();
    expect(worker.terminated()).toBe(1);
  });

  it("does not wait for a worker that does not close within 3 s", async () => {
    const { half, worker, clock } = await running();
    const asked = new Promise<void>((resolve) => {
      worker.half.onClose = () => {
        resolve();
        return new Promise(() => undefined);
      };
    });
    const closing = half.close();
    await asked;
    clock.advance(3_000);
    await closing;
    expect(worker.terminated()).toBe(1);
  });

  it("is done when the worker dies meanwhile", async () => {
    const { half, worker } = await running();
    worker.half.onClose = async () => worker.vanish();
    await half.close();
    expect(await code(half.dispatch(PLACE))).toBe("closed");
  });
});
