import { describe, expect, it } from "vitest";
import type { Command, Signal } from "../../src/streams/contract.ts";
import { type HubEffect, type HubInput, type HubState, hubState, step } from "../../src/worker/hub-state.ts";
import { CALL } from "./stand-in.ts";

const INCOMING: Extract<Signal, { type: "incoming" }> = {
  ...CALL,
  type: "incoming",
  peer: { userId: "@alice:example.org", partyId: "hers" },
  remaining: 90_000,
  capabilities: { transferee: false, dtmf: false },
  negotiable: true,
  description: { type: "offer", sdp: "v=0" },
};
const candidates = (...texts: string[]): Signal => ({
  ...CALL,
  type: "candidates",
  candidates: texts.map((candidate) => ({ candidate, sdpMid: "0" })),
});
const identity = (displayName: string): Signal => ({ ...CALL, type: "identity", identity: { displayName } });
const TRACE: Signal = {
  ...CALL,
  type: "trace",
  entry: { kind: "milestone", name: "ended", at: 1 },
};
const ENDED: Signal = { ...CALL, type: "ended", end: { by: "peer", reason: "user_hangup" } };
const ANSWER: Command = { ...CALL, type: "answer", description: { type: "answer", sdp: "v=0" } };
const REJECT: Command = { ...CALL, type: "reject" };
const PLACE: Command = { ...CALL, type: "place" };

const joined = (tab: string): HubInput => ({ type: "joined", tab });
const left = (tab: string): HubInput => ({ type: "left", tab });
const signal = (signal: Signal): HubInput => ({ type: "signal", signal });
const says = (tab: string, command: Command): HubInput => ({ type: "command", tab, command });
const tell = (tab: string, signal: Signal): HubEffect => ({ type: "tell", tab, signal });
const dispatch = (command: Command): HubEffect => ({ type: "dispatch", command });

/** An input that comes later than the others. */
const at = (ms: number, input: HubInput) => ({ ...input, ms });

/** The effects of the last input, after the others. */
function effectsOf(...inputs: readonly (HubInput & { readonly ms?: number })[]): readonly HubEffect[] {
  let state: HubState = hubState();
  let effects: readonly HubEffect[] = [];
  for (const { ms = 0, ...input } of inputs) ({ state, effects } = step(state, input, ms));
  return effects;
}

const three = [joined("a"), joined("b"), joined("c")];
const ringing = [...three, signal(INCOMING)];
const end = (reason: string): Signal => ({ ...CALL, type: "ended", end: { by: "other_device", reason } });

describe("hub: a call that rings", () => {
  it("rings in every tab", () => {
    expect(effectsOf(...ringing)).toEqual([tell("a", INCOMING), tell("b", INCOMING), tell("c", INCOMING)]);
  });

  it("goes on in every tab: candidates, identity, streams, and its end", () => {
    for (const each of [candidates("1"), identity("Alice"), ENDED])
      expect(effectsOf(...ringing, signal(each))).toEqual(["a", "b", "c"].map((tab) => tell(tab, each)));
  });

  it("rings in a tab that comes later, with all candidates and the last identity that came since", () => {
    const since = [candidates("1"), identity("Alice"), candidates("2"), identity("Anne"), TRACE];
    expect(effectsOf(joined("a"), signal(INCOMING), ...since.map(signal), joined("b"))).toEqual([
      tell("b", INCOMING),
      tell("b", candidates("1", "2")),
      tell("b", identity("Anne")),
    ]);
  });

  it("P7 rings in a tab that comes later for the time that is left", () => {
    let state = step(step(hubState(), joined("a"), 0).state, signal(INCOMING), 5_000).state;
    const remaining = (at: number) => {
      const { effects, ...next } = step(state, joined(`tab ${at}`), at);
      state = next.state;
      return effects.map(
        (effect) => effect.type === "tell" && "remaining" in effect.signal && effect.signal.remaining,
      );
    };
    expect([5_000, 35_000, 200_000].map(remaining)).toEqual([[90_000], [60_000], [0]]);
  });

  it("rings in a tab that comes when no other is left", () => {
    expect(effectsOf(joined("a"), signal(INCOMING), left("a"), joined("b"))).toEqual([tell("b", INCOMING)]);
  });

  it("does not ring anew in a tab that comes back", () => {
    expect(effectsOf(...ringing, joined("a"))).toEqual([]);
  });

  it("does not ring in a tab that comes once it has ended, or been taken", () => {
    expect(effectsOf(...ringing, signal(ENDED), joined("d"))).toEqual([]);
    expect(effectsOf(...ringing, says("a", ANSWER), joined("d"))).toEqual([]);
  });

  it("keeps a bounded number of a stranger's signals for those that come late (P44)", () => {
    const flood = Array.from({ length: 1_000 }, (_, i) => signal(candidates(`${i}`)));
    const late = effectsOf(joined("a"), signal(INCOMING), ...flood, joined("b"));
    const newest = Array.from({ length: 256 }, (_, i) => `${i + 744}`);
    expect(late).toEqual([tell("b", INCOMING), tell("b", candidates(...newest))]);
  });
});

describe("hub: who takes a call", () => {
  it("P15 ends for the others as answered elsewhere when one tab answers", () => {
    expect(effectsOf(...ringing, says("b", ANSWER))).toEqual([
      dispatch(ANSWER),
      tell("a", end("answered_elsewhere")),
      tell("c", end("answered_elsewhere")),
    ]);
  });

  it.each([
    [REJECT, "rejected"],
    [{ ...CALL, type: "hangup", reason: "user_busy" } as const, "user_busy"],
  ])("ends for the others when one tab says no: %#", (command, reason) => {
    expect(effectsOf(...ringing, says("a", command))).toEqual([
      dispatch(command),
      tell("b", end(reason)),
      tell("c", end(reason)),
    ]);
  });

  it.each([ANSWER, REJECT, { ...CALL, type: "hangup", reason: "user_hangup" } as const])(
    "refuses what another tab says of it from then on: %#",
    (command) => {
      const [refused, ...rest] = effectsOf(...ringing, says("a", ANSWER), says("b", command));
      expect(refused).toMatchObject({ type: "refuse", error: { code: "wrong_state" } });
      expect(rest).toEqual([]);
    },
  );

  it("lets the tab that has it say more, and tells only that one what comes", () => {
    const hangup: Command = { ...CALL, type: "hangup", reason: "user_hangup" };
    expect(effectsOf(...ringing, says("a", ANSWER), says("a", hangup))).toEqual([dispatch(hangup)]);
    for (const each of [candidates("1"), TRACE, ENDED])
      expect(effectsOf(...ringing, says("a", ANSWER), signal(each))).toEqual([tell("a", each)]);
  });

  it("is not taken by what is no answer", () => {
    const candidate: Command = { ...CALL, type: "candidate", candidate: { candidate: "" } };
    expect(effectsOf(...ringing, says("a", candidate), says("b", ANSWER))).toHaveLength(3);
  });

  it("tells its last words to the tab that had it", () => {
    expect(effectsOf(...ringing, says("a", ANSWER), signal(ENDED), signal(TRACE))).toEqual([
      tell("a", TRACE),
    ]);
  });

  it("leaves what it does not know to the engine, and tells all what may be anybody's", () => {
    expect(effectsOf(...three, says("a", ANSWER))).toEqual([dispatch(ANSWER)]);
    expect(effectsOf(...three, signal(TRACE))).toHaveLength(3);
    const ignored: Signal = { ...CALL, type: "ignored", peer: { userId: "@a:b" }, reason: "public_room" };
    expect(effectsOf(...three, signal(ignored))).toHaveLength(3);
  });

  it("P40 keeps calls of one id in two rooms apart", () => {
    const other: Signal = { ...INCOMING, roomId: "!other:example.org" };
    expect(effectsOf(...ringing, says("a", ANSWER), signal(other))).toHaveLength(3);
    expect(effectsOf(...ringing, says("a", ANSWER), signal(other), signal(ENDED))).toEqual([
      tell("a", ENDED),
    ]);
  });
});

describe("hub: a call that a tab claims, and has not answered yet", () => {
  const CLAIM: Command = { ...CALL, type: "claim" };
  const RELEASE: Command = { ...CALL, type: "release" };
  const elsewhere = end("answered_elsewhere");
  const claimed = [...ringing, says("b", CLAIM)];
  const AT = 30_000;
  const again: Signal = { ...INCOMING, remaining: 60_000 };

  it("ends at once for the others, and rings in no tab that comes", () => {
    expect(effectsOf(...claimed)).toEqual([dispatch(CLAIM), tell("a", elsewhere), tell("c", elsewhere)]);
    expect(effectsOf(...claimed, joined("d"))).toEqual([]);
    expect(effectsOf(...claimed, signal(ENDED))).toEqual([tell("b", ENDED)]);
  });

  it.each([CLAIM, ANSWER, REJECT])("is refused to the others: %#", (command) => {
    expect(effectsOf(...claimed, says("a", command))).toMatchObject([
      { type: "refuse", error: { code: "wrong_state" } },
    ]);
  });

  it.each([ANSWER, REJECT, { ...CALL, type: "hangup", reason: "user_busy" } as const])(
    "is answered or declined by the tab that has it, of which nobody else is told again: %#",
    (command) => {
      expect(effectsOf(...claimed, says("b", command))).toEqual([dispatch(command)]);
      expect(effectsOf(...claimed, says("b", command), says("b", RELEASE))).toEqual([dispatch(RELEASE)]);
    },
  );

  it("rings again in the others when it is released, for as long as is left, with all that came since", () => {
    const inputs = [...claimed, signal(candidates("1"))];
    expect(effectsOf(...inputs, at(AT, says("b", RELEASE)))).toEqual([
      dispatch(RELEASE),
      ...["a", "c"].flatMap((tab) => [tell(tab, again), tell(tab, candidates("1"))]),
    ]);
    expect(effectsOf(...inputs, says("b", RELEASE), says("a", ANSWER)).at(1)).toEqual(tell("b", elsewhere));
  });

  it("P48 rings again in the others when its tab goes, and is not hung up", () => {
    expect(effectsOf(...claimed, at(AT, left("b")))).toEqual([tell("a", again), tell("c", again)]);
    expect(effectsOf(...claimed, left("b"), at(AT, joined("d")))).toEqual([tell("d", again)]);
    expect(effectsOf(...claimed, says("b", ANSWER), left("b"))).toMatchObject([{ type: "dispatch" }]);
  });

  it("may be claimed twice and released twice: nothing happens the second time", () => {
    expect(effectsOf(...claimed, says("b", CLAIM))).toEqual([dispatch(CLAIM)]);
    expect(effectsOf(...claimed, says("b", RELEASE), says("b", RELEASE))).toEqual([dispatch(RELEASE)]);
  });
});

describe("hub: calls that a tab takes for live", () => {
  const known = (tab: string): HubInput => ({ type: "known", tab, calls: [CALL] });

  it("go on where they do", () => {
    expect(effectsOf(...ringing, known("a"))).toEqual([]);
    expect(effectsOf(...three, says("a", PLACE), known("a"))).toEqual([]);
  });

  it("end for it where they are gone, or another tab's", () => {
    const lost: Signal = { ...CALL, type: "ended", end: { by: "system", reason: "signalling_failed" } };
    expect(effectsOf(...three, known("a"))).toEqual([tell("a", lost)]);
    expect(effectsOf(...ringing, says("b", ANSWER), known("a"))).toEqual([
      tell("a", end("answered_elsewhere")),
    ]);
  });
});

describe("hub: calls that a tab brings of a hub that was lost", () => {
  const heard = [INCOMING];
  const adopted = (call: object): HubInput => ({
    type: "adopted",
    tab: "a",
    calls: [{ ...CALL, heard, until: 90_000, ...call }],
  });

  it("ring in the other tabs, for as long as is left", () => {
    const again = { ...INCOMING, remaining: 60_000 };
    expect(effectsOf(...three, at(30_000, adopted({})))).toEqual([tell("b", again), tell("c", again)]);
  });

  it("are the tab's that had them", () => {
    const inputs = [...three, adopted({ owner: "b", heard: [] })];
    expect(effectsOf(...inputs)).toEqual([]);
    expect(effectsOf(...inputs, signal(TRACE))).toEqual([tell("b", TRACE)]);
  });
});

describe("hub: an invite that comes twice", () => {
  it("does not take a call from the tab that has it", () => {
    expect(effectsOf(...ringing, says("b", ANSWER), signal(INCOMING))).toEqual([tell("b", INCOMING)]);
    expect(effectsOf(...ringing, says("b", ANSWER), signal(INCOMING), joined("d"))).toEqual([]);
  });
});

describe("hub: a call that a tab places", () => {
  const invited: Signal = { ...CALL, type: "invited" };

  it("is that tab's: nobody else hears of it, or may speak for it", () => {
    expect(effectsOf(...three, says("b", PLACE))).toEqual([dispatch(PLACE)]);
    expect(effectsOf(...three, says("b", PLACE), signal(invited))).toEqual([tell("b", invited)]);
    for (const command of [PLACE, { ...CALL, type: "hangup", reason: "user_hangup" } as const])
      expect(effectsOf(...three, says("b", PLACE), says("a", command))).toMatchObject([{ type: "refuse" }]);
  });

  it("P21 is replaced in that tab alone, and the others do not ring", () => {
    const crossing: Signal = { ...INCOMING, callId: "a-call", replaces: CALL.callId };
    const placed = [...three, says("b", PLACE)];
    expect(effectsOf(...placed, signal(crossing))).toEqual([tell("b", crossing)]);
    expect(effectsOf(...placed, signal(crossing), joined("d"))).toEqual([]);
    const answer: Command = { ...ANSWER, callId: "a-call" };
    expect(effectsOf(...placed, signal(crossing), says("b", answer))).toEqual([dispatch(answer)]);
    expect(effectsOf(...placed, signal(crossing), says("a", answer))).toMatchObject([{ type: "refuse" }]);
    expect(effectsOf(...placed, signal(crossing), says("b", answer), left("b"))).toMatchObject([
      { command: { callId: "a-call", type: "hangup" } },
    ]);
  });

  it("P21 P48 rings in the others as theirs where that tab cannot answer it, or goes before it has", () => {
    const crossing = { ...INCOMING, callId: "a-call", replaces: CALL.callId };
    const crossed = [...three, says("b", PLACE), signal(crossing)];
    const release: Command = { roomId: CALL.roomId, callId: "a-call", type: "release" };
    const streams: Signal = { roomId: CALL.roomId, callId: "a-call", type: "streams", streams: [] };
    const rings = [{ ...crossing, remaining: crossing.remaining - 20_000 }, streams];
    const others = ["a", "c"].flatMap((tab) => rings.map((each) => tell(tab, each)));
    expect(effectsOf(...crossed, signal(streams), at(20_000, says("b", release)))).toEqual([
      dispatch(release),
      ...others,
    ]);
    expect(effectsOf(...crossed, signal(streams), at(20_000, left("b")))).toEqual(others);
  });

  it("is forgotten when the engine does not know it", () => {
    expect(effectsOf(...three, says("b", PLACE), { type: "unknown", call: CALL }, left("b"))).toEqual([]);
  });
});

describe("hub: a tab that goes", () => {
  const another = { ...PLACE, callId: "another" };

  it("has its own calls hung up, and no others", () => {
    const inputs = [...ringing, says("a", ANSWER), says("a", another), says("b", { ...PLACE, callId: "b" })];
    const hangup = { roomId: CALL.roomId, type: "hangup", reason: "user_hangup" } as const;
    expect(effectsOf(...inputs, left("a"))).toEqual([
      dispatch({ ...hangup, callId: "call" }),
      dispatch({ ...hangup, callId: "another" }),
    ]);
  });

  it("leaves what rings to the others, and hears no more of it", () => {
    expect(effectsOf(...ringing, left("a"))).toEqual([]);
    expect(effectsOf(...ringing, left("a"), says("b", ANSWER))).toEqual([
      dispatch(ANSWER),
      tell("c", end("answered_elsewhere")),
    ]);
  });
});
