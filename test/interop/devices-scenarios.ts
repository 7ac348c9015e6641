/** Calls to a user who has two devices, one of ours and one of the other make. */
import { expect, it } from "vitest";
import { connected, eventually, hangUp, type Meeting, mediaFlows, soon } from "./meeting.ts";
import type { Peer } from "./peer.ts";

/** A meeting whose callee may answer on either of two devices. */
export interface DevicesMeeting extends Meeting {
  readonly devices: { readonly Trunkline: Peer; readonly "matrix-js-sdk": Peer };
}

const makes = ["Trunkline", "matrix-js-sdk"] as const;
const otherMake = { Trunkline: "matrix-js-sdk", "matrix-js-sdk": "Trunkline" } as const;

export function devicesScenarios(meeting: () => DevicesMeeting): void {
  it.each(makes)("two devices of the callee, answered on %s", async (answers) => {
    const { caller, roomId, calleeId } = meeting();
    const there = { ...meeting(), callee: meeting().devices[answers] };
    const other = meeting().devices[otherMake[answers]];
    const id = await caller.place({ roomId, invitee: calleeId, video: false });
    await soon("it rings on both", Promise.all([there.callee.rings(id), other.rings(id)]));
    await there.callee.answer(id, { video: false });
    expect(await soon("the other stops", other.ends(id))).toMatchObject({ reason: "answered_elsewhere" });
    await connected(there, id);
    await mediaFlows(there, { audio: 1, video: 0 });
    await hangUp(there, id);
  });

  it.each(makes)("two devices of the callee, rejected on %s", async (rejects) => {
    const { caller, roomId, calleeId } = meeting();
    const id = await caller.place({ roomId, invitee: calleeId, video: false });
    const devices = [meeting().devices[rejects], meeting().devices[otherMake[rejects]]];
    await soon("it rings on both", Promise.all(devices.map((device) => device.rings(id))));
    await meeting().devices[rejects].reject(id);
    await soon("all end", Promise.all([caller, ...devices].map((peer) => peer.ends(id))));
    for (const peer of [caller, ...devices]) await eventually(() => peer.live()).toEqual([]);
  });
}
