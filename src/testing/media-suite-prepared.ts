import { NEVER, ReplaySubject, Subject } from "rxjs";
import type { IceServer, MediaSession, Milestone, SessionDescription } from "../streams/contract.ts";
import { equal, rejects, truthy, within } from "./assert.ts";
import {
  apart,
  BOTH,
  collect,
  define,
  infoOf,
  kinds,
  type MediaCase,
  now,
  type Open,
  until,
} from "./media-suite-tools.ts";
import { Wire } from "./media-suite-wire.ts";

const HEARD = "m.usermedia true false";
const SEEN = "m.usermedia true true";

const connected = (session: MediaSession) =>
  until(session.path$, (state) => state === "connected", "the path to connect");

/** A call that rings at a callee which has prepared itself; its caller's candidates come in meanwhile. */
async function ringing(open: Open) {
  const [caller, callee, wire] = [open(), open(), new Wire()];
  const offer = await caller.offer(BOTH);
  wire.note(caller, offer);
  wire.connect(caller, callee);
  const path = collect(callee.path$);
  await callee.prepare(offer);
  await wire.gathered(caller, 1);
  return { caller, callee, wire, offer, path };
}

/** The same once the callee has answered, with what it says. */
async function answered(open: Open, capture: object) {
  const call = await ringing(open);
  const answer = await call.callee.answer(call.offer, capture);
  await call.caller.accept(answer);
  call.wire.connect(call.callee, call.caller);
  await Promise.all([connected(call.caller), connected(call.callee)]);
  return { ...call, answer };
}

/** Answers that are made, and gathered for, while it rings. */
export const preparedCases: readonly MediaCase[] = [
  define("P45 while it rings no device is open and no path is looked for", async (open, world) => {
    const { caller, callee, path } = await ringing(open);
    equal(world.stillOpen(), { tracks: 2, connections: 2 }, "open tracks, the caller's, and connections");
    equal(await now(callee.localStreams$), [], "our own streams");
    callee.close();
    equal(await within(path, "the path to complete"), ["new"], "the path");
    equal(await now(caller.path$), "new", "the caller's path");
  }),

  define("P23 the answer holds its candidates, and does not wait for the devices", async (open, world) => {
    const { caller, callee, wire, offer } = await ringing(open);
    const answer = await callee.answer(offer, BOTH);
    truthy(apart(answer)[1].length > 0, "it holds candidates");
    equal(answer.streams?.map(kinds), [SEEN], "the streams it promises");
    await caller.accept(answer);
    wire.connect(callee, caller);
    await Promise.all([connected(caller), connected(callee)]);
    const [own] = await until(callee.localStreams$, ({ length }) => length === 1, "our own stream");
    equal(own && infoOf(own), answer.streams?.[0], "our own stream");
    equal((await now(caller.remoteStreams$)).map(infoOf), answer.streams, "what the caller shows");
    equal(world.stillOpen(), { tracks: 4, connections: 2 }, "open tracks and connections");
    equal(wire.count, 0, "descriptions said after the answer");
    wire.check();
  }),

  define(
    "P25 a voice answer to a video offer says that there is no video; adding it is no negotiation",
    async (open, world) => {
      const { caller, callee, wire, answer } = await answered(open, { audio: true });
      equal(answer.streams?.map(kinds), [HEARD], "the streams of the answer");
      await until(callee.localStreams$, ({ length }) => length === 1, "our own stream");
      equal(world.stillOpen().tracks, 3, "open tracks");
      await callee.change({ video: true });
      const own = (await now(callee.localStreams$)).map(infoOf);
      equal(own.map(kinds), [SEEN], "our own stream");
      equal(own[0]?.id, answer.streams?.[0]?.id, "its id");
      caller.describeRemote(own);
      equal((await now(caller.remoteStreams$)).map(kinds), [SEEN], "what the caller shows");
      equal(wire.count, 0, "descriptions said after the answer");
      await callee.change({ video: false });
      await until(caller.remoteStreams$, ([stream]) => stream?.videoMuted === true, "the video to go");
      wire.check();
    },
  ),

  define(
    "P25 who only listens lists a stream that is muted, and starts to talk without a negotiation",
    async (open, world) => {
      const { caller, callee, wire, answer } = await answered(open, {});
      equal(answer.streams?.map(kinds), ["m.usermedia false false"], "the streams of the answer");
      equal([await now(callee.localStreams$), world.stillOpen().tracks], [[], 2], "our streams, open tracks");
      await callee.change({ audio: true });
      caller.describeRemote((await now(callee.localStreams$)).map(infoOf));
      equal((await now(caller.remoteStreams$)).map(kinds), [HEARD], "what the caller shows");
      equal(wire.count, 0, "descriptions said after the answer");
      await callee.change({ video: true });
      await caller.shareScreen();
      await until(callee.remoteStreams$, ({ length }) => length === 2, "the screen");
      wire.check();
    },
  ),

  define("opens no camera that the offer has no room for, and none is promised", async (open, world) => {
    const [caller, callee] = [open(), open()];
    const offer = await caller.offer({ audio: true });
    await callee.prepare(offer);
    const answer = await callee.answer(offer, BOTH);
    equal(answer.streams?.map(kinds), [HEARD], "the streams of the answer");
    await until(callee.localStreams$, ({ length }) => length === 1, "our own stream");
    equal(world.stillOpen().tracks, 2, "open tracks");
  }),

  define("a peer that lists no streams is answered with what is sent, and no more", async (open) => {
    const { description } = await open().offer(BOTH);
    for (const [capture, milestone] of [
      [BOTH, "prepared"],
      [{ audio: true }, "unprepared"],
    ] as const) {
      const callee = open();
      const milestones$ = new ReplaySubject<Milestone>();
      callee.milestones$.subscribe(milestones$);
      await callee.prepare({ description });
      const answer = await callee.answer({ description }, capture);
      await until(milestones$, ({ name }) => name === milestone, milestone);
      equal(answer.streams?.map(kinds), [capture === BOTH ? SEEN : HEARD], "the streams of the answer");
    }
  }),

  define(
    "a device that is refused is emitted, after the answer or the offer; the next call is unharmed",
    async (open, world) => {
      const { callee, offer } = await ringing(open);
      world.denyDevices(true);
      await callee.answer(offer, BOTH);
      const { code, kind } = await until(callee.warnings$, () => true, "the warning");
      equal([code, kind], ["media_denied", "audio"], "the warning");
      const caller = open();
      truthy(
        (await caller.offer(BOTH, { waitForDevices: false })).description.sdp.includes("m=video"),
        "an offer",
      );
      equal((await until(caller.refused$, () => true, "the refusal")).code, "media_denied", "its code");
      world.denyDevices(false);
      const { answer } = await answered(open, BOTH);
      equal(answer.streams?.map(kinds), [SEEN], "the next call's answer");
    },
  ),

  define(
    "an answer that left goes on without the microphone: our stream is muted, and it may be opened again",
    async (open, world) => {
      const { caller, callee, offer } = await ringing(open);
      world.denyDevices(true, "audio");
      const answer = await callee.answer(offer, { audio: true });
      equal(answer.streams?.map(kinds), [HEARD], "the streams of the answer");
      equal((await until(callee.warnings$, () => true, "the warning")).kind, "audio", "its kind");
      const [own] = await until(callee.localStreams$, ({ length }) => length === 1, "our own stream");
      equal(
        [own && kinds(own), own?.id],
        ["m.usermedia false false", answer.streams?.[0]?.id],
        "our own stream",
      );
      await caller.accept(answer);
      world.denyDevices(false);
      await callee.change({ audio: true });
      equal((await now(callee.localStreams$)).map(kinds), [HEARD], "our own stream");
      equal(world.stillOpen().tracks, 3, "open tracks");
    },
  ),

  define(
    "an answer waits for devices that are not known to open: where the microphone fails, it can be answered again",
    async (open, world) => {
      world.knowDevices(false);
      const { callee, offer } = await ringing(open);
      world.denyDevices(true);
      const refused = await rejects(callee.answer(offer, BOTH), "media_denied");
      equal(refused.kind, "audio", "its kind");
      equal(world.stillOpen(), { tracks: 2, connections: 2 }, "open tracks and connections");
      world.denyDevices(false);
      world.unplug("video");
      world.holdPrompts(true);
      let answered = false;
      const answering = callee.answer(offer, BOTH).finally(() => {
        answered = true;
      });
      await new Promise((resolve) => setTimeout(resolve));
      equal(answered, false, "whether it was answered before the microphone has opened");
      world.holdPrompts(false);
      equal((await answering).streams?.map(kinds), [HEARD], "the streams of the answer");
      const { code } = await until(callee.warnings$, ({ kind }) => kind === "video", "the warning");
      equal(code, "media_missing", "its code");
      const listener = open();
      await listener.prepare(offer);
      world.holdPrompts(true);
      equal(
        (await listener.answer(offer, {})).streams?.map(kinds),
        ["m.usermedia false false"],
        "who listens",
      );
      world.holdPrompts(false);
      const watched = open();
      await watched.prepare(offer);
      const missing = await rejects(watched.answer(offer, { video: true }), "media_missing");
      equal(missing.kind, "video", "its kind");
    },
  ),

  define(
    "an answer that is still being prepared counts a refusal that comes before it leaves",
    async (open, world) => {
      const servers = new Subject<readonly IceServer[]>();
      const [caller, callee] = [open(), open(servers)];
      const offer = await caller.offer(BOTH);
      const preparing = callee.prepare(offer).catch(() => {});
      world.denyDevices(true, "audio");
      const refused = rejects(callee.answer(offer, BOTH), "media_denied");
      // Asked later and refused: by now the callee is.
      await rejects(open().offer(BOTH), "media_denied");
      servers.next([]);
      equal((await refused).kind, "audio", "its kind");
      await preparing;
      world.denyDevices(false);
      equal((await callee.answer(offer, BOTH)).streams?.map(kinds), [SEEN], "the streams of the answer");
    },
  ),

  define("an offer that does not wait for the devices promises them, and they come", async (open, world) => {
    const [caller, callee, wire] = [open(), open(), new Wire()];
    const offer = await caller.offer(BOTH, { waitForDevices: false });
    equal(offer.streams?.map(kinds), [SEEN], "the streams of the offer");
    wire.connect(caller, callee);
    const answer = await callee.answer(offer, BOTH);
    await caller.accept(answer);
    wire.connect(callee, caller);
    await Promise.all([connected(caller), connected(callee)]);
    const [own] = await until(caller.localStreams$, ({ length }) => length === 1, "our own stream");
    equal(own && infoOf(own), offer.streams?.[0], "our own stream");
    equal(world.stillOpen().tracks, 4, "open tracks");
    equal(wire.count, 0, "descriptions said after the answer");
  }),

  define("what was prepared is let go, and the answer is made as ever", async (open, world) => {
    const { caller, callee, wire, offer } = await ringing(open);
    callee.unprepare();
    callee.unprepare();
    equal(world.stillOpen(), { tracks: 2, connections: 1 }, "open tracks and connections");
    const answer = await callee.answer(offer, BOTH);
    await caller.accept(answer);
    wire.connect(callee, caller);
    await Promise.all([connected(caller), connected(callee)]);
    const milestones = collect(callee.milestones$);
    callee.close();
    const names = (await within(milestones, "the milestones to complete")).map(({ name }) => name);
    equal(
      names.filter((name) => name.endsWith("prepared")),
      ["prepared", "unprepared"],
      "milestones of the preparing",
    );
  }),

  define("accepted or closed while it prepares, it settles", async (open, world) => {
    const offer = await open().offer(BOTH);
    const quick = open();
    const preparing = quick.prepare(offer);
    const answers = [quick.answer(offer, BOTH), rejects(quick.answer(offer, BOTH), "wrong_state")] as const;
    truthy(apart(await answers[0])[1].length > 0, "the answer holds candidates");
    await Promise.all([preparing, answers[1]]);
    const closed = open();
    const late = [rejects(closed.prepare(offer), "closed"), rejects(closed.answer(offer, BOTH), "closed")];
    closed.close();
    await Promise.all(late);
    await rejects(closed.prepare(offer), "closed");
    closed.unprepare();
    const waiting = open(NEVER);
    const pending = rejects(waiting.prepare(offer), "closed");
    await Promise.resolve();
    waiting.close();
    await pending;
    await until(quick.localStreams$, ({ length }) => length === 1, "our own stream");
    equal(world.stillOpen(), { tracks: 4, connections: 2 }, "open tracks and connections");
  }),

  define("an offer that cannot be prepared for is a coded error, and so is its answer", async (open) => {
    const sdp = "v=0\r\nm=audio";
    const bad: SessionDescription = { description: { type: "offer", sdp } };
    const callee = open();
    await rejects(callee.prepare(bad), "media_failed");
    await rejects(callee.answer(bad, BOTH), "media_failed");
    const session = open();
    const offer = await session.offer(BOTH);
    await rejects(session.prepare(offer), "wrong_state");
    const ready = open();
    await ready.prepare(offer);
    await rejects(ready.prepare(offer), "wrong_state");
    await rejects(ready.change(BOTH), "wrong_state");
    await rejects(ready.offer(BOTH), "wrong_state");
    await ready.answer(offer, {});
    await rejects(ready.answer(offer, {}), "wrong_state");
  }),

  define(
    "P21 an offer of its own gives way to the peer's, though its devices are not open yet",
    async (open, world) => {
      const [loser, winner] = [open(), open()];
      await loser.offer(BOTH, { waitForDevices: false });
      const offer = await winner.offer(BOTH);
      const answer = await loser.answer(offer, BOTH);
      equal(answer.streams?.map(kinds), [SEEN], "the streams of the answer");
      equal(world.stillOpen(), { tracks: 4, connections: 2 }, "open tracks and connections");
    },
  ),

  define("P19 held while it rings, or at once after, it is held, and resumes", async (open) => {
    for (const early of [true, false]) {
      const { caller, callee, wire, offer } = await ringing(open);
      if (early) callee.hold(true);
      const answer = await callee.answer(offer, BOTH);
      if (!early) callee.hold(true);
      await caller.accept(answer);
      wire.connect(callee, caller);
      await until(caller.held$, ({ peer }) => peer, "the caller to be held");
      callee.hold(false);
      await until(caller.held$, ({ peer }) => !peer, "the caller to be held no more");
      wire.check();
    }
  }),

  define("a channel that is asked for while it rings opens", async (open) => {
    const { caller, callee, wire, offer } = await ringing(open);
    const ours = callee.openChannel("early");
    const answer = await callee.answer(offer, BOTH);
    await caller.accept(answer);
    wire.connect(callee, caller);
    await until(ours.open$, (is) => is, "the channel to open");
    wire.check();
  }),
];
