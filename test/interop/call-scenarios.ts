/** What every call is made of: the same for every pair of peers. */
import { expect, it } from "vitest";
import {
  connect,
  connected,
  eventually,
  hangUp,
  type Meeting,
  mediaFlows,
  receives,
  ring,
  shows,
  soon,
} from "./meeting.ts";

export function callScenarios(meeting: () => Meeting): void {
  it("voice: connects, sound comes in on both sides", async () => {
    await hangUp(meeting(), await connect(meeting(), false));
  });

  it("video: connects, sound and video come in on both sides", async () => {
    await hangUp(meeting(), await connect(meeting(), true));
  });

  it("video, answered by voice", async () => {
    const { caller, callee } = meeting();
    const id = await ring(meeting(), true);
    await callee.answer(id, { video: false });
    await connected(meeting(), id);
    await receives(callee, { audio: 1, video: 1 });
    await receives(caller, { audio: 1, video: 0 });
    await hangUp(meeting(), id);
  });

  it("rejected", async () => {
    const id = await ring(meeting(), false);
    await meeting().callee.reject(id);
    expect(await soon("the caller's call ends", meeting().caller.ends(id))).toMatchObject({ by: "peer" });
  });

  it("hung up by the caller while it rings", async () => {
    await hangUp(meeting(), await ring(meeting(), false));
  });

  it("hung up by the caller when connected", async () => {
    const { caller, callee } = meeting();
    const id = await connect(meeting(), false);
    await caller.hangup(id);
    expect(await soon("the callee's call ends", callee.ends(id))).toEqual({
      by: "peer",
      reason: "user_hangup",
    });
  });

  it("hung up by the callee when connected", async () => {
    const { caller, callee } = meeting();
    const id = await connect(meeting(), false);
    await callee.hangup(id);
    expect(await soon("the caller's call ends", caller.ends(id))).toEqual({
      by: "peer",
      reason: "user_hangup",
    });
  });

  it("the microphone muted and unmuted, seen at the other side", async () => {
    const { caller, callee } = meeting();
    const id = await connect(meeting(), false);
    for (const [one, other] of [[caller, callee] as const, [callee, caller] as const]) {
      for (const audio of [true, false]) {
        await one.mute(id, { audio });
        await shows(other, id, "m.usermedia", { audioMuted: audio });
      }
    }
    await mediaFlows(meeting(), { audio: 1, video: 0 });
    await hangUp(meeting(), id);
  });

  it("the camera muted and unmuted, seen at the other side", async () => {
    const { caller, callee } = meeting();
    const id = await connect(meeting(), true);
    for (const [one, other] of [[caller, callee] as const, [callee, caller] as const]) {
      for (const video of [true, false]) {
        await one.mute(id, { video });
        await shows(other, id, "m.usermedia", { videoMuted: video });
      }
    }
    await mediaFlows(meeting(), { audio: 1, video: 1 });
    await hangUp(meeting(), id);
  });

  it("expires, at both ends", async () => {
    const { caller, callee, roomId, calleeId } = meeting();
    const id = await caller.place({ roomId, invitee: calleeId, video: false, lifetime: 6_000 });
    await soon("the call rings", callee.rings(id));
    for (const peer of [callee, caller]) await eventually(() => peer.live(), 75_000).toEqual([]);
    const ends = await Promise.all([caller.ends(id), callee.ends(id)]);
    expect(ends.map(({ reason }) => reason)).toContain("invite_timeout");
  }, 90_000);
}
