import { lastValueFrom, Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Command, Memory, Signal } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import type { SentSignal } from "../../src/streams/hello.ts";
import { NO_MEMORY, remember } from "../../src/streams/memory.ts";
import { PROTOCOL } from "../../src/streams/protocol.ts";
import type { Hub, TabHalf } from "../../src/worker/hub.ts";
import { hubWorld, settled, watch } from "./hub-world.ts";
import { CALL, code } from "./stand-in.ts";

const PLACE: Command = { ...CALL, type: "place" };
const ANSWER: Command = { ...CALL, type: "answer", description: { type: "answer", sdp: "v=0" } };
const HANGUP: Command = { ...CALL, type: "hangup", reason: "user_hangup" };
const INVITED: Signal = { ...CALL, type: "invited" };
const ENDED: Signal = { ...CALL, type: "ended", end: { by: "us", reason: "user_hangup" } };
const INCOMING: Signal = {
  ...CALL,
  type: "incoming",
  peer: { userId: "@alice:example.org" },
  remaining: 90_000,
  capabilities: { transferee: false, dtmf: false },
  negotiable: true,
  description: { type: "offer", sdp: "v=0" },
};

/** Two tabs that listen. */
async function twoTabs(memory?: Memory) {
  const world = hubWorld(memory);
  const [a, b] = [world.hub.join("a"), world.hub.join("b")];
  const [seenA, seenB] = [watch(a), watch(b)];
  await settled();
  return { ...world, a, b, seenA, seenB };
}

describe("hub: one engine for all", () => {
  it("listens to the engine once, and only when a tab listens", async () => {
    const { engine, hub } = hubWorld();
    hub.join("a");
    await settled();
    expect(engine.signals.observed).toBe(false);
    watch(hub.join("b"));
    watch(hub.join("c"));
    await settled();
    expect(engine.signals.observed).toBe(true);
  });

  it("tells every tab the status and the ICE servers, those that come late too", async () => {
    const { engine, hub } = hubWorld();
    engine.status.next({ state: "online" });
    engine.iceServers.next([{ urls: ["turn:one"] }]);
    const late = hub.join("late");
    const { statuses } = watch(late);
    const servers: unknown[] = [];
    late.iceServers$.subscribe((each) => servers.push(each));
    await settled();
    engine.iceServers.next([]);
    engine.status.next({ state: "reconnecting" });
    expect(statuses.map(({ state }) => state)).toEqual(["starting", "online", "reconnecting"]);
    expect(servers).toEqual([[{ urls: ["turn:one"] }], []]);
  });

  it("rejects a command with the engine's own error", async () => {
    const { a, engine } = await twoTabs();
    engine.onDispatch = async () => {
      throw new TrunklineError("rate_limited", "Slow down", { retryAfter: 5_000 });
    };
    await expect(a.dispatch(PLACE)).rejects.toMatchObject({ code: "rate_limited", retryAfter: 5_000 });
  });

  it("P15 refuses the answer of a second tab with wrong_state, and the engine never hears it", async () => {
    const { a, b, engine, seenB } = await twoTabs();
    engine.signals.next(INCOMING);
    await Promise.all([a.dispatch(ANSWER), code(b.dispatch(ANSWER))]);
    expect(await code(b.dispatch(ANSWER))).toBe("wrong_state");
    expect(engine.dispatched).toEqual([ANSWER]);
    expect(seenB.signals.at(-1)).toMatchObject({ type: "ended", end: { reason: "answered_elsewhere" } });
  });

  it("ends every tab with the error that ends the engine, and is over", async () => {
    const { hub, engine, seenA, seenB } = await twoTabs();
    const error = new TrunklineError("unknown_token", "Who are you?");
    engine.signals.error(error);
    for (const { end, statuses } of [seenA, seenB]) {
      expect(end).toBe(error);
      expect(statuses.at(-1)).toMatchObject({ state: "stopped", error: { code: "unknown_token" } });
    }
    expect(hub.over).toBe(true);
  });
});

describe("hub: a tab that goes", () => {
  it("has its calls hung up on close(), hears of it first, and leaves the others alone", async () => {
    const { a, engine, hub, seenA, seenB, watched } = await twoTabs();
    await a.dispatch(PLACE);
    engine.onDispatch = async () => engine.signals.next(ENDED);
    await a.close();
    expect(engine.dispatched).toEqual([PLACE, HANGUP]);
    expect(seenA).toMatchObject({ signals: [ENDED], end: "complete" });
    expect(seenA.statuses.at(-1)).toEqual({ state: "stopped" });
    expect(seenB).toMatchObject({ signals: [], end: undefined });
    expect(hub.over).toBe(false);
    expect(watched()).toEqual(["b"]);
    expect(await code(a.dispatch(PLACE))).toBe("closed");
  });

  it("has its calls hung up when its lock is free", async () => {
    const { a, engine, crash, seenB } = await twoTabs();
    await a.dispatch(PLACE);
    crash("a");
    await settled();
    expect(engine.dispatched).toEqual([PLACE, HANGUP]);
    expect(engine.closed).toBe(0);
    expect(seenB.end).toBeUndefined();
  });

  it("is not waited for longer than 2 s where the homeserver does not answer", async () => {
    const { a, engine, clock, seenA } = await twoTabs();
    await a.dispatch(PLACE);
    engine.onDispatch = () => new Promise(() => undefined);
    const closing = a.close();
    await clock.advance(1_999);
    expect(seenA.end).toBeUndefined();
    await clock.advance(1);
    await closing;
    expect(clock.pending).toBe(0);
  });

  it("ends the engine when it is the last", async () => {
    const { a, b, engine, hub, watched } = await twoTabs();
    await a.close();
    expect(engine.closed).toBe(0);
    const closing = b.close();
    expect(hub.over).toBe(true);
    await closing;
    expect(engine.closed).toBe(1);
    expect(watched()).toEqual([]);
  });

  it("ends the engine when the last ones go at once", async () => {
    const { engine, crash, hub } = await twoTabs();
    crash("a");
    crash("b");
    await settled();
    expect([engine.closed, hub.over]).toEqual([1, true]);
  });
});

describe("hub: a tab that loses its connection, but is there", () => {
  it("keeps its calls, and hears what came meanwhile when it is back, in order", async () => {
    const { a, engine, hub, seenA, watched } = await twoTabs();
    await a.dispatch(PLACE);
    a.lost();
    engine.signals.next(INVITED);
    const again = hub.join("a");
    engine.signals.next(ENDED);
    const seen = watch(again);
    await settled();
    expect(engine.dispatched).toEqual([PLACE]);
    expect(seenA.signals).toEqual([]);
    expect(seen.signals).toEqual([INVITED, ENDED]);
    expect(watched()).toEqual(["a", "b"]);
  });

  it("is over when its lock is free", async () => {
    const { a, engine, crash } = await twoTabs();
    await a.dispatch(PLACE);
    a.lost();
    crash("a");
    await settled();
    expect(engine.dispatched).toEqual([PLACE, HANGUP]);
  });

  it("may lose an old connection after it has made a new one", async () => {
    const { a, engine, hub } = await twoTabs();
    const seen = watch(hub.join("a"));
    await settled();
    a.lost();
    engine.signals.next(INCOMING);
    expect(seen.signals).toEqual([INCOMING]);
  });
});

describe("hub: signals and their receipts", () => {
  const candidates = (text: string): Signal => ({
    ...CALL,
    type: "candidates",
    candidates: [{ candidate: text, sdpMid: "0" }],
  });

  /** A tab that gives receipts, as far as the test lets it. */
  function connect({ hub }: { readonly hub: Hub }, receipt?: string) {
    const half = hub.join("a", { receipt });
    const got: SentSignal[] = [];
    half.sent$.subscribe((sent) => got.push(sent));
    return { half, got, signals: () => got.map(({ signal }) => signal) };
  }

  it("are sent again where a connection was lost before the tab had them, in order, and each once", async () => {
    const world = hubWorld();
    const first = connect(world);
    await settled();
    for (const signal of [INCOMING, candidates("1"), candidates("2")]) world.engine.signals.next(signal);
    expect(first.signals()).toEqual([INCOMING, candidates("1"), candidates("2")]);
    // The tab has given up; the hub does not know yet.
    world.engine.signals.next(ENDED);
    const second = connect(world, first.got[1]?.receipt);
    await settled();
    expect(second.signals()).toEqual([candidates("2"), ENDED]);
    second.half.received(second.got.at(-1)?.receipt as string);
    second.half.lost();
    const third = connect(world);
    await settled();
    expect(third.signals()).toEqual([]);
  });

  it("ring for as long as is left when they are sent again", async () => {
    const world = hubWorld();
    const first = connect(world);
    await settled();
    first.half.lost();
    world.engine.signals.next(INCOMING);
    await world.clock.advance(30_000);
    const second = connect(world);
    await settled();
    expect(second.signals()).toEqual([{ ...INCOMING, remaining: 60_000 }]);
  });

  it("of another hub say nothing here", async () => {
    const other = hubWorld();
    const lost = connect(other);
    await settled();
    for (let i = 0; i < 9; i++) other.engine.signals.next(candidates(`${i}`));
    const world = hubWorld();
    const first = connect(world);
    await settled();
    world.engine.signals.next(INVITED);
    first.half.lost();
    const second = connect(world, lost.got.at(-1)?.receipt);
    await settled();
    expect(second.signals()).toEqual([INVITED]);
  });

  it("are never lost where they matter, however many come for a tab that is away (P44)", async () => {
    const world = hubWorld();
    const first = connect(world);
    await settled();
    first.half.lost();
    const { engine } = world;
    const other = { roomId: CALL.roomId, callId: "other" };
    engine.signals.next(INCOMING);
    engine.signals.next({ ...INCOMING, ...other });
    for (let i = 0; i < 1_000; i++) {
      engine.signals.next(candidates(`${i}`));
      engine.signals.next({ ...CALL, type: "trace", entry: { kind: "milestone", name: "ringing", at: i } });
    }
    engine.signals.next({ ...ENDED, ...other });
    for (let i = 0; i < 1_000; i++) engine.signals.next(candidates(`${1_000 + i}`));
    const second = connect(world);
    await settled();
    const got = second.signals();
    expect(got.length).toBeLessThanOrEqual(257);
    expect(got).toContainEqual({ ...INCOMING, remaining: 90_000 });
    expect(got).toContainEqual({ ...ENDED, ...other });
    const last = got.findLast(({ type }) => type === "candidates") as Extract<Signal, { type: "candidates" }>;
    expect(last.candidates.at(-1)?.candidate).toBe("1999");
  });
});

describe("hub: a tab that joins with the calls it takes for live", () => {
  it("is told of the end of those that are not, once the engine has read on", async () => {
    const { engine, hub } = hubWorld();
    const seen = watch(hub.join("a", { known: [CALL, { ...CALL, callId: "rings" }] }));
    await settled();
    engine.signals.next({ ...INCOMING, callId: "rings" });
    expect(seen.signals.map(({ type }) => type)).toEqual(["incoming"]);
    engine.memory$.next({ type: "position", position: "s2" });
    expect(seen.signals.at(-1)).toEqual({
      ...CALL,
      type: "ended",
      end: { by: "system", reason: "signalling_failed" },
    });
    const late = watch(hub.join("b", { known: [CALL] }));
    await settled();
    expect(late.signals.at(-1)).toMatchObject({ ...CALL, type: "ended" });
  });
});

describe("hub: a tab that brings the calls of a hub that was lost", () => {
  const engineState = { phase: "answered" };
  const brought = (hub: object): Memory => ({
    position: "s7",
    calls: [
      { ...CALL, state: { major: PROTOCOL.major, engine: engineState, at: 0, hub: { heard: [], ...hub } } },
    ],
  });

  it("has them taken up by a hub that began without, each once", async () => {
    const { engine, hub, crash } = hubWorld();
    const adopted: unknown[] = [];
    Object.assign(engine, { adopt: (calls: unknown[]) => adopted.push(...calls) });
    const other = watch(hub.join("new"));
    await settled();
    for (let i = 0; i < 2; i++) {
      watch(hub.join("b", { memory: brought({ owner: "b" }) }));
      await settled();
    }
    expect(adopted).toEqual([{ ...CALL, state: engineState }]);
    engine.signals.next(INVITED);
    expect(other.signals).toEqual([]);
    crash("b");
    await settled();
    expect(engine.dispatched).toEqual([HANGUP]);
  });

  it("rings nowhere for one of which the engine knows the end, and is told of it", async () => {
    const { engine, hub } = hubWorld();
    Object.assign(engine, { adopt: () => engine.signals.next(ENDED) });
    const other = watch(hub.join("new"));
    await settled();
    engine.memory$.next({ type: "position", position: "s8" });
    const heard = [INCOMING];
    const b = watch(hub.join("b", { memory: brought({ heard, until: 90_000 }), known: [CALL] }));
    await settled();
    const late = watch(hub.join("late"));
    await settled();
    expect([other.signals.at(-1), b.signals, late.signals]).toEqual([ENDED, [ENDED], []]);
  });

  it("has the final requests of its calls from when they are taken up", async () => {
    const { engine, hub } = hubWorld();
    const request = { ...CALL, url: "https://hs.test/hangup", method: "PUT", headers: {}, body: "{}" };
    Object.assign(engine, { adopt: () => engine.finalRequests$.next([request]) });
    watch(hub.join("new"));
    await settled();
    const b = hub.join("b", { memory: brought({ owner: "b" }) });
    const lists: unknown[] = [];
    b.finalRequests$?.subscribe((list) => lists.push(list));
    watch(b);
    await settled();
    expect(lists.at(-1)).toEqual([request]);
  });

  it("does not have them taken up by one that began with a snapshot, or has seen them end", async () => {
    const adopted: unknown[] = [];
    const world = hubWorld({ calls: [] });
    Object.assign(world.engine, { adopt: (calls: unknown[]) => adopted.push(...calls) });
    watch(world.hub.join("b", { memory: brought({ owner: "b" }) }));
    await settled();
    const ended = await twoTabs();
    Object.assign(ended.engine, { adopt: (calls: unknown[]) => adopted.push(...calls) });
    ended.engine.signals.next(INCOMING);
    ended.engine.signals.next(ENDED);
    watch(ended.hub.join("b", { memory: brought({}) }));
    await settled();
    expect(adopted).toEqual([]);
  });
});

describe("hub: a tab whose admission waits", () => {
  it("hears nothing and says nothing before, and all that rings after", async () => {
    const { engine, hub } = hubWorld();
    watch(hub.join("a"));
    await settled();
    engine.status.next({ state: "online" });
    const admitted = new Subject<void>();
    const half = hub.join("b", { admission: lastValueFrom(admitted, { defaultValue: undefined }) });
    const seen = watch(half);
    engine.signals.next(INCOMING);
    const another = { ...PLACE, callId: "another" };
    const placing = half.dispatch(another);
    await settled();
    expect([seen.signals, engine.dispatched, seen.statuses]).toEqual([[], [], [{ state: "starting" }]]);
    admitted.complete();
    await placing;
    expect([seen.signals, engine.dispatched]).toEqual([[INCOMING], [another]]);
    expect(seen.statuses.at(-1)).toEqual({ state: "online" });
  });

  it("ends with what refuses it, and with it nobody else", async () => {
    const { engine, hub } = hubWorld();
    const other = watch(hub.join("a"));
    const error = new TrunklineError("invalid_option", "Not yours");
    const half = hub.join("b", { admission: Promise.reject(error) });
    const seen = watch(half);
    await settled();
    expect(seen.end).toBe(error);
    expect(await code(half.dispatch(PLACE))).not.toBe("resolved");
    expect([other.end, engine.closed, engine.dispatched]).toEqual([undefined, 0, []]);
  });
});

describe("hub: the snapshots of a tab", () => {
  it.each([
    ["has gone", (_: TabHalf, crash: () => void) => crash()],
    ["has lost its connection", (half: TabHalf) => half.lost()],
    ["has closed", (half: TabHalf) => void half.close()],
  ])("end when it %s", async (_what, leave) => {
    const { b, engine, crash } = await twoTabs();
    const changes: unknown[] = [];
    let complete = false;
    const subscription = b.memory$.subscribe({
      next: (change) => changes.push(change),
      complete: () => {
        complete = true;
      },
    });
    leave(b, () => crash("b"));
    await settled();
    engine.memory$.next({ type: "position", position: "s9" });
    expect([complete, subscription.closed, changes]).toEqual([true, true, []]);
  });

  it("of another major version are not read, nor is what is no snapshot", () => {
    const { handed, hub } = hubWorld({
      position: "s1",
      calls: [
        undefined,
        7,
        {},
        { major: PROTOCOL.major + 1, engine: {}, hub: { owner: "b", heard: [] } },
      ].map((state) => ({ ...CALL, state })),
    });
    expect(handed).toEqual([{ position: "s1", calls: [] }]);
    expect(hub.over).toBe(false);
  });
});

describe("hub: what is remembered of it", () => {
  const STATE = { phase: "answered" };

  async function remembered() {
    const world = await twoTabs();
    let memory = NO_MEMORY;
    world.a.memory$.subscribe((change) => {
      memory = remember(memory, change);
    });
    world.engine.memory$.next({ type: "position", position: "s1" });
    return { ...world, memory: () => memory };
  }

  it("gives another engine what the first one said, and keeps calls with their tabs", async () => {
    const first = await remembered();
    await first.b.dispatch(PLACE);
    first.engine.memory$.next({ ...CALL, type: "call", state: STATE });
    const second = hubWorld(structuredClone(first.memory()));
    expect(second.handed).toEqual([{ position: "s1", calls: [{ ...CALL, state: STATE }] }]);
    const [a, b] = [second.hub.join("a"), second.hub.join("b")];
    const seen = [watch(a), watch(b)];
    await settled();
    second.engine.signals.next(INVITED);
    expect(seen.map(({ signals }) => signals)).toEqual([[], [INVITED]]);
    expect(await code(a.dispatch(HANGUP))).toBe("wrong_state");
  });

  it("hangs up the calls of a tab that has gone with the first", async () => {
    const first = await remembered();
    await first.b.dispatch(PLACE);
    first.engine.memory$.next({ ...CALL, type: "call", state: STATE });
    const second = hubWorld(structuredClone(first.memory()));
    watch(second.hub.join("a"));
    second.crash("b");
    await settled();
    expect(second.engine.dispatched).toEqual([HANGUP]);
    expect(second.engine.closed).toBe(0);
  });

  it("rings on in a tab that comes to the second, and remembers who has taken it since", async () => {
    const first = await remembered();
    first.engine.signals.next(INCOMING);
    first.engine.memory$.next({ ...CALL, type: "call", state: STATE });
    const ringing = structuredClone(first.memory());
    await first.b.dispatch(ANSWER);
    const taken = structuredClone(first.memory());
    for (const [memory, signals] of [
      [ringing, [INCOMING]],
      [taken, []],
    ] as const) {
      const seen = watch(hubWorld(memory).hub.join("new"));
      await settled();
      expect(seen.signals).toEqual(signals);
    }
  });

  it("is told whole to a tab that comes late, and forgets what has ended", async () => {
    const { engine, hub, memory } = await remembered();
    engine.memory$.next({ ...CALL, type: "call", state: STATE });
    let late = NO_MEMORY;
    hub.join("late").memory$.subscribe((change) => {
      late = remember(late, change);
    });
    expect(late).toEqual(memory());
    engine.memory$.next({ ...CALL, type: "call" });
    expect(late).toEqual({ position: "s1", calls: [] });
  });
});
