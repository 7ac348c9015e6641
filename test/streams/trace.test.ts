import { expect, it } from "vitest";
import { toMermaid } from "../../src/streams/trace.ts";

const at = 1_000;

it("draws a story in the order of its times, counted from the first", () => {
  const diagram = toMermaid(
    [
      { kind: "milestone", name: "invite_acknowledged", at: at + 40.4 },
      { kind: "milestone", name: "place", at },
      { kind: "message", direction: "sent", eventType: "m.call.invite", at: at + 20 },
      { kind: "message", direction: "received", eventType: "m.call.candidates", note: "3", at: at + 50 },
      {
        kind: "message",
        direction: "dropped",
        eventType: "m.call.hangup",
        note: "not the peer",
        at: at + 60,
      },
    ],
    { us: "@alice:test", peer: "@bob:test" },
  );
  expect(diagram.split("\n").slice(4)).toEqual([
    "  Note over us: place +0 ms",
    "  us->>room: m.call.invite +20 ms",
    "  Note over us: invite acknowledged +40 ms",
    "  room->>us: m.call.candidates (3) +50 ms",
    "  room--xus: m.call.hangup (not the peer) +60 ms",
  ]);
});

it("keeps a peer's text from being read as part of the diagram", () => {
  const diagram = toMermaid([], { us: "a", peer: "b;\n  Note over us: hacked %%{init}%%" });
  expect(diagram.split("\n")).toHaveLength(4);
  expect(diagram).not.toMatch(/[;%{}]/);
});
