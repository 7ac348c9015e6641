import { map, NEVER, timer } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { prompting } from "./prompts.ts";
import { scripted, settle } from "./scripted.ts";
import { collect, phones, roomId } from "./world.ts";

const audio = { audio: true };
const both = { audio: true, video: true };
const invitee = "@bob:test";
const last = <T>(stream: Parameters<typeof collect<T>>[0]): T | undefined => collect(stream).at(-1);
const sentBy = (call: Call) =>
  collect(call.trace$).flatMap((entry) =>
    entry.kind === "message" && entry.direction === "sent" ? [entry.eventType] : [],
  );
const noCamera = { code: "media_missing", kind: "video" };

/** Alice's call rings at two devices of Bob's. */
async function ringing() {
  const world = await phones("alice", "bob1", "bob2");
  const [one, two] = [world.bob1, world.bob2].map(({ phone }) => collect(phone.incoming$));
  return {
    ...world,
    /** Whose prompt, where there is one, belongs to the calls that come after. */
    async call() {
      const outgoing = world.alice.phone.place({ roomId, invitee, ...both });
      await world.clock.advance(1_000);
      return { outgoing, here: one?.at(-1) as Call, there: two?.at(-1) as Call };
    },
  };
}

describe("answer() where only the camera fails", () => {
  it("answers with audio, warns, and takes the camera once it is there", async () => {
    const { call, bob1, clock } = await ringing();
    bob1.media.refuseDevices("media_missing", "video");
    const { outgoing, here } = await call();
    const warnings = collect(here.warnings$);
    here.answer(both);
    await clock.advance(3_000);
    expect([outgoing, here].map((each) => last(each.state$))).toEqual(["connected", "connected"]);
    expect(warnings).toMatchObject([noCamera]);
    expect(collect(here.warnings$)).toEqual(warnings);
    expect([last(here.localStreams$), last(outgoing.remoteStreams$)]).toMatchObject(
      Array(2).fill([{ audioMuted: false, videoMuted: true }]),
    );
    bob1.media.refuseDevices();
    await here.change({ video: true });
    await clock.advance(1_000);
    expect(last(outgoing.remoteStreams$)).toMatchObject([{ audioMuted: false, videoMuted: false }]);
    let completed = false;
    here.warnings$.subscribe({ complete: () => (completed = true) });
    here.hangup();
    expect([completed, collect(here.warnings$)]).toEqual([true, warnings]);
  });
});

describe("answer() where the microphone fails", () => {
  it.each([
    ["media_busy", both],
    ["media_denied", { video: true }],
    ["media_missing", {}],
  ] as const)("P48 rejects with %s, rings on everywhere, and is answered by %j after", async (code, less) => {
    const { call, bob1, bob2, clock } = await ringing();
    const prompt = prompting(bob1.media);
    const { outgoing, here, there } = await call();
    const refused = expect(here.answer(both)).rejects.toMatchObject({ code, kind: "audio" });
    await clock.advance(5_000);
    prompt.deny(code, "audio");
    await refused;
    await clock.advance(5_000);
    expect([outgoing, here, there].map((each) => last(each.state$))).toEqual(Array(3).fill("ringing"));
    expect([last(bob1.phone.incoming$), last(bob2.phone.incoming$)]).toEqual([here, there]);
    expect([bob1.media.liveTracks, collect(here.warnings$), sentBy(here)]).toEqual([0, [], []]);
    if ("audio" in less) bob1.media.refuseDevices();
    await Promise.all([here.answer(less), clock.advance(3_000)]);
    expect(last(outgoing.state$)).toBe("connected");
    expect((await there.ended).by).toBe("other_device");
  });

  it("leaves the call to another device, which answers it", async () => {
    const { call, bob1, clock } = await ringing();
    const prompt = prompting(bob1.media);
    const { outgoing, here, there } = await call();
    here.answer(audio);
    prompt.deny();
    await clock.advance(100);
    there.answer(audio);
    await clock.advance(3_000);
    expect([last(outgoing.state$), (await here.ended).by]).toEqual(["connected", "other_device"]);
  });
});

describe("answer() while the call is still being prepared for", () => {
  it("rejects where the microphone is refused before the answer leaves, and the call rings on", async () => {
    const { call, bob1, clock } = await ringing();
    const { open } = bob1.media;
    bob1.media.open = () => open({ iceServers$: timer(5_000, clock).pipe(map(() => [])) });
    const { outgoing, here } = await call();
    bob1.media.refuseDevices("media_denied", "audio");
    const refused = expect(here.answer(both)).rejects.toMatchObject({ code: "media_denied", kind: "audio" });
    await clock.advance(5_000);
    await refused;
    expect([outgoing, here].map((each) => last(each.state$))).toEqual(["ringing", "ringing"]);
    bob1.media.refuseDevices();
    await Promise.all([here.answer(both), clock.advance(3_000)]);
    expect([last(outgoing.state$), collect(here.warnings$)]).toEqual(["connected", []]);
  });
});

describe("answer() where the microphone fails once the answer has left", () => {
  it("goes on without it, warns, and takes it once it is there", async () => {
    const { call, bob1, clock } = await ringing();
    const { outgoing, here } = await call();
    bob1.media.refuseDevices("media_busy", "audio");
    await Promise.all([here.answer(audio), clock.advance(3_000)]);
    expect([outgoing, here].map((each) => last(each.state$))).toEqual(["connected", "connected"]);
    expect(collect(here.warnings$)).toMatchObject([{ code: "media_busy", kind: "audio" }]);
    expect([last(here.localStreams$), last(outgoing.remoteStreams$)]).toMatchObject(
      Array(2).fill([{ audioMuted: true }]),
    );
    bob1.media.refuseDevices();
    await here.change(audio);
    await clock.advance(1_000);
    expect(last(outgoing.remoteStreams$)).toMatchObject([{ audioMuted: false }]);
  });
});

describe("answer() whose prompt nobody answers", () => {
  it("P7 ends with media_denied as the invite expires, and what opens later is stopped", async () => {
    const { call, bob1, clock } = await ringing();
    const prompt = prompting(bob1.media);
    const { outgoing, here } = await call();
    const answering = expect(here.answer(both)).rejects.toMatchObject({ code: "closed" });
    await clock.advance(100_000);
    await answering;
    expect(await here.ended).toMatchObject({
      by: "system",
      reason: "user_media_failed",
      error: { code: "media_denied", kind: "audio" },
    });
    expect((await outgoing.ended).reason).toBe("invite_timeout");
    prompt.allow();
    await settle();
    expect([bob1.media.liveTracks, bob1.media.openSessions, sentBy(here)]).toEqual([0, 0, []]);
  });

  it("P7 blames no device where none was asked for", async () => {
    const { call, bob1, clock } = await ringing();
    const { open } = bob1.media;
    bob1.media.open = () => Object.assign(open({ iceServers$: NEVER }), { prepare: async () => {} });
    const { here } = await call();
    here.answer({});
    await clock.advance(100_000);
    expect(await here.ended).toEqual({ by: "system", reason: "invite_timeout" });
  });

  it("does not keep from listening: that needs no device", async () => {
    const { call, bob1, clock } = await ringing();
    prompting(bob1.media);
    const { outgoing, here } = await call();
    await Promise.all([here.answer({}), clock.advance(3_000)]);
    expect([last(outgoing.state$), bob1.media.liveTracks]).toEqual(["connected", 0]);
  });
});

describe("place() where only the camera fails", () => {
  it("places with audio, warns, and says so on both sides", async () => {
    const { call, alice, clock } = await ringing();
    alice.media.refuseDevices("media_missing", "video");
    const { outgoing, here } = await call();
    expect([outgoing, here].map((each) => each.offers)).toEqual(Array(2).fill({ audio: true, video: false }));
    expect(collect(outgoing.warnings$)).toMatchObject([noCamera]);
    here.answer(both);
    await clock.advance(3_000);
    expect(last(here.remoteStreams$)).toMatchObject([{ audioMuted: false, videoMuted: true }]);
    expect(last(outgoing.remoteStreams$)).toMatchObject([{ audioMuted: false, videoMuted: false }]);
  });
});

describe("place() where the microphone fails", () => {
  it("P17 ends with user_media_failed and why, and nothing is sent", async () => {
    const { call, alice, bob1 } = await ringing();
    alice.media.refuseDevices("media_busy", "audio");
    const { outgoing } = await call();
    expect(await outgoing.ended).toMatchObject({
      by: "system",
      reason: "user_media_failed",
      error: { code: "media_busy", kind: "audio" },
    });
    expect([sentBy(outgoing), collect(bob1.phone.incoming$), alice.media.liveTracks]).toEqual([[], [], 0]);
  });
});

describe("place() whose prompt nobody answers", () => {
  it.each([undefined, 5_000])(
    "ends with media_denied after the lifetime of its invite, %j ms",
    async (lifetime) => {
      const { alice, bob1, clock } = await ringing();
      const prompt = prompting(alice.media);
      const call = alice.phone.place({ roomId, invitee, ...both, ...(lifetime && { lifetime }) });
      await clock.advance((lifetime ?? 90_000) - 1);
      expect(last(call.state$)).toBe("preparing");
      await clock.advance(1);
      expect(await call.ended).toMatchObject({
        by: "system",
        reason: "user_media_failed",
        error: { code: "media_denied", kind: "audio" },
      });
      prompt.allow();
      await clock.advance(1_000);
      expect([alice.media.liveTracks, alice.media.openSessions, sentBy(call)]).toEqual([0, 0, []]);
      expect(collect(bob1.phone.incoming$)).toEqual([]);
    },
  );

  it("ends though the engine is silent", async () => {
    const clock = virtualClock();
    const { phone, fail, sent } = scripted({ clock });
    fail("place", "never");
    const [call, other] = [
      phone.place({ roomId, ...audio, lifetime: 5_000 }),
      phone.place({ roomId: "!other:test", ...audio }),
    ];
    await clock.advance(7_000);
    expect(await call.ended).toEqual({ by: "system", reason: "invite_timeout" });
    expect(sent("hangup")).toMatchObject([{ callId: call.callId, reason: "invite_timeout" }]);
    await clock.advance(600_000);
    expect([(await other.ended).reason, clock.pending]).toEqual(["invite_timeout", 0]);
  });

  it.each(["ringing", "inviting"] as const)("P7 ends where the engine is lost as it is %s", async (state) => {
    const clock = virtualClock();
    const { phone, signals } = scripted({ clock });
    const call = phone.place({ roomId, ...audio, lifetime: 5_000 });
    await settle();
    if (state === "ringing") signals.next({ roomId, callId: call.callId, type: "invited" });
    expect(last(call.state$)).toBe(state);
    await clock.advance(7_000);
    expect(await call.ended).toEqual({ by: "system", reason: "invite_timeout" });
  });
});

/** Alice calls Bob, her prompt is open, and Bob calls her. */
async function crossing(prompted: "alice" | "nobody" = "alice") {
  const world = await phones("alice", "tablet", "bob");
  const prompt = prompting(world.alice.media);
  if (prompted === "nobody") prompt.allow();
  const rings = collect(world.alice.phone.incoming$);
  const ours = world.alice.phone.place({ roomId, invitee, ...audio });
  const theirs = world.bob.phone.place({ roomId, invitee: "@alice:test", ...audio });
  await world.clock.advance(1_000);
  return { ...world, prompt, rings, ours, theirs };
}

describe("calls that cross while a prompt is open", () => {
  it("P21 theirs waits for the microphone, and is accepted once it is open", async () => {
    const { clock, prompt, rings, ours, theirs } = await crossing();
    await clock.advance(20_000);
    expect([last(theirs.state$), last(ours.state$), ours.callId]).toEqual([
      "ringing",
      "connecting",
      theirs.callId,
    ]);
    expect(sentBy(ours)).toEqual([]);
    prompt.allow();
    await clock.advance(3_000);
    expect([theirs, ours].map((each) => last(each.state$))).toEqual(["connected", "connected"]);
    expect(rings).toEqual([]);
  });

  it("P21 P48 ours ends where the microphone is denied, and theirs rings, for the time that is left", async () => {
    const { clock, prompt, rings, ours, theirs, alice } = await crossing();
    await clock.advance(20_000);
    prompt.deny();
    await clock.advance(1_000);
    expect(await ours.ended).toMatchObject({
      by: "system",
      reason: "user_media_failed",
      error: { code: "media_denied", kind: "audio" },
    });
    const [incoming, ...more] = rings as [Call];
    expect([incoming.direction, incoming.callId, last(incoming.state$), more]).toEqual([
      "incoming",
      theirs.callId,
      "ringing",
      [],
    ]);
    expect([last(alice.phone.calls$), last(theirs.state$)]).toEqual([[incoming], "ringing"]);
    expect(sentBy(incoming)).toEqual([]);
    alice.media.refuseDevices();
    incoming.answer(audio);
    await clock.advance(3_000);
    expect([last(theirs.state$), last(incoming.state$)]).toEqual(["connected", "connected"]);
    expect(alice.media.openSessions).toBe(1);
  });

  it("P7 P21 theirs that then rings stops when its invite expires", async () => {
    const { clock, prompt, rings, theirs } = await crossing();
    await clock.advance(60_000);
    prompt.deny();
    await clock.advance(28_000);
    expect(last((rings[0] as Call).state$)).toBe("ringing");
    await clock.advance(2_000);
    expect([(await (rings[0] as Call).ended).reason, (await theirs.ended).reason]).toEqual([
      "invite_timeout",
      "invite_timeout",
    ]);
  });

  it("P21 ends for want of a microphone where nobody answers the prompt", async () => {
    const { clock, rings, ours, theirs } = await crossing();
    await clock.advance(100_000);
    expect((await ours.ended).error).toMatchObject({ code: "media_denied", kind: "audio" });
    expect([(await theirs.ended).reason, rings]).toEqual(["invite_timeout", []]);
  });

  it("P22 P48 what the peer sent meanwhile is not lost", async () => {
    const { phone, media, ring, signals, commands } = scripted();
    const prompt = prompting(media);
    const rings = collect(phone.incoming$);
    const ours = phone.place({ roomId, invitee, ...audio });
    const theirs = { roomId, callId: "theirs" };
    await ring(theirs, { userId: invitee, replaces: ours.callId });
    const identity = { displayName: "Bob" };
    signals.next({ ...theirs, type: "identity", identity });
    prompt.deny();
    await settle();
    expect(commands.map(({ type }) => type)).toEqual(["place", "release"]);
    expect(rings.map((call) => [call.callId, last(call.identity$)])).toEqual([["theirs", identity]]);
    expect((await ours.ended).error?.code).toBe("media_denied");
    signals.next({ ...theirs, type: "ended", end: { by: "peer", reason: "user_hangup" } });
    expect((await (rings[0] as Call).ended).by).toBe("peer");
  });

  it("P48 declines nothing for the user's other devices where the page closes", async () => {
    const { alice, clock, theirs } = await crossing();
    const closing = alice.phone.close();
    await clock.advance(3_000);
    await closing;
    expect(last(theirs.state$)).toBe("ringing");
  });

  it("P16 hung up by the user declines theirs", async () => {
    const { clock, ours, theirs } = await crossing();
    ours.hangup();
    await clock.advance(1_000);
    expect([await ours.ended, await theirs.ended]).toMatchObject([{ by: "us" }, { by: "peer" }]);
  });

  it("P21 are accepted at once where the microphone is open", async () => {
    const { clock, ours, theirs } = await crossing("nobody");
    await clock.advance(1_000);
    expect([theirs, ours].map((each) => last(each.state$))).toEqual(["connected", "connected"]);
  });
});

/** Alice and Bob talk and see each other. */
async function talking() {
  const { call, ...world } = await ringing();
  const { outgoing, here } = await call();
  here.answer(both);
  await world.clock.advance(3_000);
  return { ...world, outgoing, incoming: here };
}

describe("a device that goes while the call goes on", () => {
  it.each([
    ["audio", { audioMuted: true, videoMuted: false }],
    ["video", { audioMuted: false, videoMuted: true }],
  ] as const)(
    "P25 unplugged, %s is a warning, shows on both sides, and is used when it is back",
    async (kind, muted) => {
      const { alice, outgoing, incoming, clock } = await talking();
      const warnings = collect(outgoing.warnings$);
      alice.media.unplug(kind);
      await clock.advance(1_000);
      expect(warnings).toMatchObject([{ code: "media_missing", kind }]);
      expect([last(outgoing.localStreams$), last(incoming.remoteStreams$)]).toMatchObject([[muted], [muted]]);
      expect(last(outgoing.muted$)).toEqual({ audio: false, video: false });
      alice.media.plugIn(kind);
      await clock.advance(1_000);
      expect(last(incoming.remoteStreams$)).toMatchObject([{ audioMuted: false, videoMuted: false }]);
      expect([outgoing, incoming].map((each) => last(each.state$))).toEqual(["connected", "connected"]);
    },
  );

  it("P25 of which the permission is revoked cannot be changed to until it is allowed", async () => {
    const { alice, outgoing, incoming, clock } = await talking();
    alice.media.unplug("video");
    alice.media.refuseDevices("media_denied", "video");
    await expect(outgoing.change({ video: true })).rejects.toMatchObject({
      code: "media_denied",
      kind: "video",
    });
    await clock.advance(1_000);
    expect(last(incoming.remoteStreams$)).toMatchObject([{ audioMuted: false, videoMuted: true }]);
    alice.media.refuseDevices();
    await outgoing.change({ video: true });
    await clock.advance(1_000);
    expect(last(incoming.remoteStreams$)).toMatchObject([{ audioMuted: false, videoMuted: false }]);
  });

  it("P25 that the system mutes is muted for both, and no longer when it is not", async () => {
    const { alice, outgoing, incoming, clock } = await talking();
    for (const muted of [true, false]) {
      alice.media.muteDevices("audio", muted);
      await clock.advance(1_000);
      expect([last(outgoing.localStreams$), last(incoming.remoteStreams$)]).toMatchObject(
        Array(2).fill([{ audioMuted: muted }]),
      );
    }
    expect(collect(outgoing.warnings$)).toEqual([]);
  });

  it("a camera that is busy is refused, and the one that is open stays", async () => {
    const { alice, outgoing, incoming, clock } = await talking();
    alice.media.refuseDevices("media_busy", "video");
    const change = outgoing.change({ video: { facingMode: "environment" } });
    await expect(change).rejects.toMatchObject({ code: "media_busy", kind: "video" });
    await clock.advance(1_000);
    expect(last(incoming.remoteStreams$)).toMatchObject([{ audioMuted: false, videoMuted: false }]);
    expect([alice.media.liveTracks, collect(outgoing.warnings$)]).toEqual([2, []]);
  });
});

describe("a prompt while the call goes on", () => {
  const asks = {
    "change()": (call: Call, signal?: AbortSignal) =>
      call.change({ video: { deviceId: "other" } }, { ...(signal && { signal }) }),
    "shareScreen()": (call: Call, signal?: AbortSignal) => call.shareScreen({ ...(signal && { signal }) }),
  };
  it.each(Object.entries(asks))("that is closed rejects %s, and nothing has changed", async (_, ask) => {
    const { alice, outgoing, incoming, clock } = await talking();
    const prompt = prompting(alice.media);
    const before = last(incoming.remoteStreams$);
    const asked = expect(ask(outgoing)).rejects.toMatchObject({ code: "media_denied", kind: "video" });
    await clock.advance(1_000);
    prompt.deny();
    await asked;
    await clock.advance(1_000);
    expect([last(incoming.remoteStreams$), alice.media.liveTracks]).toEqual([before, 2]);
  });

  it.each(Object.entries(asks))(
    "is given up by the signal: %s rejects, what opens later is stopped",
    async (_, ask) => {
      const { alice, outgoing, incoming, clock } = await talking();
      const prompt = prompting(alice.media);
      const before = last(incoming.remoteStreams$);
      const controller = new AbortController();
      const asked = expect(ask(outgoing, controller.signal)).rejects.toMatchObject({ code: "aborted" });
      await clock.advance(1_000);
      controller.abort();
      await asked;
      prompt.allow();
      await clock.advance(1_000);
      expect([last(incoming.remoteStreams$), alice.media.liveTracks]).toEqual([before, 2]);
      const late = ask(outgoing, controller.signal);
      await expect(late).rejects.toMatchObject({ code: "aborted" });
      await ask(outgoing);
      await clock.advance(1_000);
      expect(last(outgoing.state$)).toBe("connected");
    },
  );

  it.each(Object.entries(asks))("rejects %s with closed where the call ends", async (_, ask) => {
    const { alice, outgoing, clock } = await talking();
    const prompt = prompting(alice.media);
    const asked = expect(ask(outgoing)).rejects.toMatchObject({ code: "closed" });
    await clock.advance(1_000);
    outgoing.hangup();
    await asked;
    prompt.allow();
    await clock.advance(1_000);
    expect(alice.media.liveTracks).toBe(0);
  });

  it("for a screen is given up by stopSharing()", async () => {
    const { alice, outgoing, clock } = await talking();
    prompting(alice.media);
    const asked = expect(outgoing.shareScreen()).rejects.toMatchObject({ code: "aborted" });
    await clock.advance(1_000);
    outgoing.stopSharing();
    await asked;
  });
});
