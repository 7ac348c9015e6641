/** Calls between two phones in Chromium, over whichever homeserver the stage has: the same for all of them. */
import { afterEach, expect, it } from "vitest";
import type { RemotePhone } from "./stage.ts";

export interface Pair {
  readonly alice: RemotePhone;
  readonly bob: RemotePhone;
  readonly roomId: string;
  readonly aliceId: string;
  readonly bobId: string;
}

const both = { audio: true, video: true };
export const media = { voice: { audio: true }, video: both } as const;

/** Places a call from Alice to Bob, waits until it rings, answers it, waits until both are connected. */
export async function connect(
  { alice, bob, roomId, bobId }: Pair,
  capture: { audio?: boolean; video?: boolean },
) {
  const ours = await alice.place({ roomId, invitee: bobId, ...capture });
  const theirs = await bob.rings();
  await bob.answer(theirs, capture);
  expect(await alice.reaches(ours, "connected"), JSON.stringify(await alice.story(ours))).toBe("connected");
  expect(await bob.reaches(theirs, "connected")).toBe("connected");
  return { ours, theirs };
}

/** A whole call: media comes in on both sides by `path`; nothing is left open after. */
export async function wholeCall(
  pair: Pair,
  capture: { audio?: boolean; video?: boolean },
  path: "host" | "relay",
) {
  const { ours, theirs } = await connect(pair, capture);
  const wanted = { video: capture.video === true };
  const traffic = await Promise.all([pair.alice.receives(wanted), pair.bob.receives(wanted)]);
  await pair.alice.hangup(ours);
  expect(await pair.bob.ends(theirs)).toEqual({ by: "peer", reason: "user_hangup" });
  await expectNothingOpen(pair);
  // Each side's own end tells: how the other's looks from here depends on which candidate came first.
  for (const { localEnd } of traffic) {
    if (path === "relay") expect(localEnd).toBe("relay");
    else expect(localEnd).not.toBe("relay");
  }
}

export async function expectNothingOpen({ alice, bob }: Pair) {
  const nothing = { tracks: 0, connections: 0 };
  expect([await alice.leftOpen(), await bob.leftOpen()]).toEqual([nothing, nothing]);
}

export function callScenarios(pair: () => Pair): void {
  afterEach(() => expectNothingOpen(pair()));

  it("a voice call connects, and audio comes in on both sides", () => wholeCall(pair(), media.voice, "host"));

  it("a video call connects, and audio and video come in on both sides", () =>
    wholeCall(pair(), media.video, "host"));

  it("is answered by voice where video was offered", async () => {
    const { alice, bob, roomId } = pair();
    const ours = await alice.place({ roomId, ...both });
    const theirs = await bob.rings();
    await bob.answer(theirs, { audio: true });
    await alice.reaches(ours, "connected");
    await Promise.all([alice.receives({ video: false }), bob.receives({ video: true })]);
    await alice.hangup(ours);
    await bob.ends(theirs);
  });

  it("P45 while it rings nothing is sent, no pair is made, and no device is open", async () => {
    const { alice, bob, roomId } = pair();
    const ours = await alice.place({ roomId, ...both, lifetime: 5_000 });
    const theirs = await bob.rings();
    await bob.tells(theirs, "prepared");
    await Promise.all([alice.gathered(), bob.gathered()]);
    expect(await bob.offers(theirs)).toEqual(both);
    const { ports, theirs: used, pairs, bytesSent } = await bob.ice();
    expect(ports.length).toBeGreaterThan(0);
    expect({ used, pairs, bytesSent }).toEqual({ used: 0, pairs: 0, bytesSent: 0 });
    expect(await bob.leftOpen()).toEqual({ tracks: 0, connections: 1 });
    expect(await bob.ends(theirs)).toMatchObject({ reason: "invite_timeout" });
    await alice.ends(ours);
  });

  it("P23 P24 accepted a while after, it is answered with all candidates, by the way that was prepared", async () => {
    const { alice, bob, roomId } = pair();
    const ours = await alice.place({ roomId, ...both });
    const theirs = await bob.rings();
    await bob.tells(theirs, "prepared");
    await Promise.all([alice.gathered(), bob.gathered()]);
    await bob.answer(theirs, both);
    await Promise.all([alice.reaches(ours, "connected"), bob.reaches(theirs, "connected")]);
    const { theirs: held, theirEnd } = await alice.ice();
    expect({ some: held > 0, theirEnd }).toEqual({ some: true, theirEnd: true });
    await Promise.all([alice.receives({ video: true }), bob.receives({ video: true })]);
    await alice.hangup(ours);
    await bob.ends(theirs);
    const said = (await bob.story(theirs)).map((entry) =>
      entry.kind === "message" && entry.direction === "sent" ? entry.eventType : "",
    );
    expect(said.filter(Boolean)).toEqual(["m.call.answer"]);
  });

  it("P25 answered by voice where video was offered, video comes without a negotiation", async () => {
    const { alice, bob, roomId } = pair();
    const ours = await alice.place({ roomId, ...both });
    const theirs = await bob.rings();
    await bob.tells(theirs, "prepared");
    await bob.answer(theirs, { audio: true });
    await Promise.all([alice.reaches(ours, "connected"), bob.reaches(theirs, "connected")]);
    await alice.receives({ video: false });
    await alice.remoteVideo(ours, false);
    expect(await bob.leftOpen()).toEqual({ tracks: 1, connections: 1 });
    await bob.change(theirs, { video: true });
    await alice.receives({ video: true });
    await alice.remoteVideo(ours, true);
    const told = (await bob.story(theirs)).map((entry) => (entry.kind === "message" ? entry.eventType : ""));
    expect(told).not.toContain("m.call.negotiate");
    await alice.hangup(ours);
    await bob.ends(theirs);
  });

  it("rings before the devices have opened, at the app's wish, and is hung up on where they are refused", async () => {
    const { alice, bob, roomId } = pair();
    const early = { roomId, ...both, waitForDevices: false };
    const ours = await alice.place(early);
    const theirs = await bob.rings();
    await bob.answer(theirs, both);
    await Promise.all([alice.reaches(ours, "connected"), bob.reaches(theirs, "connected")]);
    await Promise.all([alice.receives({ video: true }), bob.receives({ video: true })]);
    await alice.hangup(ours);
    await bob.ends(theirs);
    await alice.denyDevices(true);
    const refused = await alice.place(early);
    expect(await alice.ends(refused)).toMatchObject({ error: { code: "media_denied" } });
    await alice.denyDevices(false);
  });

  it("is hung up by the callee", async () => {
    const { ours, theirs } = await connect(pair(), media.voice);
    await pair().bob.hangup(theirs);
    expect(await pair().alice.ends(ours)).toEqual({ by: "peer", reason: "user_hangup" });
  });

  it("is rejected", async () => {
    const { alice, bob, roomId } = pair();
    const ours = await alice.place({ roomId, ...both });
    await bob.reject(await bob.rings());
    expect(await alice.ends(ours)).toEqual({ by: "peer", reason: "rejected" });
  });

  it("P7 expires by our own timer", async () => {
    const { alice, bob, roomId } = pair();
    const ours = await alice.place({ roomId, ...both, lifetime: 4_000 });
    const theirs = await bob.rings();
    expect(await bob.ends(theirs)).toMatchObject({ reason: "invite_timeout" });
    expect(await alice.ends(ours)).toEqual({ by: "system", reason: "invite_timeout" });
  });

  it("P25 tells the peer of a mute", async () => {
    const { ours, theirs } = await connect(pair(), media.voice);
    await pair().alice.mute(ours, { audio: true });
    await pair().bob.remoteMuted(theirs, true);
    await pair().alice.mute(ours, { audio: false });
    await pair().bob.remoteMuted(theirs, false);
    await pair().bob.hangup(theirs);
    await pair().alice.ends(ours);
  });

  it("a caller without a camera ends with a coded error, and the next call is unharmed", async () => {
    const { alice, roomId } = pair();
    await alice.denyDevices(true);
    const refused = await alice.place({ roomId, ...both });
    expect(await alice.ends(refused)).toMatchObject({
      reason: "user_media_failed",
      error: { code: "media_denied" },
    });
    await alice.denyDevices(false);
    await wholeCall(pair(), media.voice, "host");
  });

  it("a callee whose devices are denied rings on, and answers once they are allowed", async () => {
    const { alice, bob, roomId } = pair();
    await bob.denyDevices(true);
    const ours = await alice.place({ roomId, ...both });
    const theirs = await bob.rings();
    await expect(bob.answer(theirs, both)).rejects.toThrow("The microphone is not allowed");
    await bob.denyDevices(false);
    await bob.answer(theirs, both);
    await Promise.all([alice.reaches(ours, "connected"), bob.reaches(theirs, "connected")]);
    await Promise.all([alice.receives({ video: true }), bob.receives({ video: true })]);
    await bob.hangup(theirs);
    expect(await alice.ends(ours)).toEqual({ by: "peer", reason: "user_hangup" });
  });

  it("ends at once where we are not in the room", async () => {
    const call = await pair().alice.place({ roomId: "!nowhere:example.org", audio: true });
    expect(await pair().alice.ends(call)).toMatchObject({
      error: { code: expect.stringMatching(/not_in_room|forbidden/) },
    });
  });
}
