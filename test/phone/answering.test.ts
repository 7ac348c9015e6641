import { NEVER } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import type { Clock } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { scripted, settle } from "./scripted.ts";
import { collect, phones, roomId } from "./world.ts";

const audio = { audio: true };
const ref = { roomId, callId: "theirs" };
const last = <T>(stream: Parameters<typeof collect<T>>[0]): T | undefined => collect(stream).at(-1);

/** A call rings that cannot be prepared for, as in a browser where an answer needs its tracks first. */
async function ringing(options: { readonly clock?: Clock } = {}) {
  const stage = scripted(options);
  const { open } = stage.media;
  stage.media.open = (parts) => {
    const session = open(parts);
    session.prepare = () => Promise.reject(new TrunklineError("media_failed", "Not here."));
    return session;
  };
  await stage.ring(ref);
  const incoming = last(stage.phone.incoming$) as Call;
  return { ...stage, incoming, types: () => stage.commands.map(({ type }) => type) };
}

describe("answer()", () => {
  it("claims the call before the devices open, and resolves when the homeserver has the answer", async () => {
    const { incoming, types, media } = await ringing();
    const answering = incoming.answer(audio);
    expect([types(), media.liveTracks]).toEqual([["claim"], 1]);
    expect(incoming.answer(audio)).toBe(answering);
    await answering;
    expect(types()).toEqual(["claim", "answer"]);
    expect(last(incoming.state$)).toBe("connecting");
  });

  it.each(["media_denied", "media_missing", "media_busy"] as const)(
    "rejects with %s where the devices fail; the call rings on and can be answered again",
    async (code) => {
      const { incoming, types, media, phone } = await ringing();
      const states = collect(incoming.state$);
      media.refuseDevices(code);
      await expect(incoming.answer(audio)).rejects.toMatchObject({ code });
      expect(states).toEqual(["ringing", "connecting", "ringing"]);
      expect([media.liveTracks, media.openConnections, media.openSessions]).toEqual([0, 0, 1]);
      expect(last(phone.incoming$)).toBe(incoming);
      media.refuseDevices();
      await incoming.answer(audio);
      expect(types()).toEqual(["claim", "release", "claim", "answer"]);
    },
  );

  it("may be left alone", async () => {
    const { incoming, media } = await ringing();
    media.refuseDevices("media_denied");
    incoming.answer(audio);
    await settle();
    expect(last(incoming.state$)).toBe("ringing");
  });

  it("that failed has not taken the microphone from anybody for good", async () => {
    const { incoming, media, phone } = await ringing();
    const ours = phone.place({ roomId: "!other:test", ...audio });
    media.refuseDevices("media_denied");
    await expect(incoming.answer(audio)).rejects.toMatchObject({ code: "media_denied" });
    expect(last(incoming.held$)).toEqual({ us: false, peer: false });
    ours.resume();
    expect([last(ours.held$)?.us, media.sendingMicrophones]).toEqual([false, 1]);
  });

  it("P17 that the homeserver refuses ends the call, and rejects", async () => {
    const { incoming, fail, sent } = await ringing();
    fail("answer", new TrunklineError("not_in_room", "No."));
    await expect(incoming.answer(audio)).rejects.toMatchObject({ code: "not_in_room" });
    expect(await incoming.ended).toMatchObject({ by: "system", error: { code: "not_in_room" } });
    expect(sent("hangup")).toHaveLength(1);
  });

  it("rejects with closed where the call ends before it is answered", async () => {
    const { incoming, signals, types } = await ringing();
    const answering = incoming.answer(audio);
    signals.next({ ...ref, type: "ended", end: { by: "peer", reason: "user_hangup" } });
    await expect(answering).rejects.toMatchObject({ code: "closed" });
    expect(types()).toEqual(["claim"]);
  });

  it("rejects with closed where the call ends while the answer is on its way", async () => {
    const { incoming, signals, signaling } = await ringing();
    const { dispatch } = signaling;
    // What is under way as a call ends resolves: its end has made it pointless.
    signaling.dispatch = async (command) => {
      await dispatch(command);
      if (command.type === "answer")
        signals.next({ ...ref, type: "ended", end: { by: "peer", reason: "user_hangup" } });
    };
    await expect(incoming.answer(audio)).rejects.toMatchObject({ code: "closed" });
    expect(await incoming.ended).toEqual({ by: "peer", reason: "user_hangup" });
  });

  it("rejects with closed, too, where the engine refuses an answer because the call has ended", async () => {
    const { incoming, signals, signaling } = await ringing();
    const { dispatch } = signaling;
    signaling.dispatch = async (command) => {
      await dispatch(command);
      if (command.type !== "answer") return;
      signals.next({ ...ref, type: "ended", end: { by: "peer", reason: "user_hangup" } });
      throw new TrunklineError("unknown_call", "There is no such call.");
    };
    await expect(incoming.answer(audio)).rejects.toMatchObject({ code: "closed" });
  });

  it.each([
    [undefined, "what to open must be an object, such as { audio: true }; got undefined"],
    [null, "got null"],
    [{ audio: 5 }, "audio must be true, false, or an object of constraints; got 5"],
  ])("throws invalid_option for %j, and says what to pass", async (capture, message) => {
    const { incoming, types } = await ringing();
    const expected = { code: "invalid_option", message: expect.stringContaining(message) };
    for (const method of ["answer", "change"] as const)
      expect(() => incoming[method](capture as object)).toThrow(expect.objectContaining(expected));
    expect([types(), last(incoming.state$)]).toEqual([[], "ringing"]);
  });

  it("P7 rejects with closed where the devices are not open before the invite has expired", async () => {
    const clock = virtualClock();
    const { phone, media, ring, types } = await ringing({ clock });
    const { open } = media;
    // As a permission prompt that nobody looks at.
    media.open = () => open({ iceServers$: NEVER });
    await ring({ roomId, callId: "other" });
    const call = last(phone.incoming$) as Call;
    const answering = call.answer(audio);
    const closed = expect(answering).rejects.toMatchObject({ code: "closed" });
    await clock.advance(95_000);
    await closed;
    expect(await call.ended).toMatchObject({ by: "system", error: { code: "media_denied", kind: "audio" } });
    expect([types(), media.liveTracks]).toEqual([["claim"], 0]);
  });

  it("P47 is made once, also where whoever sees the present call put on hold answers again", async () => {
    const { phone, media, incoming, types } = await ringing();
    const present = phone.place({ roomId: "!other:test", ...audio });
    await settle();
    present.held$.subscribe(({ us }) => us && incoming.answer(audio));
    await incoming.answer(audio);
    phone.place({ roomId: "!third:test", ...audio });
    await settle();
    expect(types().filter((type) => type === "claim" || type === "answer")).toEqual(["claim", "answer"]);
    expect([last(incoming.state$), last(incoming.held$)?.us, media.sendingMicrophones]).toEqual([
      "connecting",
      true,
      1,
    ]);
  });

  it("resolves and does nothing for a call that does not ring here", async () => {
    const { phone, sent } = scripted();
    const ours = phone.place({ roomId, ...audio });
    await ours.answer(audio);
    ours.hangup();
    await ours.answer(audio);
    expect(sent("answer")).toEqual([]);
  });
});

describe("a call that is accepted and hung up at once", () => {
  it.each(["hangup", "reject"] as const)(
    "P16 is declined by %s() while its answer is being made",
    async (how) => {
      const { incoming, types } = await ringing();
      const answering = incoming.answer(audio);
      incoming[how]();
      await expect(answering).rejects.toMatchObject({ code: "closed" });
      expect(types()).toEqual(["claim", "reject"]);
      expect(await incoming.ended).toEqual({ by: "us", reason: "rejected" });
    },
  );

  it.each([true, false])(
    "stops ringing at the caller's and at our other devices; prepared for: %s",
    async (prepared) => {
      const { alice, bob1, bob2, clock } = await phones("alice", "bob1", "bob2");
      const rings = [bob1, bob2].map(({ phone }) => collect(phone.incoming$));
      if (!prepared) bob1.phone.incoming$.subscribe((call) => void call.answer(audio));
      const call = alice.phone.place({ roomId, ...audio });
      while (rings[0]?.length === 0) await clock.advance(1);
      if (prepared) await clock.advance(100);
      const [[accepted], [other]] = rings as [[Call], [Call]];
      accepted.answer(audio);
      accepted.hangup();
      await clock.advance(2_000);
      expect((await call.ended).by).toBe("peer");
      expect((await other.ended).by).toBe("other_device");
    },
  );

  it("muted before the devices open: the answer says so", async () => {
    const { incoming, sent } = await ringing();
    incoming.mute({ audio: true });
    await incoming.answer(audio);
    expect(sent("answer")).toMatchObject([{ streams: [{ audioMuted: true }] }]);
    expect(last(incoming.localStreams$)).toMatchObject([
      { audioMuted: true, stream: { tracks: [{ enabled: false }] } },
    ]);
  });
});

describe("P48 a phone that closes", () => {
  it("declines nothing for the user's other devices, whether it rings or its answer is being made", async () => {
    for (const accepted of [false, true]) {
      const { phone, incoming, types, media } = await ringing();
      if (accepted) incoming.answer(audio);
      await phone.close();
      expect(types().filter((type) => type !== "claim")).toEqual(["release"]);
      expect(await incoming.ended).toEqual({ by: "us", reason: "user_hangup" });
      expect([media.openSessions, media.liveTracks]).toEqual([0, 0]);
    }
  });

  it("leaves the call to another device of the user, which answers it", async () => {
    const { alice, bob1, bob2, clock } = await phones("alice", "bob1", "bob2");
    const rings = collect(bob2.phone.incoming$);
    const call = alice.phone.place({ roomId, invitee: "@bob:test", ...audio });
    await clock.advance(1_000);
    const closing = bob1.phone.close();
    await clock.advance(3_000);
    await closing;
    expect([last(call.state$), last((rings[0] as Call).state$)]).toEqual(["ringing", "ringing"]);
    rings[0]?.answer(audio);
    await clock.advance(3_000);
    expect(last(call.state$)).toBe("connected");
  });

  it("hangs up what it placed, ringing or not, and what it answered", async () => {
    const { phone, ring, sent } = scripted();
    const [ours] = [phone.place({ roomId: "!ours:test", ...audio })];
    await ring(ref);
    last(phone.incoming$)?.answer(audio);
    await settle();
    await phone.close();
    expect(sent("hangup").map(({ roomId }) => roomId)).toEqual([ours.roomId, roomId]);
  });

  it("takes no more calls while it waits for its hangups", async () => {
    const { phone, ring, media } = scripted({ close: () => new Promise(() => {}) });
    const rings = collect(phone.incoming$);
    phone.close();
    await ring(ref);
    expect([rings, media.openSessions]).toEqual([[], 0]);
  });
});
