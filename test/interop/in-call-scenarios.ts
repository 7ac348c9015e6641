/** What a call can do once it is connected: the same for every pair of peers. */
import { it } from "vitest";
import { connect, eventually, hangUp, type Meeting, mediaFlows, receives, shows } from "./meeting.ts";

const sides = ["caller", "callee"] as const;
const otherSide = { caller: "callee", callee: "caller" } as const;

export function inCallScenarios(meeting: () => Meeting): void {
  it.each(sides)("held and resumed by the %s", async (side) => {
    const holder = meeting()[side];
    const other = meeting()[otherSide[side]];
    const id = await connect(meeting(), true);
    await holder.hold(id, true);
    await eventually(() => other.isHeld(id)).toBe(true);
    await receives(holder, { audio: 0, video: 0 });
    await holder.hold(id, false);
    await eventually(() => other.isHeld(id)).toBe(false);
    await mediaFlows(meeting(), { audio: 1, video: 1 });
    await hangUp(meeting(), id);
  });

  it.each(sides)("video added by the %s", async (side) => {
    const id = await connect(meeting(), false);
    await meeting()[side].addVideo(id);
    await receives(meeting()[otherSide[side]], { audio: 1, video: 1 });
    await shows(meeting()[otherSide[side]], id, "m.usermedia", { videoMuted: false });
    await hangUp(meeting(), id);
  });

  it("video added by one, then by the other", async () => {
    const { caller, callee } = meeting();
    const id = await connect(meeting(), false);
    await caller.addVideo(id);
    await receives(callee, { audio: 1, video: 1 });
    await callee.addVideo(id);
    await mediaFlows(meeting(), { audio: 1, video: 1 });
    await hangUp(meeting(), id);
  });

  it.each(sides)("the screen shared beside the camera by the %s, and no more", async (side) => {
    const sharer = meeting()[side];
    const other = meeting()[otherSide[side]];
    const id = await connect(meeting(), true);
    await sharer.shareScreen(id, true);
    await shows(other, id, "m.screenshare", {});
    await receives(other, { audio: 1, video: 2 });
    await sharer.shareScreen(id, false);
    await shows(other, id, "m.screenshare", undefined);
    await mediaFlows(meeting(), { audio: 1, video: 1 });
    await hangUp(meeting(), id);
  });
}
