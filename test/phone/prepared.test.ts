import { of } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Call, Offers } from "../../src/phone/call.ts";
import { createPhone } from "../../src/phone/phone.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import type { IceServer, SessionDescription, TraceEntry } from "../../src/streams/contract.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { fakeMedia } from "../../src/testing/fake-media.ts";
import { collect, phones, roomId } from "./world.ts";

const both = { audio: true, video: true };
const invitee = "@bob:test";

const told = (call: Call) => collect(call.trace$).map(nameOf);
const nameOf = (entry: TraceEntry) =>
  entry.kind === "milestone" ? entry.name : `${entry.direction} ${entry.eventType}`;
const last = <T>(stream: Parameters<typeof collect<T>>[0]): T | undefined => collect(stream).at(-1);

/** Alice's call rings at Bob's for a second. */
async function ringing(options: object = both) {
  const world = await phones("alice", "bob");
  const rings = collect(world.bob.phone.incoming$);
  const outgoing = world.alice.phone.place({ roomId, invitee, ...options });
  await world.clock.advance(1_000);
  return { ...world, outgoing, incoming: rings[0] as Call };
}

describe("a call that rings", () => {
  it("P23 is prepared for, so that the answer leaves when it is accepted, with the end of its candidates", async () => {
    const { rooms, incoming, outgoing, clock } = await ringing();
    const sent: [string, unknown][] = [];
    rooms.connect({ userId: invitee, deviceId: "WATCH" }).batches$.subscribe(({ events }) => {
      for (const { type, sender, content } of events) if (sender === invitee) sent.push([type, content]);
    });
    await clock.advance(100);
    sent.length = 0;
    expect(told(incoming)).toContain("prepared");
    incoming.answer(both);
    await clock.advance(20_000);
    expect(sent.map(([type]) => type)).toEqual(["m.call.answer"]);
    expect(sent[0]?.[1]).toMatchObject({
      answer: { sdp: expect.stringMatching(/candidate:3.*end-of-cand/s) },
    });
    expect(last(outgoing.state$)).toBe("connected");
  });

  it("P25 goes on without devices that fail after the answer: the caller is informed, and they may open later", async () => {
    const { bob, incoming, outgoing, clock } = await ringing();
    const warnings = collect(incoming.warnings$);
    bob.media.refuseDevices("media_denied");
    incoming.answer(both);
    await clock.advance(2_000);
    expect(warnings).toMatchObject([{ code: "media_denied", kind: "audio" }]);
    expect([last(incoming.state$), last(outgoing.state$)]).toEqual(["connected", "connected"]);
    expect(last(outgoing.remoteStreams$)).toMatchObject([{ audioMuted: true, videoMuted: true }]);
    bob.media.refuseDevices();
    await incoming.change({ audio: true });
    await clock.advance(2_000);
    expect(last(outgoing.remoteStreams$)).toMatchObject([{ audioMuted: false, videoMuted: true }]);
  });

  it("waits for a microphone that is not known to open, and rings on where it fails", async () => {
    const { bob, incoming, clock } = await ringing();
    bob.media.knowDevices(false);
    bob.media.refuseDevices("media_denied", "audio");
    await expect(incoming.answer(both)).rejects.toMatchObject({ code: "media_denied", kind: "audio" });
    expect(last(incoming.state$)).toBe("ringing");
    bob.media.refuseDevices();
    incoming.answer(both);
    await clock.advance(2_000);
    expect(last(incoming.state$)).toBe("connected");
  });

  it("P25 accepted by voice, shows that there is no video, and adds it without a negotiation", async () => {
    const { incoming, outgoing, clock } = await ringing();
    incoming.answer({ audio: true });
    await clock.advance(2_000);
    expect(last(outgoing.remoteStreams$)).toMatchObject([{ audioMuted: false, videoMuted: true }]);
    await incoming.change({ video: true });
    await clock.advance(2_000);
    expect(last(outgoing.remoteStreams$)).toMatchObject([{ audioMuted: false, videoMuted: false }]);
    expect(told(incoming)).not.toContain("sent m.call.negotiate");
    expect(told(incoming)).toContain("sent m.call.sdp_stream_metadata_changed");
  });

  it("P25 accepted to listen only, says so, and talks later", async () => {
    const { incoming, outgoing, clock } = await ringing();
    incoming.answer({});
    await clock.advance(2_000);
    expect(last(outgoing.remoteStreams$)).toMatchObject([{ audioMuted: true, videoMuted: true }]);
    await incoming.change({ audio: true });
    await clock.advance(2_000);
    expect(last(outgoing.remoteStreams$)).toMatchObject([{ audioMuted: false, videoMuted: true }]);
  });

  it("P25 tells of a mute that came before the devices have opened", async () => {
    const { incoming, outgoing, clock } = await ringing();
    incoming.answer(both);
    incoming.mute({ audio: true });
    await clock.advance(2_000);
    expect(last(outgoing.remoteStreams$)).toMatchObject([{ audioMuted: true, videoMuted: false }]);
  });

  it("says what it offers", async () => {
    const offered = async (options: object): Promise<readonly Offers[]> => {
      const { incoming, outgoing } = await ringing(options);
      return [incoming.offers, outgoing.offers];
    };
    expect(await offered(both)).toEqual(Array(2).fill({ audio: true, video: true }));
    expect(await offered({ audio: true })).toEqual(Array(2).fill({ audio: true, video: false }));
  });

  it("is not put on hold by another that is accepted", async () => {
    const { alice, bob, rooms, incoming, clock, outgoing } = await ringing();
    for (const user of ["@alice:test", "@carol:test"]) rooms.join("!other:test", user);
    rooms.join("!other:test", invitee);
    await clock.advance(100);
    const second = bob.phone.place({ roomId: "!other:test", audio: true });
    await clock.advance(1_000);
    second.hangup();
    incoming.answer(both);
    await clock.advance(2_000);
    expect([last(incoming.held$), last(outgoing.held$)]).toEqual(Array(2).fill({ us: false, peer: false }));
    expect(alice.media.openSessions).toBe(1);
  });

  it("P44 of many, the newest four are prepared for; the others are answered all the same", async () => {
    const names = ["a", "b", "c", "d", "e", "f"] as const;
    const world = await phones("bob", ...names);
    for (const name of names)
      for (const user of ["bob", name]) world.rooms.join(`!${name}:test`, `@${user}:test`);
    await world.clock.advance(100);
    const rings = collect(world.bob.phone.incoming$);
    for (const name of names) {
      world[name].phone.place({ roomId: `!${name}:test`, invitee, ...both });
      await world.clock.advance(1_000);
    }
    expect(world.bob.media.openConnections).toBe(4);
    expect(rings.map((call) => told(call).includes("unprepared"))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    rings[0]?.answer(both);
    await world.clock.advance(2_000);
    expect(last((rings[0] as Call).state$)).toBe("connected");
    for (const call of rings) call.hangup();
    await world.clock.advance(1_000);
    expect([world.bob.media.openSessions, world.bob.media.openConnections]).toEqual([0, 0]);
  });

  it("is answered as ever where it cannot be prepared for", async () => {
    const world = await phones("alice", "bob");
    const open = world.bob.media.open;
    world.bob.media.open = (options) => {
      const session = open(options);
      session.prepare = async () => session.unprepare();
      return session;
    };
    world.bob.phone.incoming$.subscribe((call) => call.answer(both));
    const call = world.alice.phone.place({ roomId, ...both });
    await world.clock.advance(5_000);
    expect(last(call.state$)).toBe("connected");
  });
});

describe("an invite that does not wait for the devices", () => {
  it("leaves though they are refused, and is followed by a hangup", async () => {
    const world = await phones("alice", "bob");
    world.alice.media.refuseDevices("media_busy");
    const rings = collect(world.bob.phone.incoming$);
    const call = world.alice.phone.place({ roomId, ...both, waitForDevices: false });
    await world.clock.advance(1_000);
    expect(await call.ended).toMatchObject({ reason: "user_media_failed", error: { code: "media_busy" } });
    expect(rings.length === 0 || (await rings[0]?.ended)?.by === "peer").toBe(true);
    expect(world.alice.media.openSessions).toBe(0);
  });

  it("promises what opens later", async () => {
    const { incoming, outgoing, clock, alice } = await ringing({ ...both, waitForDevices: false });
    incoming.answer(both);
    await clock.advance(2_000);
    expect(last(outgoing.state$)).toBe("connected");
    expect(alice.media.liveTracks).toBe(2);
    expect(last(incoming.remoteStreams$)).toMatchObject([{ audioMuted: false, videoMuted: false }]);
    expect(told(outgoing)).not.toContain("sent m.call.negotiate");
  });
});

describe("a warm phone", () => {
  it.each([true, false])("asks the media half to keep a connection ready: %s", async (warm) => {
    const clock = virtualClock();
    const transport = createMemoryRooms({ clock }).connect({ userId: "@alice:test", deviceId: "A" });
    const seen: (readonly IceServer[])[] = [];
    let closed = 0;
    const media = Object.assign(fakeMedia({ clock }), {
      warm(iceServers$: { subscribe(next: (servers: readonly IceServer[]) => void): unknown }) {
        iceServers$.subscribe((servers) => seen.push(servers));
        return { close: () => closed++ };
      },
    });
    const phone = createPhone({ signaling: createEngine({ transport, clock }), media, clock, warm });
    await clock.advance(1_000);
    expect(seen).toEqual(warm ? [[]] : []);
    const closing = phone.close();
    await clock.advance(3_000);
    await closing;
    expect(closed > 0).toBe(warm);
    expect(clock.pending).toBe(0);
  });
});

describe("P19 a negotiation that the peer never answers", () => {
  it("is undone after 60 s, and what it was about is offered again", async () => {
    const clock = virtualClock();
    const media = fakeMedia({ clock });
    const [caller, callee] = [1, 2].map(() => media.open({ iceServers$: of([]) }));
    if (!caller || !callee) throw new Error("two sessions");
    const offer = await caller.offer({ audio: true });
    await caller.accept(await callee.answer(offer, { audio: true }));
    const said: SessionDescription[] = [];
    caller.negotiations$.subscribe((description) => said.push(description));
    await caller.change({ video: true });
    await clock.advance(59_000);
    caller.hold(true);
    await clock.advance(900);
    expect(said).toHaveLength(1);
    await clock.advance(200);
    expect(said).toHaveLength(2);
    callee.negotiations$.subscribe((answer) => caller.negotiate(answer));
    await callee.negotiate(said[1] as SessionDescription);
    await clock.advance(120_000);
    expect(said).toHaveLength(2);
    expect([last(callee.held$)?.peer, last(callee.remoteStreams$)]).toMatchObject([
      true,
      [{ videoMuted: false }],
    ]);
    for (const session of [caller, callee]) session.close();
    expect(clock.pending).toBe(0);
  });
});
