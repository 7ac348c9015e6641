/** A caller, a callee and their room, and what every scenario does with them. */
import { expect } from "vitest";
import type { Gate } from "./gate.ts";
import type { Peer, Receiving, SeenStream } from "./peer.ts";

export interface Meeting {
  readonly caller: Peer;
  readonly callee: Peer;
  readonly gate: Gate;
  readonly roomId: string;
  readonly callerId: string;
  readonly calleeId: string;
  /** Those of the two that are ours: a call must leave nothing open there. */
  readonly ours: readonly Peer[];
}

/** How long anything may take that has no time of its own, in ms. */
const SOON = 30_000;

export const eventually = <T>(ask: () => Promise<T>, within = SOON) =>
  expect.poll(ask, { timeout: within, interval: 50 });

/** Rejects with what did not happen where it takes too long. */
export async function soon<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${SOON / 1_000} s`)), SOON);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Places a call and waits until it rings. Resolves with its id. */
export async function ring({ caller, callee, roomId, calleeId }: Meeting, video: boolean): Promise<string> {
  const id = await caller.place({ roomId, invitee: calleeId, video });
  await soon("the call rings", callee.rings(id));
  return id;
}

/** Places a call, answers it, and waits until both are connected and media comes in on both sides. */
export async function connect(meeting: Meeting, video: boolean): Promise<string> {
  const id = await ring(meeting, video);
  await meeting.callee.answer(id, { video });
  await connected(meeting, id);
  await mediaFlows(meeting, { audio: 1, video: video ? 1 : 0 });
  return id;
}

export async function connected({ caller, callee }: Meeting, id: string): Promise<void> {
  for (const peer of [caller, callee]) {
    expect(await soon("the call connects", peer.connects(id))).toBe("connected");
  }
}

export async function mediaFlows({ caller, callee }: Meeting, wanted: Receiving): Promise<void> {
  await Promise.all([caller, callee].map((peer) => receives(peer, wanted)));
}

export async function receives(peer: Peer, wanted: Partial<Receiving>): Promise<void> {
  await eventually(() => peer.receiving()).toMatchObject(wanted);
}

/** Waits until the one stream of this purpose is shown as said; `undefined`: until there is none. */
export async function shows(
  peer: Peer,
  id: string,
  purpose: string,
  wanted: Partial<SeenStream> | undefined,
): Promise<void> {
  const look = async () => (await peer.sees(id)).filter((stream) => stream.purpose === purpose);
  await eventually(look).toMatchObject(wanted ? [wanted] : []);
}

export async function hangUp({ caller, callee }: Meeting, id: string): Promise<void> {
  await caller.hangup(id);
  expect(await soon("the callee's call ends", callee.ends(id))).toMatchObject({ by: "peer" });
}

/** After a scenario: ends what a failed one left, and sees that nothing of ours is still open. */
export async function clear({ caller, callee, gate, ours }: Meeting): Promise<void> {
  gate.release();
  for (const peer of [caller, callee]) {
    await peer.holdDevices(false);
    for (const id of await peer.live()) await peer.hangup(id);
    await eventually(() => peer.live()).toEqual([]);
  }
  for (const peer of ours) {
    await eventually(() => peer.leftOpen()).toEqual({ tracks: 0, connections: 0 });
  }
}
