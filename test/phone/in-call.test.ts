import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import type { SignalingHalf } from "../../src/streams/contract.ts";
import { collect, phones, phonesOn, roomId } from "./world.ts";

const both = { audio: true, video: true };
const voice = { audio: true };
const bobId = "@bob:test";

/** Alice has called Bob, and they talk. */
async function talking(capture: { audio?: boolean; video?: boolean } = both) {
  /** What Alice's engine was told of the path. */
  const paths: boolean[] = [];
  const watched = (half: SignalingHalf, name: string): SignalingHalf => ({
    ...half,
    dispatch(command) {
      if (name === "alice" && command.type === "path") paths.push(command.alive);
      return half.dispatch(command);
    },
  });
  const world = await phonesOn(watched, "alice", "bob");
  const rings = collect(world.bob.phone.incoming$);
  const outgoing = world.alice.phone.place({ roomId, invitee: bobId, ...capture });
  await world.clock.advance(1_000);
  const incoming = rings[0] as Call;
  incoming.answer(capture);
  await world.clock.advance(2_000);
  expect(last(outgoing.state$)).toBe("connected");
  return { ...world, outgoing, incoming, paths };
}

const last = <T>(stream: Parameters<typeof collect<T>>[0]): T | undefined => collect(stream).at(-1);
const purposes = (call: Call) => last(call.remoteStreams$)?.map(({ purpose }) => purpose);

describe("in a call", () => {
  it("P19 holds and resumes, and both sides know", async () => {
    const { outgoing, incoming, clock } = await talking();
    outgoing.hold();
    await clock.advance(2_000);
    expect([last(outgoing.held$), last(incoming.held$)]).toEqual([
      { us: true, peer: false },
      { us: false, peer: true },
    ]);
    outgoing.resume();
    await clock.advance(2_000);
    expect([last(outgoing.held$), last(incoming.held$)]).toEqual([
      { us: false, peer: false },
      { us: false, peer: false },
    ]);
    expect(last(outgoing.state$)).toBe("connected");
  });

  it("P19 adds video to a voice call, and ends it", async () => {
    const { outgoing, incoming, clock, alice } = await talking(voice);
    expect(last(incoming.remoteStreams$)).toMatchObject([{ videoMuted: true }]);
    await outgoing.change({ video: true });
    await clock.advance(2_000);
    expect(last(incoming.remoteStreams$)).toMatchObject([{ videoMuted: false }]);
    await outgoing.change({ video: false });
    await clock.advance(2_000);
    expect(last(incoming.remoteStreams$)).toMatchObject([{ videoMuted: true }]);
    expect(alice.media.liveTracks).toBe(1);
  });

  it("keeps the call as it is where a new camera is refused", async () => {
    const { outgoing, clock, alice } = await talking(voice);
    alice.media.refuseDevices("media_denied");
    await expect(outgoing.change({ video: true })).rejects.toMatchObject({ code: "media_denied" });
    await clock.advance(1_000);
    expect(last(outgoing.state$)).toBe("connected");
  });

  it("P25 shares the screen beside the camera", async () => {
    const { outgoing, incoming, clock } = await talking();
    await outgoing.shareScreen();
    await clock.advance(2_000);
    expect(purposes(incoming)).toEqual(["m.usermedia", "m.screenshare"]);
    outgoing.stopSharing();
    await clock.advance(2_000);
    expect(purposes(incoming)).toEqual(["m.usermedia"]);
  });

  it("opens a channel for messages", async () => {
    const { outgoing, incoming, clock } = await talking(voice);
    const opened = collect(incoming.channels$);
    const ours = outgoing.openChannel("chat");
    await clock.advance(2_000);
    const [theirs] = opened;
    const heard = collect(theirs?.messages$ ?? ours.messages$);
    ours.send("hello");
    await clock.advance(100);
    expect([theirs?.label, heard]).toEqual(["chat", ["hello"]]);
  });

  it("tells how good it is", async () => {
    const { outgoing, clock } = await talking();
    const stats = collect(outgoing.stats$);
    await clock.advance(3_000);
    expect(stats.length).toBeGreaterThan(1);
    expect(stats.at(-1)).toMatchObject({ path: { relayed: false } });
  });

  it("P20 finds a new path when the old one is lost, from one side only", async () => {
    const { outgoing, incoming, clock, alice, bob } = await talking();
    alice.media.setPath("disconnected");
    bob.media.setPath("disconnected");
    expect([last(outgoing.state$), last(incoming.state$)]).toEqual(["reconnecting", "reconnecting"]);
    await clock.advance(6_000);
    expect([last(outgoing.state$), last(incoming.state$)]).toEqual(["connected", "connected"]);
    const offers = (call: Call) =>
      collect(call.trace$).filter(
        (entry) =>
          entry.kind === "message" && entry.direction === "sent" && entry.eventType === "m.call.negotiate",
      );
    expect([offers(outgoing).length, offers(incoming).length]).toEqual([1, 1]);
    outgoing.hangup();
    await clock.advance(60_000);
    expect((await outgoing.ended).reason).toBe("user_hangup");
  });

  it("P34 tells the engine that the path is alive until it has failed, not that it is disturbed", async () => {
    const { alice, clock, paths } = await talking();
    expect(paths).toEqual([true]);
    alice.media.setPath("disconnected");
    await clock.advance(1_000);
    expect(paths).toEqual([true]);
    alice.media.setPath("failed");
    await clock.advance(0);
    expect(paths).toEqual([true, false]);
    await clock.advance(5_000);
    expect(paths).toEqual([true, false, true]);
  });

  it("P34 says nothing of a call's path when it is on hold, or over", async () => {
    const { outgoing, clock, alice, paths } = await talking();
    outgoing.mute({ audio: true });
    outgoing.hold();
    await clock.advance(60_000);
    outgoing.hangup();
    alice.media.setPath("failed");
    await clock.advance(1_000);
    expect(paths).toEqual([true]);
  });

  it("P31 P32 is transferred where the app allows it", async () => {
    const { outgoing, incoming, clock, carol } = await withCarol();
    const requests = collect(incoming.transfers$);
    const asked = outgoing.transfer({
      targetUser: { userId: "@carol:test" },
      targetRoom: "!other:test",
      createCall: "next-call",
    });
    await clock.advance(1_000);
    await asked;
    const calls = collect(carol.phone.incoming$);
    expect(calls).toEqual([]);
    requests[0]?.accept();
    await clock.advance(1_000);
    expect(calls[0]?.callId).toBe("next-call");
    calls[0]?.answer(both);
    await clock.advance(3_000);
    expect((await outgoing.ended).by).toBe("peer");
    expect(last((calls[0] as Call).state$)).toBe("connected");
  });

  it("P32 takes an announced call that rings already", async () => {
    const { outgoing, incoming, clock, carol, bob } = await withCarol();
    const requests = collect(incoming.transfers$);
    const rings = collect(bob.phone.incoming$);
    const next = carol.phone.place({ roomId: "!other:test", invitee: bobId, ...both });
    void outgoing.transfer({
      targetUser: { userId: "@carol:test" },
      targetRoom: "!other:test",
      awaitCall: next.callId,
    });
    await clock.advance(2_000);
    expect(rings.map(({ callId }) => callId)).toEqual([next.callId]);
    requests[0]?.accept();
    await clock.advance(5_000);
    expect([last(next.state$), (await incoming.ended).by]).toEqual(["connected", "us"]);
  });

  it("P32 a transfer that names a call which is there makes another, and harms none", async () => {
    const { outgoing, incoming, clock, rooms, carol } = await withCarol();
    rooms.join(roomId, "@carol:test");
    const requests = collect(incoming.transfers$);
    const calls = collect(carol.phone.incoming$);
    void outgoing.transfer({
      targetUser: { userId: "@carol:test" },
      targetRoom: roomId,
      createCall: incoming.callId,
    });
    await clock.advance(500);
    requests[0]?.accept();
    await clock.advance(1_000);
    expect([last(outgoing.state$), last(incoming.state$)]).toEqual(["connected", "connected"]);
    expect(calls.map(({ callId }) => callId === incoming.callId)).toEqual([false]);
  });

  it.each([{}, { video: true }, voice])(
    "P32 of a call that was answered with %j goes on",
    async (capture) => {
      const { outgoing, incoming, clock, bob, carol } = await withCarol(capture);
      const requests = collect(incoming.transfers$);
      const calls = collect(carol.phone.incoming$);
      void outgoing.transfer({ targetUser: { userId: "@carol:test" }, targetRoom: "!other:test" });
      await clock.advance(500);
      requests[0]?.accept();
      await clock.advance(1_000);
      calls[0]?.answer(voice);
      await clock.advance(3_000);
      expect([last((calls[0] as Call).state$), (await incoming.ended).by]).toEqual(["connected", "us"]);
      const audioMuted = !("audio" in capture);
      expect(last((calls[0] as Call).remoteStreams$)).toMatchObject([{ audioMuted }]);
      expect([bob.media.openSessions, last(bob.phone.calls$)?.length]).toEqual([1, 1]);
    },
  );

  it("P47 what is muted stays so in the call that takes its place", async () => {
    const { outgoing, incoming, clock, carol } = await withCarol();
    const requests = collect(incoming.transfers$);
    const calls = collect(carol.phone.incoming$);
    incoming.mute({ audio: true });
    void outgoing.transfer({ targetUser: { userId: "@carol:test" }, targetRoom: "!other:test" });
    await clock.advance(500);
    requests[0]?.accept();
    await clock.advance(1_000);
    calls[0]?.answer(voice);
    await clock.advance(3_000);
    expect(last((calls[0] as Call).remoteStreams$)).toMatchObject([{ audioMuted: true }]);
  });

  it("P32 a transfer that cannot be carried out is refused", async () => {
    const { outgoing, incoming, clock, bob } = await withCarol();
    const requests = collect(incoming.transfers$);
    const asked = outgoing.transfer({ targetUser: { userId: "@carol:test" }, targetRoom: "no room" });
    await clock.advance(500);
    requests[0]?.accept();
    await clock.advance(1_000);
    await asked;
    expect(last(bob.phone.calls$)).toEqual([incoming]);
    expect(collect(outgoing.trace$)).toContainEqual(
      expect.objectContaining({ direction: "received", eventType: "m.call.reject_replacement" }),
    );
    expect(last(incoming.state$)).toBe("connected");
  });

  it("P32 a transfer is accepted or refused once, as by a double click", async () => {
    const { outgoing, incoming, clock, bob, carol } = await withCarol();
    const requests = collect(incoming.transfers$);
    const calls = collect(carol.phone.incoming$);
    void outgoing.transfer({ targetUser: { userId: "@carol:test" }, targetRoom: "!other:test" });
    await clock.advance(500);
    requests[0]?.accept();
    requests[0]?.accept();
    requests[0]?.refuse();
    await clock.advance(1_000);
    expect([calls.length, last(bob.phone.calls$)?.length]).toEqual([1, 2]);
    expect(collect(outgoing.trace$)).not.toContainEqual(
      expect.objectContaining({ eventType: "m.call.reject_replacement" }),
    );
  });

  it("P32 a transfer is not accepted once the call has ended", async () => {
    const { outgoing, incoming, clock, bob } = await withCarol();
    const requests = collect(incoming.transfers$);
    void outgoing.transfer({ targetUser: { userId: "@carol:test" }, targetRoom: "!other:test" });
    await clock.advance(500);
    outgoing.hangup();
    await clock.advance(500);
    requests[0]?.accept();
    expect(last(bob.phone.calls$)).toEqual([]);
  });

  it("P47 a transfer that fails resumes the present call, unless another is talked in by then", async () => {
    for (const busy of [false, true]) {
      const { outgoing, incoming, clock, rooms, carol, bob } = await withCarol();
      const requests = collect(incoming.transfers$);
      const calls = collect(carol.phone.incoming$);
      void outgoing.transfer({ targetUser: { userId: "@carol:test" }, targetRoom: "!other:test" });
      await clock.advance(1_000);
      requests[0]?.accept();
      await clock.advance(1_000);
      expect(last(incoming.held$)?.us).toBe(true);
      rooms.join("!third:test", bobId);
      if (busy) bob.phone.place({ roomId: "!third:test", ...voice });
      calls[0]?.reject();
      await clock.advance(1_000);
      expect([last(incoming.held$)?.us, bob.media.sendingMicrophones]).toEqual([busy, 1]);
    }
  });

  it("P32 refuses a transfer, and nothing else happens", async () => {
    const { outgoing, incoming, clock } = await talking();
    const requests = collect(incoming.transfers$);
    const asked = outgoing.transfer({ targetUser: { userId: "@carol:test" } });
    await clock.advance(1_000);
    await asked;
    expect(() => requests[0]?.accept()).toThrow(expect.objectContaining({ code: "invalid_option" }));
    requests[0]?.refuse();
    await clock.advance(1_000);
    expect(last(outgoing.state$)).toBe("connected");
    const told = collect(outgoing.trace$).filter(
      (entry) => entry.kind === "message" && entry.eventType === "m.call.reject_replacement",
    );
    expect(told).toHaveLength(1);
  });
});

async function withCarol(capture: object = both) {
  const world = await phones("alice", "bob", "carol");
  for (const userId of [bobId, "@carol:test"]) world.rooms.join("!other:test", userId);
  await world.clock.advance(100);
  const outgoing = world.alice.phone.place({ roomId, invitee: bobId, ...both });
  const rings = collect(world.bob.phone.incoming$);
  await world.clock.advance(1_000);
  const incoming = rings[0] as Call;
  incoming.answer(capture);
  await world.clock.advance(2_000);
  return { ...world, outgoing, incoming };
}

describe("several calls", () => {
  it("keeps only the newest off hold", async () => {
    const { outgoing, clock, rooms, alice, carol } = await withCarol();
    rooms.join("!third:test", "@alice:test");
    rooms.join("!third:test", "@carol:test");
    await clock.advance(100);
    carol.phone.incoming$.subscribe((call) => call.answer(both));
    const second = alice.phone.place({ roomId: "!third:test", invitee: "@carol:test", ...both });
    await clock.advance(5_000);
    expect([last(outgoing.held$)?.us, last(second.held$)?.us]).toEqual([true, false]);
    outgoing.resume();
    await clock.advance(2_000);
    expect([last(outgoing.held$)?.us, last(second.held$)?.us]).toEqual([false, true]);
  });

  it("P17 is busy", async () => {
    const { alice, bob, clock } = await phones("alice", "bob");
    bob.phone.incoming$.subscribe((call) => call.reject({ busy: true }));
    const call = alice.phone.place({ roomId, ...voice });
    await clock.advance(1_000);
    expect(await call.ended).toEqual({ by: "peer", reason: "user_busy" });
  });
});

describe("P21 glare", () => {
  it.each([0, 5, 15, 25, 40, 300, 2_000])(
    "makes one call of two that cross, %d ms apart, with the media that is open",
    async (apart) => {
      const { alice, bob, clock } = await phones("alice", "bob");
      const ours = alice.phone.place({ roomId, invitee: bobId, ...both });
      await clock.advance(apart);
      const theirs = bob.phone.place({ roomId, invitee: "@alice:test", ...both });
      await clock.advance(5_000);
      expect([last(ours.state$), last(theirs.state$)]).toEqual(["connected", "connected"]);
      expect(ours.callId).toBe(theirs.callId);
      expect([alice, bob].map(({ phone }) => last(phone.calls$)?.length)).toEqual([1, 1]);
      expect([alice.media.liveTracks, bob.media.liveTracks]).toEqual([2, 2]);
      ours.hangup();
      await clock.advance(2_000);
      expect((await theirs.ended).reason).toBe("user_hangup");
      expect([alice.media.openSessions, bob.media.openSessions]).toEqual([0, 0]);
    },
  );
});
