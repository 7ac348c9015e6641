import type { MediaSession, SessionDescription } from "../streams/contract.ts";
import { equal, rejects } from "./assert.ts";
import {
  BOTH,
  collect,
  connect,
  define,
  infoOf,
  kinds,
  type MediaCase,
  now,
  until,
} from "./media-suite-tools.ts";

const HEARD = "m.usermedia true false";
const SEEN = "m.usermedia true true";

const MUTE = "m.usermedia false false";

const shows = (session: MediaSession, expected: string) =>
  until(
    session.localStreams$,
    ([stream]) => stream !== undefined && kinds(stream) === expected,
    `our own stream to be ${expected}`,
  );

/** The same with this direction of its video section. */
function withVideo(from: SessionDescription, direction: string): SessionDescription {
  const { type, sdp } = from.description;
  const [before = "", video = ""] = sdp.split("m=video");
  const changed = video.replace(/a=(sendrecv|recvonly|sendonly)/, `a=${direction}`);
  return { ...from, description: { type, sdp: `${before}m=video${changed}` } };
}

/** What becomes of a call whose devices do not open, or do not stay. */
export const deviceCases: readonly MediaCase[] = [
  define(
    "a camera that does not open is a warning: the call is offered and answered with audio",
    async (open, world) => {
      world.denyDevices(true, "video");
      const [caller, callee] = [open(), open()];
      const offer = await caller.offer(BOTH);
      const answer = await callee.answer(offer, BOTH);
      await caller.accept(answer);
      for (const [session, { streams }] of [
        [caller, offer],
        [callee, answer],
      ] as const) {
        const { code, kind } = await until(session.warnings$, () => true, "a warning");
        equal([code, kind], ["media_denied", "video"], "the warning");
        equal(streams?.map(kinds), [HEARD], "the streams of the description");
        equal((await now(session.localStreams$)).map(kinds), [HEARD], "our own streams");
      }
      equal(world.stillOpen().tracks, 2, "open tracks");
      world.denyDevices(false);
      await caller.change({ video: true });
      equal((await now(caller.localStreams$)).map(kinds), [SEEN], "our own streams, with a camera");
      const warnings = collect(caller.warnings$);
      caller.close();
      equal(await warnings, [], "later warnings");
    },
  ),

  define("an error says which device it is about, and the microphone is essential", async (open, world) => {
    const offer = await open().offer(BOTH);
    for (const [capture, denied, kind] of [
      [BOTH, "audio", "audio"],
      [{ audio: true }, "audio", "audio"],
      [{ video: true }, "video", "video"],
    ] as const) {
      world.denyDevices(true, denied);
      const [caller, callee] = [open(), open()];
      equal(
        (await rejects(caller.offer(capture), "media_denied")).kind,
        kind,
        "the kind of the offer's error",
      );
      equal(
        (await rejects(callee.answer(offer, capture), "media_denied")).kind,
        kind,
        "the kind of the answer's error",
      );
      equal(world.stillOpen().tracks, 2, "open tracks");
      world.denyDevices(false);
      await callee.answer(offer, capture);
      callee.close();
    }
  }),

  define("changing both where one is refused changes nothing, and says which", async (open, world) => {
    const [caller, callee] = [open(), open()];
    await caller.accept(await callee.answer(await caller.offer({ audio: true }), {}));
    for (const kind of ["audio", "video"] as const) {
      world.denyDevices(true, kind);
      const refused = await rejects(callee.change(BOTH), "media_denied");
      equal(refused.kind, kind, "the kind of the error");
      equal(
        [(await now(callee.localStreams$)).length, world.stillOpen().tracks],
        [0, 1],
        "streams, and tracks",
      );
      world.denyDevices(false);
    }
  }),

  define(
    "a device that is unplugged mutes its stream at once, and is used again when it is back",
    async (open, world) => {
      const [caller, callee, wire] = await connect(open);
      const shown = await now(callee.remoteStreams$);
      for (const [kind, without] of [
        ["video", HEARD],
        ["audio", "m.usermedia false true"],
      ] as const) {
        world.unplug(kind);
        await Promise.all([shows(caller, without), shows(callee, without)]);
        for (const session of [caller, callee]) {
          const warning = await until(session.warnings$, (each) => each.kind === kind, "a warning");
          equal(warning.code, "media_missing", "its code");
        }
        world.plugIn(kind);
        await Promise.all([shows(caller, SEEN), shows(callee, SEEN)]);
        equal(world.stillOpen().tracks, 4, "open tracks");
      }
      equal((await now(callee.remoteStreams$)) === shown, true, "whether the peer sees the same streams");
      equal(wire.count, 0, "descriptions that were sent");
      wire.check();
    },
  ),

  define(
    "what is muted, held or dropped while a device is away is so when it is back",
    async (open, world) => {
      const [caller, callee] = await connect(open, BOTH, { audio: true });
      world.unplug("video");
      await shows(caller, HEARD);
      caller.mute({ video: true });
      world.unplug("audio");
      await shows(caller, MUTE);
      caller.hold(true);
      world.plugIn("audio");
      world.plugIn("video");
      await shows(caller, HEARD);
      await shows(callee, HEARD);
      caller.hold(false);
      caller.mute({ video: false });
      await shows(caller, SEEN);
      world.unplug("video");
      await shows(caller, HEARD);
      await caller.change({ video: false });
      world.plugIn("video");
      world.unplug("audio");
      await shows(caller, MUTE);
      world.plugIn("audio");
      await caller.change({ audio: true });
      await shows(callee, HEARD);
      equal((await now(caller.localStreams$)).map(kinds), [HEARD], "our own streams");
      equal(world.stillOpen().tracks, 2, "open tracks");
    },
  ),

  define("what the system mutes is shown as muted until it no longer is", async (open, world) => {
    const [caller] = await connect(open);
    world.muteDevices("video", true);
    await shows(caller, HEARD);
    caller.mute({ audio: true });
    world.muteDevices("video", false);
    equal((await shows(caller, "m.usermedia false true")).map(infoOf).length, 1, "our own streams");
  }),

  define("another camera is opened where only one can be open at a time", async (open, world) => {
    const [caller, callee, wire] = await connect(open, BOTH, { audio: true });
    world.limitCameras(true);
    const [before] = await now(caller.localStreams$);
    await caller.change({ video: { facingMode: "environment" } });
    const [after] = await now(caller.localStreams$);
    equal([after && kinds(after), after?.stream === before?.stream], [SEEN, true], "our own stream");
    equal([world.stillOpen().tracks, wire.count], [3, 0], "open tracks, and descriptions that were sent");
    const refused = await rejects(callee.change({ video: true }), "media_busy");
    equal(refused.kind, "video", "the kind of the error");
  }),

  define(
    "a change is aborted, and a screen cancelled, while the user is asked; what opens later is not used",
    async (open, world) => {
      const [caller, , wire] = await connect(open, { audio: true });
      const asked = [new AbortController(), new AbortController()] as const;
      world.holdPrompts(true);
      const changing = rejects(caller.change({ video: true }, { signal: asked[0].signal }), "aborted");
      const waiting = rejects(caller.change({ audio: {} }, { signal: asked[1].signal }), "aborted");
      const sharing = [
        rejects(caller.shareScreen({ signal: asked[1].signal }), "aborted"),
        rejects(caller.shareScreen(), "aborted"),
      ];
      await Promise.resolve();
      for (const controller of asked) controller.abort();
      caller.stopSharing();
      await Promise.all([changing, waiting, ...sharing]);
      for (const { signal } of asked) await rejects(caller.change({ video: true }, { signal }), "aborted");
      world.holdPrompts(false);
      await caller.change({ audio: { echoCancellation: false } });
      equal((await now(caller.localStreams$)).map(kinds), [HEARD], "our own streams");
      equal([world.stillOpen().tracks, wire.count], [2, 0], "open tracks, and descriptions that were sent");
      const late = new AbortController();
      await caller.change({ video: true }, { signal: late.signal });
      await caller.shareScreen({ signal: late.signal });
      late.abort();
      equal((await now(caller.localStreams$)).length, 2, "our own streams after a late abort");
      caller.close();
      await rejects(caller.change({ audio: {} }, { signal: late.signal }), "closed");
    },
  ),

  define("a camera that the peer never receives is closed, and may be opened again", async (open, world) => {
    const [caller, callee] = [open(), open()];
    const answer = await callee.answer(await caller.offer(BOTH), { audio: true });
    await caller.accept(withVideo(answer, "inactive"));
    await shows(caller, HEARD);
    equal(world.stillOpen().tracks, 2, "open tracks");
    const [sender, receiver] = [open(), open()];
    const offer = withVideo(await sender.offer(BOTH), "sendonly");
    await receiver.answer(offer, BOTH);
    await shows(receiver, HEARD);
    const [another, prepared] = [open(), open()];
    const next = withVideo(await another.offer(BOTH), "sendonly");
    await prepared.prepare(next);
    await prepared.answer(next, BOTH);
    await shows(prepared, HEARD);
    equal(world.stillOpen().tracks, 2 + 3 + 3, "open tracks");
    await caller.change({ video: true });
    equal((await now(caller.localStreams$)).map(kinds), [SEEN], "our own streams");
  }),

  define(
    "a camera that was received stays on while the peer holds, and so does one that is added then",
    async (open, world) => {
      const [caller, callee, wire] = await connect(open, BOTH, { audio: true });
      callee.hold(true);
      await until(caller.held$, ({ peer }) => peer, "to be held");
      callee.hold(false);
      await until(caller.held$, ({ peer }) => !peer, "to be held no more");
      equal((await now(caller.localStreams$)).map(kinds), [SEEN], "our own streams");
      caller.hold(true);
      await until(callee.held$, ({ peer }) => peer, "to be held");
      await callee.change({ video: true });
      caller.hold(false);
      await until(callee.held$, ({ peer }) => !peer, "to be held no more");
      await until(caller.remoteStreams$, ([stream]) => stream?.videoMuted === false, "the camera");
      equal((await now(callee.localStreams$)).map(kinds), [SEEN], "our own streams");
      equal(world.stillOpen().tracks, 4, "open tracks");
      wire.check();
    },
  ),
];
