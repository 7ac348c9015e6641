/**
 * With a client that sends no stream metadata: Trunkline sends it one stream, and does not negotiate with it before that
 * client has done so itself.
 */
import { it } from "vitest";
import { connect, eventually, hangUp, type Meeting, mediaFlows, receives } from "./meeting.ts";
import type { Peer } from "./peer.ts";

export interface NoMetadataMeeting extends Meeting {
  readonly trunkline: Peer;
  readonly other: Peer;
}

export function noMetadataScenarios(meeting: () => NoMetadataMeeting): void {
  it("held in silence by Trunkline, and resumed", async () => {
    const { trunkline, other } = meeting();
    const id = await connect(meeting(), true);
    await trunkline.hold(id, true);
    await receives(other, { audio: 0, video: 0 });
    await trunkline.hold(id, false);
    await mediaFlows(meeting(), { audio: 1, video: 1 });
    await hangUp(meeting(), id);
  });

  it("held and resumed by the other, and from then on by Trunkline", async () => {
    const { trunkline, other } = meeting();
    const id = await connect(meeting(), true);
    for (const [holder, held] of [[other, trunkline] as const, [trunkline, other] as const]) {
      await holder.hold(id, true);
      await eventually(() => held.isHeld(id)).toBe(true);
      await holder.hold(id, false);
      await eventually(() => held.isHeld(id)).toBe(false);
      await mediaFlows(meeting(), { audio: 1, video: 1 });
    }
    await hangUp(meeting(), id);
  });

  it("the screen shared in the camera's place by Trunkline, and no more", async () => {
    const { trunkline, other } = meeting();
    const id = await connect(meeting(), true);
    for (const on of [true, false]) {
      await trunkline.shareScreen(id, on);
      await eventually(() => other.pictures()).toEqual([on ? "portrait" : "landscape"]);
      await mediaFlows(meeting(), { audio: 1, video: 1 });
    }
    await hangUp(meeting(), id);
  });
}
