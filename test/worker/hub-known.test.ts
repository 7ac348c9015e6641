/** What becomes of the calls that a tab takes for live, where it lost its hub or was away. */
import { describe, expect, it } from "vitest";
import type { Command, FinalRequest, Memory, Signal } from "../../src/streams/contract.ts";
import { NO_MEMORY, remember } from "../../src/streams/memory.ts";
import { hubWorld, settled, watch } from "./hub-world.ts";
import { CALL } from "./stand-in.ts";

const INCOMING: Signal = {
  ...CALL,
  type: "incoming",
  peer: { userId: "@alice:example.org" },
  remaining: 90_000,
  capabilities: { transferee: false, dtmf: false },
  negotiable: true,
  description: { type: "offer", sdp: "v=0" },
};
const ANSWER: Command = { ...CALL, type: "answer", description: { type: "answer", sdp: "v=0" } };
const PLACE: Command = { ...CALL, type: "place" };
const ENDED: Signal = { ...CALL, type: "ended", end: { by: "peer", reason: "user_hangup" } };
const ELSEWHERE = { ...ENDED, end: { by: "other_device", reason: "answered_elsewhere" } };
const LOST = { ...ENDED, end: { by: "system", reason: "signalling_failed" } };

/** What rings is known once the engine has read on. */
const READ = { type: "position", position: "s2" } as const;

/** A hub that goes on where one was lost while a call rang in all of its tabs. */
async function afterLoss() {
  const { hub, engine } = hubWorld();
  const tab = hub.join("b");
  watch(tab);
  let memory: Memory = NO_MEMORY;
  tab.memory$.subscribe((change) => {
    memory = remember(memory, change);
  });
  await settled();
  engine.signals.next(INCOMING);
  engine.memory$.next({ type: "call", ...CALL, state: "of the engine" });
  await settled();
  const next = hubWorld(memory);
  const b = next.hub.join("b", { known: [CALL] });
  const seenB = watch(b);
  await settled();
  next.engine.memory$.next(READ);
  return { ...next, b, seenB };
}

describe("a tab that was ringing, and comes back to another hub late", () => {
  it("goes on ringing where the call does", async () => {
    const { hub, seenB } = await afterLoss();
    const c = watch(hub.join("c", { known: [CALL] }));
    await settled();
    expect([seenB.signals, c.signals]).toEqual([[INCOMING], [INCOMING]]);
  });

  it("receives the end of a call that another tab has answered meanwhile", async () => {
    const { hub, b } = await afterLoss();
    await b.dispatch(ANSWER);
    const c = watch(hub.join("c", { known: [CALL] }));
    await settled();
    expect(c.signals).toEqual([ELSEWHERE]);
  });

  it("receives the end of a call that has ended meanwhile, as the others did", async () => {
    const { hub, engine, seenB } = await afterLoss();
    engine.signals.next(ENDED);
    const c = watch(hub.join("c", { known: [CALL] }));
    await settled();
    expect([seenB.signals.at(-1), c.signals]).toEqual([ENDED, [ENDED]]);
  });

  it("receives that another tab had the call, where it has ended after that", async () => {
    const { hub, engine, b } = await afterLoss();
    await b.dispatch(ANSWER);
    engine.signals.next(ENDED);
    const c = watch(hub.join("c", { known: [CALL] }));
    await settled();
    expect(c.signals).toEqual([ELSEWHERE]);
  });

  it("receives the end of a call that nobody knows any more", async () => {
    const { hub, engine } = hubWorld();
    const c = watch(hub.join("c", { known: [CALL] }));
    await settled();
    expect(c.signals).toEqual([]);
    engine.memory$.next(READ);
    await settled();
    expect(c.signals).toEqual([LOST]);
  });
});

describe("a tab that comes back to the same hub", () => {
  it("receives what waited for it first, in order, and keeps its own calls", async () => {
    const { hub, engine } = hubWorld();
    const a = hub.join("a");
    let receipt: string | undefined;
    a.sent$.subscribe((sent) => {
      receipt = sent.receipt;
    });
    await settled();
    await a.dispatch(PLACE);
    engine.signals.next({ ...CALL, type: "invited" });
    const received = receipt;
    a.lost();
    const theirs = { ...INCOMING, callId: "theirs" };
    engine.signals.next(theirs);
    engine.signals.next({ ...ENDED, callId: "theirs" });
    const again = watch(hub.join("a", { known: [CALL], receipt: received }));
    await settled();
    expect(again.signals).toEqual([theirs, { ...ENDED, callId: "theirs" }]);
  });
});

describe("a hub that goes on where another was lost", () => {
  it("has its engine end those of its calls that the engine does not have", async () => {
    const { known } = await afterLoss();
    expect(known).toMatchObject([[CALL]]);
  });
});

describe("finalRequests$ of a tab", () => {
  const request = (callId: string): FinalRequest => ({
    ...CALL,
    callId,
    url: `https://hs.test/${callId}`,
    method: "PUT",
    headers: {},
    body: "{}",
  });

  it("are those of its own calls alone, also of one whose last event is on its way", async () => {
    const { hub, engine } = hubWorld();
    const [a, b] = [hub.join("a"), hub.join("b")];
    const lists: Record<string, (readonly FinalRequest[])[]> = { a: [], b: [] };
    for (const [name, half] of Object.entries({ a, b })) {
      watch(half);
      half.finalRequests$?.subscribe((list) => lists[name]?.push(list));
    }
    await settled();
    await a.dispatch({ ...PLACE, callId: "of a" });
    await b.dispatch({ ...PLACE, callId: "of b" });
    engine.finalRequests$.next([request("of a"), request("of b")]);
    expect(lists).toEqual({ a: [[request("of a")]], b: [[request("of b")]] });
    engine.signals.next({ ...ENDED, callId: "of a" });
    engine.finalRequests$.next([request("of a")]);
    expect(lists.a?.at(-1)).toEqual([request("of a")]);
    expect(lists.b?.at(-1)).toEqual([]);
  });
});
