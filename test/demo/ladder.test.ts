import { describe, expect, it } from "vitest";
import { ladder, type Side, stepsOf, type Told } from "../../demo/ladder.ts";
import { ladderText } from "../../demo/ladder-text.ts";
import { latencies } from "../../demo/latencies.ts";
import type { MilestoneName } from "../../src/streams/contract.ts";

describe("ladder", () => {
  const milestone = (side: Side, name: MilestoneName, at: number): Told => ({
    side,
    entry: { kind: "milestone", name, at },
  });
  const message = (
    side: Side,
    direction: "sent" | "received" | "dropped",
    eventType: string,
    at: number,
    note?: string,
  ): Told => ({
    side,
    entry: { kind: "message", direction, eventType, at, ...(note !== undefined && { note }) },
  });

  // Bob calls, and what came last was told first.
  const call: readonly Told[] = [
    milestone("alice", "connected", 1_090),
    milestone("bob", "place", 1_000),
    message("bob", "sent", "m.call.invite", 1_010),
    message("bob", "dropped", "m.call.invite", 1_020, "our own echo"),
    message("alice", "received", "m.call.invite", 1_015),
    message("bob", "sent", "m.call.candidates", 1_016, "3"),
    message("bob", "sent", "m.call.candidates", 1_017, "1"),
    milestone("alice", "ringing", 1_018),
    message("alice", "received", "m.call.candidates", 1_022, "3"),
    milestone("alice", "accept", 1_050),
    milestone("alice", "description_made", 1_055),
    message("alice", "sent", "m.call.answer", 1_060),
    milestone("bob", "connected", 1_080),
  ];

  it("makes one rung of what was sent and came, from both sides' words, in order of time", () => {
    expect(ladder(call)).toEqual([
      { kind: "note", step: "A", label: "call placed", times: { bob: 0 } },
      { kind: "message", step: "A", label: "m.call.invite", from: "bob", times: { bob: 10, alice: 15 } },
      {
        kind: "message",
        step: "B",
        label: "m.call.candidates",
        from: "bob",
        count: "3",
        times: { bob: 16, alice: 22 },
      },
      { kind: "message", step: "B", label: "m.call.candidates", from: "bob", count: "1", times: { bob: 17 } },
      { kind: "note", step: "C", label: "it rings", times: { alice: 18 } },
      { kind: "note", step: "C", label: "call accepted", times: { alice: 50 } },
      { kind: "note", step: "C", label: "answer made", times: { alice: 55 } },
      { kind: "message", step: "C", label: "m.call.answer", from: "alice", times: { alice: 60 } },
      { kind: "note", step: "E", label: "connected", times: { bob: 80, alice: 90 } },
    ]);
  });

  it("counts the candidates inside a description as the step that they are", () => {
    const answer = [
      message("alice", "sent", "m.call.answer", 1_060, "7"),
      message("bob", "received", "m.call.answer", 1_070, "7"),
    ];
    const rungs = ladder([...call.filter(({ entry }) => entry.at < 1_060), ...answer]);
    expect(rungs.at(-1)).toMatchObject({ step: "C", also: "D", count: "7", times: { alice: 60, bob: 70 } });
    expect([...stepsOf(rungs)]).toEqual(["A", "B", "C", "D"]);
    expect(stepsOf(ladder([message("bob", "sent", "m.call.invite", 1_010, "0")])).has("B")).toBe(false);
  });

  it("tells of a message that was dropped, and why", () => {
    const late = message("bob", "received", "m.call.answer", 1_070);
    const rungs = ladder([...call, late, message("bob", "dropped", "m.call.answer", 1_071, "too late")]);
    expect(rungs.find(({ label }) => label === "m.call.answer")).toMatchObject({ dropped: "too late" });
    expect(ladder([message("alice", "dropped", "m.call.invite", 5, "expired")])).toMatchObject([
      { from: "bob", dropped: "expired", times: { alice: 0 } },
    ]);
  });

  it("counts a latency when both sides are there", () => {
    const [ring, pickUp, media] = latencies(call);
    expect(ring).toMatchObject({ ms: 18 });
    expect(pickUp).toMatchObject({ ms: 40 });
    expect(media?.ms).toBeUndefined();
  });

  it("stands straight in 80 columns", () => {
    const lines = ladderText(ladder(call)).split("\n").slice(4);
    for (const line of lines) {
      expect(line.length).toBeLessThanOrEqual(80);
      expect(line[9]).toMatch(/[│●█]/);
      expect(line[71]).toMatch(/[│●█]/);
    }
  });
});
