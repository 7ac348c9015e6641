/** Two that call each other at the same time: the same for every pair of peers. */
import { it } from "vitest";
import { connected, eventually, hangUp, type Meeting, mediaFlows } from "./meeting.ts";

const sides = ["caller", "callee"] as const;

/** Waits until both have this one call, with media. */
async function becomesOne(meeting: Meeting, id: string): Promise<void> {
  for (const peer of [meeting.caller, meeting.callee]) await eventually(() => peer.live()).toEqual([id]);
  await connected(meeting, id);
  await mediaFlows(meeting, { audio: 1, video: 1 });
  await hangUp(meeting, id);
}

export function glareScenarios(meeting: () => Meeting): void {
  it.each(sides)("two invites that cross become one call, the %s's", async (winner) => {
    const { gate, caller, callee, roomId, callerId, calleeId } = meeting();
    const rank = (side: (typeof sides)[number]) => (side === winner ? "lesser" : "greater");
    gate.hold();
    const ids = {
      caller: await caller.place({ roomId, invitee: calleeId, video: true, rank: rank("caller") }),
      callee: await callee.place({ roomId, invitee: callerId, video: true, rank: rank("callee") }),
    };
    await eventually(async () => gate.invites).toBe(2);
    gate.release();
    await becomesOne(meeting(), ids[winner]);
  });
}

/** Not with matrix-js-sdk as the callee: see docs/interop.md. */
export function preparingScenario(meeting: () => Meeting): void {
  it("an invite that comes while the callee prepares one becomes the call", async () => {
    const { caller, callee, roomId, callerId, calleeId } = meeting();
    await callee.holdDevices(true);
    await callee.place({ roomId, invitee: callerId, video: true, rank: "greater" });
    const id = await caller.place({ roomId, invitee: calleeId, video: true, rank: "lesser" });
    await eventually(() => callee.live()).toEqual([id]);
    await callee.holdDevices(false);
    await becomesOne(meeting(), id);
  });
}
