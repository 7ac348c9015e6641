import { BehaviorSubject, NEVER, type Observable } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import { createPhone } from "../../src/phone/phone.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import type { Candidate } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { toMermaid } from "../../src/streams/trace.ts";
import { collect, phones, roomId, type World } from "./world.ts";

const bob = "@bob:test";
const both = { audio: true, video: true };

/** Alice calls Bob; the call rings at Bob's. */
async function ringing(prepare: (world: World<"alice" | "bob">) => void = () => {}) {
  const world = await phones("alice", "bob");
  prepare(world);
  const outgoing = world.alice.phone.place({ roomId, invitee: bob, ...both });
  const rings = collect(world.bob.phone.incoming$);
  await world.clock.advance(1_000);
  const incoming = rings[0] as Call;
  return {
    ...world,
    outgoing,
    incoming,
    states: { out: collect(outgoing.state$), in: collect(incoming.state$) },
  };
}

async function connected() {
  const world = await ringing();
  world.incoming.answer(both);
  await world.clock.advance(2_000);
  return world;
}

const nothingLeft = ({ alice, bob: callee }: Awaited<ReturnType<typeof ringing>>) => [
  alice.media.openSessions,
  alice.media.liveTracks,
  callee.media.openSessions,
  callee.media.liveTracks,
];

describe("a call", () => {
  it("goes the seed's way from A to E, and both hear of its end", async () => {
    const world = await ringing();
    const { outgoing, incoming, states, clock } = world;
    expect(states).toEqual({ out: ["ringing"], in: ["ringing"] });
    incoming.answer(both);
    await clock.advance(2_000);
    expect(states).toEqual({
      out: ["ringing", "connecting", "connected"],
      in: ["ringing", "connecting", "connected"],
    });
    expect(collect(outgoing.remoteStreams$)[0]).toMatchObject([
      { purpose: "m.usermedia", audioMuted: false },
    ]);
    expect(collect(incoming.remoteStreams$)[0]).toMatchObject([
      { purpose: "m.usermedia", videoMuted: false },
    ]);
    outgoing.hangup();
    expect(states.out.at(-1)).toBe("ended");
    await clock.advance(1_000);
    expect(await outgoing.ended).toEqual({ by: "us", reason: "user_hangup" });
    expect(await incoming.ended).toEqual({ by: "peer", reason: "user_hangup" });
    expect(nothingLeft(world)).toEqual([0, 0, 0, 0]);
  });

  it("P45 opens no device at the callee before the user accepts", async () => {
    const { bob: callee, incoming, clock } = await ringing();
    expect([callee.media.liveTracks, callee.media.openConnections]).toEqual([0, 1]);
    incoming.answer({ audio: true });
    await clock.advance(1_000);
    expect([callee.media.liveTracks, callee.media.openConnections]).toEqual([1, 1]);
  });

  it("tells its story, in order, with both halves in it", async () => {
    const { outgoing, clock } = await connected();
    outgoing.hangup();
    await clock.advance(1_000);
    const story = collect(outgoing.trace$);
    const names = story.map((entry) =>
      entry.kind === "milestone" ? entry.name : `${entry.direction} ${entry.eventType}`,
    );
    for (const [earlier, later] of [
      ["place", "media_opened"],
      ["media_opened", "description_made"],
      ["description_made", "sent m.call.invite"],
      ["sent m.call.invite", "invite_acknowledged"],
      ["invite_acknowledged", "received m.call.answer"],
      ["received m.call.answer", "answer_received"],
      ["answer_received", "sent m.call.select_answer"],
      ["answer_received", "connected"],
      ["connected", "ended"],
    ] as const) {
      expect(names).toContain(earlier);
      expect(names.indexOf(earlier), `${earlier} before ${later}`).toBeLessThan(names.indexOf(later));
    }
    expect(names).toContain("sent m.call.hangup");
    const diagram = toMermaid(story, { us: "@alice:test", peer: bob });
    expect(diagram).toContain("us->>room: m.call.invite");
    expect(diagram).toContain("room->>us: m.call.answer");
  });

  it("P24 sends the end marker from both sides", async () => {
    const world = await phones("alice", "bob");
    const seen: unknown[] = [];
    const watcher = world.rooms.connect({ userId: "@alice:test", deviceId: "WATCH" });
    watcher.batches$.subscribe(({ events }) =>
      seen.push(...events.filter(({ type }) => type === "m.call.candidates")),
    );
    const outgoing = world.alice.phone.place({ roomId, audio: true });
    world.bob.phone.incoming$.subscribe((call) => call.answer({ audio: true }));
    await world.clock.advance(20_000);
    const last = (sender: string) => {
      const own = (seen as { sender: string; content: { candidates: { candidate: string }[] } }[]).filter(
        (e) => e.sender === sender,
      );
      return own.at(-1)?.content.candidates.at(-1);
    };
    expect(last("@alice:test")).toMatchObject({
      candidate: "",
      sdpMid: expect.any(String),
      sdpMLineIndex: expect.any(Number),
    });
    expect(last(bob)).toMatchObject({ candidate: "" });
    expect(collect(outgoing.state$)).toEqual(["connected"]);
  });

  it("is declined", async () => {
    const world = await ringing();
    world.incoming.reject();
    await world.clock.advance(1_000);
    expect(await world.outgoing.ended).toEqual({ by: "peer", reason: "rejected" });
    expect(await world.incoming.ended).toEqual({ by: "us", reason: "rejected" });
    expect(nothingLeft(world)).toEqual([0, 0, 0, 0]);
  });

  it("is given up by the caller while it rings", async () => {
    const world = await ringing();
    world.outgoing.hangup();
    await world.clock.advance(1_000);
    expect(await world.incoming.ended).toEqual({ by: "peer", reason: "user_hangup" });
    expect(nothingLeft(world)).toEqual([0, 0, 0, 0]);
  });

  it("P7 stops by itself on both sides when nobody answers", async () => {
    const world = await ringing();
    await world.clock.advance(90_000);
    expect(await world.outgoing.ended).toEqual({ by: "system", reason: "invite_timeout" });
    expect((await world.incoming.ended).reason).toBe("invite_timeout");
    expect(nothingLeft(world)).toEqual([0, 0, 0, 0]);
  });

  it("P25 tells the peer when it is muted", async () => {
    const { outgoing, incoming, clock } = await connected();
    outgoing.mute({ audio: true });
    await clock.advance(1_000);
    expect(collect(outgoing.muted$)).toEqual([{ audio: true, video: false }]);
    expect(collect(incoming.remoteStreams$)[0]).toMatchObject([{ audioMuted: true, videoMuted: false }]);
    outgoing.mute({ audio: false, video: true });
    await clock.advance(1_000);
    expect(collect(incoming.remoteStreams$)[0]).toMatchObject([{ audioMuted: false, videoMuted: true }]);
  });

  it("D hands the callee's candidates to the caller's media", async () => {
    const world = await phones("alice", "bob");
    const handedOn: Candidate[] = [];
    const open = world.alice.media.open;
    world.alice.media.open = (options) => {
      const session = open(options);
      const addCandidates = session.addCandidates.bind(session);
      session.addCandidates = (candidates) => {
        handedOn.push(...candidates);
        addCandidates(candidates);
      };
      return session;
    };
    world.bob.phone.incoming$.subscribe((call) => call.answer(both));
    world.alice.phone.place({ roomId, ...both });
    await world.clock.advance(20_000);
    expect(handedOn.at(-1)?.candidate).toBe("");
  });

  it("P17 ends with ice_failed where no path is found", async () => {
    const { outgoing, incoming, clock } = await ringing(({ alice, bob }) => {
      for (const { media } of [alice, bob]) {
        const open = media.open.bind(media);
        media.open = (options) => Object.assign(open(options), { path$: new BehaviorSubject("failed") });
      }
    });
    incoming.answer(both);
    await clock.advance(29_000);
    expect([...collect(outgoing.state$), ...collect(incoming.state$)]).toEqual(["connecting", "connecting"]);
    await clock.advance(2_000);
    expect((await outgoing.ended).reason).toBe("ice_failed");
    expect((await incoming.ended).reason).toBe("ice_failed");
  });

  it("a first path that fails is looked for again, and the call goes on", async () => {
    const { outgoing, incoming, alice, clock } = await ringing();
    incoming.answer(both);
    alice.media.setPath("failed");
    await clock.advance(5_000);
    expect([...collect(outgoing.state$), ...collect(incoming.state$)]).toEqual(["connected", "connected"]);
    const restarts = collect(outgoing.trace$).filter(
      (entry) => "name" in entry && entry.name === "ice_restarted",
    );
    expect(restarts).toHaveLength(1);
  });

  it("takes no more orders once it has ended", async () => {
    const { outgoing, incoming, clock } = await connected();
    outgoing.hangup();
    await clock.advance(1_000);
    outgoing.mute({ audio: true });
    outgoing.hangup();
    incoming.answer(both);
    incoming.reject();
    await clock.advance(1_000);
    expect(await outgoing.ended).toEqual({ by: "us", reason: "user_hangup" });
    expect(collect(outgoing.state$)).toEqual(["ended"]);
  });

  it("P17 ends with ice_timeout where media has flowed, and no restart brings it back", async () => {
    const { outgoing, incoming, alice, bob, clock } = await connected();
    for (const { media } of [alice, bob]) {
      media.mendPaths(false);
      media.setPath("disconnected");
    }
    expect(collect(outgoing.state$)).toEqual(["reconnecting"]);
    await clock.advance(31_000);
    expect(collect(outgoing.state$)).toEqual(["reconnecting"]);
    await clock.advance(2_000);
    expect(await outgoing.ended).toMatchObject({ by: "system", reason: "ice_timeout" });
    expect(await incoming.ended).toEqual({ by: "peer", reason: "ice_timeout" });
  });

  it("ends where the caller's camera is refused, and the next call is unharmed", async () => {
    const world = await phones("alice", "bob");
    world.alice.media.refuseDevices("media_denied");
    const first = world.alice.phone.place({ roomId, ...both });
    await world.clock.advance(1_000);
    const end = await first.ended;
    expect(end).toMatchObject({ by: "system", reason: "user_media_failed" });
    expect(end.error).toBeInstanceOf(TrunklineError);
    expect(end.error?.code).toBe("media_denied");
    world.alice.media.refuseDevices();
    world.bob.phone.incoming$.subscribe((call) => call.answer(both));
    const second = world.alice.phone.place({ roomId, ...both });
    await world.clock.advance(5_000);
    expect(collect(second.state$)).toEqual(["connected"]);
  });

  it("goes on with audio where the callee's camera is missing, which warnings$ tells late subscribers too", async () => {
    const world = await ringing();
    world.bob.media.refuseDevices("media_missing", "video");
    world.incoming.answer(both);
    await world.clock.advance(1_000);
    expect(collect(world.incoming.state$)).toEqual(["connected"]);
    expect(collect(world.outgoing.remoteStreams$)[0]).toMatchObject([
      { audioMuted: false, videoMuted: true },
    ]);
    const warnings = collect(world.incoming.warnings$);
    expect(warnings).toMatchObject([{ code: "media_missing", kind: "video" }]);
    world.incoming.hangup();
    await world.clock.advance(1_000);
    expect(collect(world.incoming.warnings$)).toHaveLength(1);
  });

  it("ends at once with not_in_room where we are not in the room", async () => {
    const { alice, clock } = await phones("alice", "bob");
    const call = alice.phone.place({ roomId: "!elsewhere:test", audio: true });
    await clock.advance(1_000);
    expect(await call.ended).toMatchObject({
      by: "system",
      reason: "signalling_failed",
      error: { code: "not_in_room" },
    });
    expect(alice.media.openSessions).toBe(0);
  });

  it("survives a lost answer, a limit and a lost connection on the way", async () => {
    const { alice, bob: callee, clock } = await phones("alice", "bob");
    alice.transport.failSend(new TrunklineError("homeserver_unreachable", "lost"), { lost: true });
    callee.transport.failSend(new TrunklineError("rate_limited", "slow", { retryAfter: 3_000 }));
    const rings: Call[] = [];
    callee.phone.incoming$.subscribe((call) => {
      rings.push(call);
      call.answer(both);
    });
    const call = alice.phone.place({ roomId, ...both });
    await clock.advance(20_000);
    expect(collect(call.state$)).toEqual(["connected"]);
    expect(rings).toHaveLength(1);
  });

  it("stops at our other devices when one answers", async () => {
    const { alice, bob1, bob2, clock } = await phones("alice", "bob1", "bob2");
    const ends: unknown[] = [];
    bob2.phone.incoming$.subscribe((call) => call.ended.then((end) => ends.push(end)));
    bob1.phone.incoming$.subscribe((call) => call.answer(both));
    alice.phone.place({ roomId, invitee: bob, ...both });
    await clock.advance(5_000);
    expect(ends).toEqual([{ by: "other_device", reason: "answered_elsewhere" }]);
    expect(collect(bob1.phone.calls$)[0]).toHaveLength(1);
    expect(collect(bob2.phone.calls$)[0]).toHaveLength(0);
  });
});

describe("a phone", () => {
  it.each([
    [{ roomId: "room", audio: true }, "roomId"],
    [{ audio: true }, "roomId"],
    [{ roomId, invitee: "bob", audio: true }, "invitee"],
    [{ roomId, lifetime: 10, audio: true }, "lifetime must be a number of ms from 1000 to 600000; got 10."],
    [
      { roomId, lifetime: Number.NaN, audio: true },
      "lifetime must be a number of ms from 1000 to 600000; got NaN.",
    ],
    [{ roomId, audio: "yes" }, "audio"],
    [{ roomId, video: 1 }, "video"],
    [{ roomId, audio: true, waitForDevices: 1 }, "waitForDevices"],
    [{ roomId }, "audio, video"],
    [undefined, "options"],
  ])("throws invalid_option for %j, naming %s", async (options, name) => {
    const { alice } = await phones("alice");
    const place = () => alice.phone.place(options as Parameters<typeof alice.phone.place>[0]);
    expect(place).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(name) }),
    );
    expect(alice.media.openSessions).toBe(0);
  });

  it.each([
    [undefined, "signaling"],
    [{}, "signaling"],
    [{ signaling: {} }, "signaling"],
    [{ signaling: { signals$: NEVER } }, "media"],
    [{ signaling: { signals$: NEVER }, media: {} }, "media"],
  ])("cannot be made of %j: throws invalid_option, naming %s", (options, name) => {
    const make = () => createPhone(options as Parameters<typeof createPhone>[0]);
    expect(make).toThrow(
      expect.objectContaining({
        code: "invalid_option",
        message: expect.stringContaining(`${name} must be`),
      }),
    );
  });

  it.each([undefined, {}, { transport: {} }])("has no engine of %j: throws invalid_option", (options) => {
    const make = () => createEngine(options as Parameters<typeof createEngine>[0]);
    expect(make).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining("transport") }),
    );
  });

  it("emits calls that already ring to whoever comes late", async () => {
    const { bob: callee, incoming } = await ringing();
    expect(collect(callee.phone.incoming$)).toEqual([incoming]);
  });

  it("P12 says which calls it ignored", async () => {
    const { alice, bob: callee, rooms, clock } = await phones("alice", "bob");
    rooms.post(roomId, {
      sender: "@alice:test",
      type: "m.room.join_rules",
      stateKey: "",
      content: { join_rule: "public" },
    });
    await clock.advance(100);
    const [ignored, incoming] = [collect(callee.phone.ignored$), collect(callee.phone.incoming$)];
    const call = alice.phone.place({ roomId, audio: true });
    await clock.advance(1_000);
    expect(ignored).toMatchObject([
      { callId: call.callId, peer: { userId: "@alice:test" }, reason: "public_room" },
    ]);
    expect(incoming).toEqual([]);
    expect(callee.media.openSessions).toBe(0);
  });

  it("ends its calls with the reason when the homeserver turns it away", async () => {
    const { alice, outgoing, clock } = await connected();
    const completed: string[] = [];
    alice.phone.calls$.subscribe({ complete: () => completed.push("calls$") });
    alice.transport.revoke();
    await clock.advance(60_000);
    expect(await outgoing.ended).toMatchObject({ by: "system", error: { code: "unknown_token" } });
    expect(collect(alice.phone.status$)).toMatchObject([
      { state: "stopped", error: { code: "unknown_token" } },
    ]);
    expect(completed).toEqual(["calls$"]);
    expect(alice.media.openSessions).toBe(0);
    expect(() => alice.phone.place({ roomId, audio: true })).toThrow(
      expect.objectContaining({ code: "unknown_token" }),
    );
  });

  it("hangs up and completes everything when it is closed", async () => {
    const world = await connected();
    let completed = 0;
    const { phone } = world.alice;
    for (const stream of [
      phone.incoming$,
      phone.calls$,
      phone.ignored$,
      phone.trace$,
      phone.status$,
    ] as Observable<unknown>[]) {
      stream.subscribe({ complete: () => (completed += 1) });
    }
    const closing = phone.close();
    expect([world.alice.media.openSessions, world.alice.media.liveTracks]).toEqual([0, 0]);
    await world.clock.advance(5_000);
    await closing;
    expect(completed).toBe(5);
    expect(await world.outgoing.ended).toEqual({ by: "us", reason: "user_hangup" });
    expect(await world.incoming.ended).toEqual({ by: "peer", reason: "user_hangup" });
    expect(nothingLeft(world)).toEqual([0, 0, 0, 0]);
    expect(() => phone.place({ roomId, audio: true })).toThrow(expect.objectContaining({ code: "closed" }));
  });

  it("leaves no timer behind", async () => {
    const world = await connected();
    world.outgoing.hangup();
    const closing = [world.alice.phone.close(), world.bob.phone.close()];
    await world.clock.advance(5_000);
    await Promise.all(closing);
    expect(world.clock.pending).toBe(0);
  });

  it("closes within 2 s when the homeserver cannot be reached", async () => {
    const world = await connected();
    world.alice.transport.setOnline(false);
    const closing = world.alice.phone.close();
    await world.clock.advance(2_000);
    await closing;
    expect(world.alice.media.openSessions).toBe(0);
  });
});
