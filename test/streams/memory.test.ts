import { expect, it } from "vitest";
import { NO_MEMORY, remember } from "../../src/streams/memory.ts";

const call = { roomId: "!room", callId: "call" };

it("remembers the last state of each call, by room and id", () => {
  const changes = [
    { type: "call", ...call, state: 1 },
    { type: "call", ...call, roomId: "!other", state: 2 },
    { type: "call", ...call, callId: "other", state: 3 },
    { type: "call", ...call, state: 4 },
  ] as const;
  expect(changes.reduce(remember, NO_MEMORY)).toEqual({
    calls: [
      { ...call, roomId: "!other", state: 2 },
      { ...call, callId: "other", state: 3 },
      { ...call, state: 4 },
    ],
  });
});

it("forgets a call that has no state any more, and no other", () => {
  const kept = remember(NO_MEMORY, { type: "call", ...call, callId: "other", state: 1 });
  const both = remember(kept, { type: "call", ...call, state: 2 });
  expect(remember(both, { type: "call", ...call })).toEqual(kept);
});

it("remembers the last position, beside the calls", () => {
  const known = remember(NO_MEMORY, { type: "call", ...call, state: 1 });
  const at = (position: string, memory = known) => remember(memory, { type: "position", position });
  expect(at("s2", at("s1"))).toEqual({ position: "s2", calls: [{ ...call, state: 1 }] });
});
