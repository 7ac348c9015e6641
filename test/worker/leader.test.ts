import { setImmediate } from "node:timers/promises";
import { BehaviorSubject, filter, firstValueFrom, take } from "rxjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { channelName, sealToHub } from "../../src/streams/channel-frames.ts";
import type { Command, Signal, SignalingHalf, SignalingStatus } from "../../src/streams/contract.ts";
import { readHello } from "../../src/streams/hello.ts";
import { PROTOCOL } from "../../src/streams/protocol.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { hostSignaling } from "../../src/worker/host.ts";
import { createDoor, type TabStart } from "../../src/worker/hub-door.ts";
import { Leadership } from "../../src/worker/leader.ts";
import { type Greet, hostLeader, type LeaderScope } from "../../src/worker/leader-host.ts";
import { hold, leaderLock, tabLock } from "../../src/worker/locks.ts";
import { remoteSignaling } from "../../src/worker/remote.ts";
import { endpointOf } from "../../src/worker/shared-endpoint.ts";
import { channelsOf, type Process, thaw, within } from "./channels.ts";
import { rememberingEngine } from "./hub-world.ts";
import { createLocks } from "./locks.ts";
import { CALL, code, handClock } from "./stand-in.ts";

const PLACE: Command = { ...CALL, type: "place" };
const LOGIN = { homeserver: "https://example.org/", userId: "@me:example.org", deviceId: "DEVICE" };

let locks: ReturnType<typeof createLocks>;
let ends: (() => void)[];
let name: string;

beforeEach(() => {
  locks = createLocks();
  vi.stubGlobal("navigator", { locks });
  vi.stubGlobal("BroadcastChannel", channelsOf(BroadcastChannel));
  ends = [];
  name = crypto.randomUUID();
});
afterEach(async () => {
  for (const end of ends) end();
  await vi.waitFor(() => expect(locks.held().filter((name) => name.startsWith("trunkline"))).toEqual([]));
  vi.unstubAllGlobals();
});

type Engine = ReturnType<typeof rememberingEngine>;

/** A worker on this thread, whose end lets go of its locks, as that of a real one does. */
function fakeWorker(stage: { engine: Engine; tokens: string[]; verified: string[]; process: Process }) {
  const { port1, port2 } = new MessageChannel();
  let renew = async () => "";
  const enter = createDoor({
    createEngine: ({ accessToken }, _memory, refresh) => {
      stage.tokens.push(accessToken);
      renew = refresh;
      return stage.engine;
    },
    identify: async ({ accessToken }) => stage.verified.push(accessToken),
    gone: (tab) => hold(tabLock(tab)).pipe(take(1)),
    clock: virtualClock(),
    random: () => 0,
  });
  const greet: Greet = (hello, accessToken = "none", started) => {
    const ports = readHello<MessagePort>(hello);
    if (!ports) return;
    hostSignaling(ports, (start) => {
      const half = enter({ ...(start as TabStart), accessToken });
      within(stage.process, () => started?.());
      return half;
    });
  };
  let ended = 0;
  const end = () => {
    ended += 1;
    hosting.unsubscribe();
    port1.close();
  };
  const hosting = within(stage.process, () =>
    hostLeader(Object.assign(port2, { close: end }) as LeaderScope, greet),
  );
  port1.start();
  port2.start();
  const worker = Object.assign(port1, { terminate: end }) as unknown as Worker;
  return { worker, hosting, renew: () => renew(), ended: () => ended };
}

/** A tab without `SharedWorker`: what it leads with, and its half. Its page and its worker are one process. */
function openTab(tab: string) {
  const engine = rememberingEngine();
  const tokens: string[] = [];
  const verified: string[] = [];
  const page: Process = { frozen: false, waiting: [] };
  const process: Process = { frozen: false, waiting: [] };
  const active$ = new BehaviorSubject(true);
  const clock = handClock();
  const present = hold(tabLock(tab)).subscribe();
  const workers: ReturnType<typeof fakeWorker>[] = [];
  const leadership = within(
    page,
    () =>
      new Leadership({
        name,
        tab,
        accessToken: `token of ${tab}`,
        clock,
        active$,
        makeWorker: () => {
          const made = fakeWorker({ engine, tokens, verified, process });
          workers.push(made);
          return made.worker;
        },
      }),
  );
  // Not made anew by itself: each test says when.
  const connect = (): SignalingHalf => remoteSignaling(endpointOf(leadership.connect), { ...LOGIN, tab });
  const half = connect();
  const signals: Signal[] = [];
  const statuses: SignalingStatus[] = [];
  half.signals$.subscribe({ next: (signal) => signals.push(signal), error: () => {} });
  half.status$.subscribe((status) => statuses.push(status));
  /** As a tab that crashes: nothing is said any more, and its locks are free. */
  const crash = () => {
    for (const each of [page, process]) thaw(each);
    leadership.close();
    present.unsubscribe();
  };
  ends.push(crash);
  return {
    ...{ half, connect, engine, tokens, verified, signals, statuses, workers, crash },
    ...{ clock, active$, page, process },
  };
}

type Tab = ReturnType<typeof openTab>;

/** Lets time pass for a tab, second by second, with all that comes of each. */
async function pass({ clock }: Tab, seconds: number) {
  for (let i = 0; i < seconds; i++) {
    clock.advance(1_000);
    for (let turn = 0; turn < 8; turn++) await setImmediate();
  }
}

const online = async ({ half, engine }: ReturnType<typeof openTab>) => {
  engine.status.next({ state: "online" });
  await firstValueFrom(half.status$.pipe(filter(({ state }) => state === "online")));
};

describe("tabs without SharedWorker", () => {
  it("have one worker, that of the tab that leads, with its token", async () => {
    const first = openTab("first");
    await first.half.dispatch(PLACE);
    const second = openTab("second");
    await second.half.dispatch({ ...PLACE, callId: "another" });
    expect([first.workers.length, second.workers.length]).toEqual([1, 0]);
    expect(first.tokens).toEqual(["token of first"]);
    expect(first.engine.dispatched).toEqual([PLACE, { ...PLACE, callId: "another" }]);
  });

  it("say no token on the channel, and pass over what others say there", async () => {
    const channel = new BroadcastChannel(channelName(name));
    const heard: string[] = [];
    channel.addEventListener("message", ({ data }) => heard.push(JSON.stringify(data)));
    const first = openTab("first");
    for (const foreign of [null, "hello", { trunkline: "hub" }, { trunkline: "tab", kind: "leading" }])
      channel.postMessage(foreign);
    const second = openTab("second");
    await first.half.dispatch(PLACE);
    await second.half.dispatch({ ...PLACE, callId: "another" });
    await online(first);
    await vi.waitFor(() => expect(heard.join()).toContain("another"));
    expect(heard.join()).not.toContain("token of");
    channel.close();
  });

  it("tell each tab what is its own, and all of them what is for all", async () => {
    const [first, second, third] = [openTab("first"), openTab("second"), openTab("third")];
    await second.half.dispatch(PLACE);
    await third.half.dispatch({ ...PLACE, callId: "another" });
    const invited: Signal = { ...CALL, type: "invited" };
    const peer = { userId: "@alice:example.org" };
    const ignored: Signal = { ...CALL, callId: "x", type: "ignored", peer, reason: "public_room" };
    for (const signal of [invited, { ...invited, callId: "another" }, ignored])
      first.engine.signals.next(signal);
    const tabs = [first, second, third];
    await vi.waitFor(() => {
      for (const { signals } of tabs) expect(signals.at(-1)).toEqual(ignored);
    });
    expect(tabs.map(({ signals }) => signals)).toEqual([
      [ignored],
      [invited, ignored],
      [{ ...invited, callId: "another" }, ignored],
    ]);
  });

  it("have the calls of one that follows hung up when it goes, and its connection ended", async () => {
    const [first, second] = [openTab("first"), openTab("second")];
    await first.half.dispatch({ ...PLACE, callId: "another" });
    await second.half.dispatch(PLACE);
    second.crash();
    await vi.waitFor(() =>
      expect(first.engine.dispatched.at(-1)).toEqual({ ...CALL, type: "hangup", reason: "user_hangup" }),
    );
    expect(first.engine.closed).toBe(0);
  });

  it("reject with worker_lost when the one that leads goes, and another takes over", async () => {
    const [first, second] = [openTab("first"), openTab("second")];
    await first.half.dispatch({ ...PLACE, callId: "another" });
    first.engine.onDispatch = () => new Promise(() => undefined);
    const pending = code(second.half.dispatch(PLACE));
    await vi.waitFor(() => expect(first.engine.dispatched).toHaveLength(2));
    const begin = performance.now();
    first.crash();
    expect(await pending).toBe("worker_lost");
    expect(performance.now() - begin).toBeLessThan(1_000);
    const third = openTab("third");
    await second.connect().dispatch({ ...PLACE, callId: "again" });
    await third.half.dispatch({ ...PLACE, callId: "third" });
    expect([second.workers.length, third.workers.length]).toEqual([1, 0]);
    expect(second.tokens).toEqual(["token of second"]);
    expect(second.engine.dispatched.map(({ callId }) => callId)).toEqual(["again", "third"]);
  });
});

describe("a tab that leads and stands still", () => {
  /** Two tabs, of which the first leads and is then stopped; what a tab asks for later needs a new connection. */
  async function stopped() {
    const [first, second] = [openTab("first"), openTab("second")];
    await first.half.dispatch({ ...PLACE, callId: "another" });
    await second.half.dispatch(PLACE);
    first.page.frozen = true;
    first.process.frozen = true;
    return { first, second };
  }

  it("is replaced when its worker has not answered for 6 s, and not before", async () => {
    const { second } = await stopped();
    second.engine.onDispatch = async () => {};
    await pass(second, 5);
    expect(second.workers).toHaveLength(0);
    await pass(second, 1);
    await second.connect().dispatch({ ...PLACE, callId: "again" });
    expect(second.workers).toHaveLength(1);
    expect(second.tokens).toEqual(["token of second"]);
  });

  it("is replaced by a tab that has never had a connection to it", async () => {
    const held = hold(leaderLock(name)).subscribe({ error: () => {} });
    ends.push(() => held.unsubscribe());
    await setImmediate();
    const tab = openTab("new");
    await pass(tab, 6);
    await tab.half.dispatch(PLACE);
    expect(tab.engine.dispatched).toEqual([PLACE]);
  });

  it("is not replaced while its worker answers, whatever its page does", async () => {
    const [first, second] = [openTab("first"), openTab("second")];
    await second.half.dispatch(PLACE);
    first.page.frozen = true;
    await pass(second, 20);
    await second.half.dispatch({ ...PLACE, callId: "again" });
    expect([first.workers.length, second.workers.length]).toEqual([1, 0]);
  });

  it("acts no more when it goes on: its worker makes no request, and ends", async () => {
    const { first, second } = await stopped();
    await expect(first.workers[0]?.hosting.permit()).resolves.toBeUndefined();
    await pass(second, 6);
    await second.connect().dispatch({ ...PLACE, callId: "again" });
    expect(await code(first.workers[0]?.hosting.permit() as Promise<void>)).toBe("worker_lost");
    expect(first.workers[0]?.ended()).toBeGreaterThan(0);
    first.engine.signals.next({ ...CALL, type: "invited" });
    for (const each of [first.process, first.page]) thaw(each);
    await vi.waitFor(() => expect(first.statuses.at(-1)?.state).toBe("stopped"));
    await first.connect().dispatch({ ...PLACE, callId: "follows" });
    expect([first.workers.length, second.workers.length]).toEqual([1, 1]);
    expect(second.engine.dispatched.map(({ callId }) => callId)).toEqual(["again", "follows"]);
    expect(second.signals).toEqual([]);
  });

  it("learns it from the first frame of the one that leads now, where nothing is asked of it", async () => {
    const { first, second } = await stopped();
    await pass(second, 6);
    await second.connect().dispatch({ ...PLACE, callId: "again" });
    thaw(first.process);
    await vi.waitFor(() => expect(first.workers[0]?.ended()).toBeGreaterThan(0));
  });

  it("is replaced by one of several that find out at once", async () => {
    const { first, second } = await stopped();
    const third = openTab("third");
    await setImmediate();
    for (let i = 0; i < 12; i++) {
      second.clock.advance(1_000);
      third.clock.advance(1_000);
      for (let turn = 0; turn < 8; turn++) await setImmediate();
    }
    await Promise.all(
      [second, third].map((tab, i) => tab.connect().dispatch({ ...PLACE, callId: `again ${i}` })),
    );
    const lead = [second, third].filter(({ engine }) => engine.dispatched.length > 0);
    expect(lead).toHaveLength(1);
    expect(lead[0]?.engine.dispatched).toHaveLength(2);
    const running = [second, third].flatMap(({ workers }) => workers.filter(({ ended }) => ended() === 0));
    expect(running).toHaveLength(1);
    expect(first.workers).toHaveLength(1);
  });

  it("lets another lead before it is frozen, and follows when it wakes", async () => {
    const [first, second] = [openTab("first"), openTab("second")];
    await first.half.dispatch({ ...PLACE, callId: "another" });
    first.active$.next(false);
    expect(first.workers[0]?.ended()).toBe(1);
    await second.connect().dispatch(PLACE);
    first.active$.next(true);
    await first.connect().dispatch({ ...PLACE, callId: "again" });
    expect([first.workers.length, second.workers.length]).toEqual([1, 1]);
  });
});

describe("the tokens of tabs without SharedWorker", () => {
  it("reach the engine of the one that leads, and no script that listens", async () => {
    const channel = new BroadcastChannel(channelName(name));
    const seen: unknown[] = [];
    channel.addEventListener("message", ({ data }) => seen.push(data));
    const [first, second] = [openTab("first"), openTab("second")];
    await first.half.dispatch({ ...PLACE, callId: "another" });
    await second.half.dispatch(PLACE);
    expect(await first.workers[0]?.renew()).toBe("token of second");
    expect([first.tokens, first.verified]).toEqual([["token of first"], ["token of second"]]);
    const open = seen.find((data) => (data as { kind?: unknown }).kind === "open") as { token: object };
    expect(open.token).toMatchObject({ iv: expect.any(Uint8Array), from: expect.any(Uint8Array) });
    const texts = JSON.stringify(seen, (_, value) =>
      ArrayBuffer.isView(value) || value instanceof ArrayBuffer
        ? Buffer.from(value as ArrayBuffer).toString("latin1")
        : value,
    );
    expect(texts).not.toContain("token of");
    channel.close();
  });

  it("may be missing, or no tokens at all: the tab is served all the same", async () => {
    const first = openTab("first");
    await first.half.dispatch(PLACE);
    const present = hold(tabLock("t")).subscribe();
    ends.push(() => present.unsubscribe());
    const channel = new BroadcastChannel(channelName(name));
    const answered = new Promise<void>((resolve) => {
      channel.addEventListener("message", ({ data }) => {
        const { kind, hub, connection } = data;
        if (kind === "post" && connection === "c") resolve();
        if (kind !== "leading") return;
        const hello = { kind: "trunkline:hello", protocol: PROTOCOL, port: "a" };
        const open = { kind: "open", hub, connection: "c", tab: "t", ports: ["a"], hello } as const;
        channel.postMessage(sealToHub({ ...open, token: { from: 1 } }));
        const data1 = { id: "1", type: "APPLY", path: ["ping"], argumentList: [] };
        const post = { kind: "post", hub, connection: "c", port: "a", data: data1, ports: [] } as const;
        channel.postMessage(sealToHub(post));
      });
    });
    channel.postMessage(sealToHub({ kind: "seek" }));
    await answered;
    expect(first.verified).toEqual([]);
    channel.close();
  });
});
