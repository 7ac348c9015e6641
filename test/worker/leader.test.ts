import { filter, firstValueFrom, take } from "rxjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Command, Signal, SignalingHalf, SignalingStatus } from "../../src/streams/contract.ts";
import { readHello } from "../../src/streams/link-control.ts";
import { named } from "../../src/streams/protocol.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { hostSignaling } from "../../src/worker/host.ts";
import { createDoor, type TabStart } from "../../src/worker/hub-door.ts";
import { Leadership } from "../../src/worker/leader.ts";
import { type Greet, hostLeader, type LeaderScope } from "../../src/worker/leader-host.ts";
import { hold, tabLock } from "../../src/worker/locks.ts";
import { remoteSignaling } from "../../src/worker/remote.ts";
import { endpointOf } from "../../src/worker/shared-endpoint.ts";
import { rememberingEngine } from "./hub-world.ts";
import { createLocks } from "./locks.ts";
import { CALL, code } from "./stand-in.ts";

const PLACE: Command = { ...CALL, type: "place" };
const LOGIN = { homeserver: "https://example.org/", userId: "@me:example.org", deviceId: "DEVICE" };

let locks: ReturnType<typeof createLocks>;
let ends: (() => void)[];
let name: string;

beforeEach(() => {
  locks = createLocks();
  vi.stubGlobal("navigator", { locks });
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
function fakeWorker(engine: Engine, tokens: string[]) {
  const { port1, port2 } = new MessageChannel();
  const enter = createDoor({
    createEngine: ({ accessToken }) => {
      tokens.push(accessToken);
      return engine;
    },
    identify: ({ accessToken }) => Promise.reject(new Error(`There should be one token, not ${accessToken}`)),
    gone: (tab) => hold(tabLock(tab)).pipe(take(1)),
    clock: virtualClock(),
    random: () => 0,
  });
  const greet: Greet = (hello, accessToken = "none", started) => {
    const ports = readHello<MessagePort>(hello);
    if (!ports) return;
    hostSignaling(ports, (start) => {
      const half = enter({ ...(start as TabStart), accessToken });
      started?.();
      return half;
    });
  };
  const hosting = hostLeader(port2 as LeaderScope, greet);
  port1.start();
  port2.start();
  return Object.assign(port1, {
    terminate() {
      hosting.unsubscribe();
      port1.close();
    },
  }) as unknown as Worker;
}

/** A tab without `SharedWorker`: what it leads with, and its half. */
function openTab(tab: string) {
  const engine = rememberingEngine();
  const tokens: string[] = [];
  const present = hold(tabLock(tab)).subscribe();
  const workers: Worker[] = [];
  const leadership = new Leadership({
    name,
    tab,
    accessToken: `token of ${tab}`,
    makeWorker: () => {
      const worker = fakeWorker(engine, tokens);
      workers.push(worker);
      return worker;
    },
  });
  // Not made anew by itself: each test says when.
  const connect = (): SignalingHalf => remoteSignaling(endpointOf(leadership.connect), { ...LOGIN, tab });
  const half = connect();
  const signals: Signal[] = [];
  const statuses: SignalingStatus[] = [];
  half.signals$.subscribe({ next: (signal) => signals.push(signal), error: () => {} });
  half.status$.subscribe((status) => statuses.push(status));
  /** As a tab that crashes: nothing is said any more, and its locks are free. */
  const crash = () => {
    leadership.close();
    present.unsubscribe();
  };
  ends.push(crash);
  return { half, connect, engine, tokens, signals, statuses, workers, crash };
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
    const channel = new BroadcastChannel(named(`channel ${name}`));
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
