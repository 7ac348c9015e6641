/** What can be done in a call, between two phones in Chromium, over whichever homeserver the stage has. */
import { afterEach, expect, it } from "vitest";
import { connect, expectNothingOpen, media, type Pair } from "./call-scenarios.ts";

export function inCallScenarios(pair: () => Pair): void {
  afterEach(() => expectNothingOpen(pair()));

  /** Ends a call and waits until both sides know. */
  const over = async ({ alice, bob }: Pair, { ours, theirs }: { ours: string; theirs: string }) => {
    await alice.hangup(ours);
    await Promise.all([alice.ends(ours), bob.ends(theirs)]);
  };

  it("P19 is put on hold and resumed, from either side", async () => {
    const { alice, bob } = pair();
    const call = await connect(pair(), media.video);
    await alice.hold(call.ours);
    await Promise.all([alice.held(call.ours, true, false), bob.held(call.theirs, false, true)]);
    await alice.resume(call.ours);
    await Promise.all([alice.held(call.ours, false, false), bob.held(call.theirs, false, false)]);
    await bob.hold(call.theirs);
    await alice.held(call.ours, false, true);
    await bob.resume(call.theirs);
    await alice.held(call.ours, false, false);
    await Promise.all([alice.receives({ video: true }), bob.receives({ video: true })]);
    await over(pair(), call);
  });

  it("P19 a voice call gets video, and loses it again", async () => {
    const { alice, bob } = pair();
    const call = await connect(pair(), media.voice);
    await alice.change(call.ours, { video: true });
    await bob.receives({ video: true });
    await bob.change(call.theirs, { video: true });
    await alice.receives({ video: true });
    await alice.change(call.ours, { video: false });
    expect((await alice.leftOpen()).tracks).toBe(1);
    await over(pair(), call);
  });

  it("P25 the screen is shared beside the camera", async () => {
    const { alice, bob } = pair();
    const call = await connect(pair(), media.video);
    await alice.shareScreen(call.ours);
    expect(await bob.remoteStreams(call.theirs, "m.screenshare", 1)).toEqual([1]);
    await alice.stopSharing(call.ours);
    await bob.remoteStreams(call.theirs, "m.screenshare", 0);
    await bob.remoteStreams(call.theirs, "m.usermedia", 1);
    await over(pair(), call);
  });

  it("keys are sent as tones, and the call tells how good it is", async () => {
    const { alice } = pair();
    const call = await connect(pair(), media.video);
    await alice.sendDtmf(call.ours, "12#");
    const stats = await alice.stats(call.ours);
    expect(stats.received.audio?.bitrate).toBeGreaterThan(0);
    expect(stats.path?.relayed).toBe(false);
    expect(stats.score).toBeGreaterThan(3);
    await over(pair(), call);
  });

  it("P21 two calls that cross become one", async () => {
    const { alice, bob, roomId, aliceId, bobId } = pair();
    const [ours, theirs] = await Promise.all([
      alice.place({ roomId, invitee: bobId, ...media.video }),
      bob.place({ roomId, invitee: aliceId, ...media.video }),
    ]);
    expect(await alice.reaches(ours, "connected"), JSON.stringify(await alice.story(ours))).toBe("connected");
    expect(await bob.reaches(theirs, "connected")).toBe("connected");
    await Promise.all([alice.receives({ video: true }), bob.receives({ video: true })]);
    await over(pair(), { ours, theirs });
  });
}
