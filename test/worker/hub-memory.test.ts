import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/streams/contract.ts";
import { remember } from "../../src/streams/memory.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { HubMemory, unwrap } from "../../src/worker/hub-memory.ts";
import { hubState, step } from "../../src/worker/hub-state.ts";
import { CALL } from "./stand-in.ts";

const INCOMING: Signal = {
  ...CALL,
  type: "incoming",
  peer: { userId: "@alice:example.org", partyId: "hers" },
  remaining: 90_000,
  capabilities: { transferee: false, dtmf: false },
  negotiable: true,
  description: { type: "offer", sdp: "v=0" },
};

/** What is remembered of a hub where a call began to ring 10 s ago, by a clock that shows 100 s. */
function remembered() {
  const clock = virtualClock();
  clock.sleep(90_000);
  const { state } = step(hubState(), { type: "signal", signal: INCOMING }, clock.now());
  const memory = new HubMemory(() => state.calls[0], clock, { calls: [{ ...CALL, state: "the engine's" }] });
  clock.sleep(10_000);
  return structuredClone(memory.whole()).reduce(remember, { calls: [] });
}

describe("the memory of a hub", () => {
  it.each([
    ["goes on", 130_000, 50_000],
    ["was set back, and is taken to begin where the other ended", 5_000, 80_000],
    ["shows that its time is up", 1_000_000, 0],
  ])(
    "P7 a call rings in a later tab of the next hub for what is left, where its clock %s",
    (_, now, remaining) => {
      const { engine, calls } = unwrap(remembered(), now);
      expect(engine.calls).toEqual([{ ...CALL, state: "the engine's" }]);
      const { effects } = step(hubState(calls), { type: "joined", tab: "late" }, now);
      expect(effects).toMatchObject([{ type: "tell", tab: "late", signal: { ...INCOMING, remaining } }]);
    },
  );
});
