import { ReplaySubject, tap } from "rxjs";
import type { Capture, MediaSession, SessionDescription } from "../streams/contract.ts";
import { equal, rejects, truthy } from "./assert.ts";
import {
  answered,
  BOTH,
  connect,
  define,
  infoOf,
  kinds,
  type MediaCase,
  now,
  until,
} from "./media-suite-tools.ts";

const AUDIO: Capture = { audio: true };
const HEARD = "m.usermedia true false";
const SEEN = "m.usermedia true true";

/** What a session shows of the peer, when it has come to that. */
const shows = (session: MediaSession, ...expected: readonly string[]) =>
  until(
    session.remoteStreams$,
    (streams) => JSON.stringify(streams.map(kinds)) === JSON.stringify(expected),
    `the peer's streams to be ${JSON.stringify(expected)}`,
  );

/** What a call that goes on can have changed: P19, P20. */
export const changeCases: readonly MediaCase[] = [
  define("P19 adds video to a voice call, on either side, and drops it", async (open, world) => {
    for (const first of [0, 1] as const) {
      const [caller, callee, wire] = await connect(open, AUDIO);
      const [one, other] = first === 0 ? [caller, callee] : [callee, caller];
      const before = world.stillOpen().tracks;
      await one.change({ video: true });
      equal((await now(one.localStreams$)).map(kinds), [SEEN], "our own streams");
      await shows(other, SEEN);
      await shows(one, HEARD);
      await other.change({ video: true });
      await shows(one, SEEN);
      equal(world.stillOpen().tracks, before + 2, "open tracks");
      await one.change({ video: false });
      await shows(other, HEARD);
      await other.change({ video: false });
      await shows(one, HEARD);
      equal(world.stillOpen().tracks, before, "open tracks, with video dropped");
      wire.check();
    }
  }),

  define("P19 P25 says in each description what it sends by then", async (open) => {
    const [caller, callee] = await answered(open, AUDIO);
    const said = until(caller.negotiations$, () => true, "an offer");
    await caller.change({ video: true });
    const { description, streams } = await said;
    equal([description.type, streams?.map(kinds)], ["offer", [SEEN]], "what was said");
    const next = until(callee.negotiations$, () => true, "an answer");
    await callee.negotiate({ description, ...(streams && { streams }) });
    equal((await next).description.type, "answer", "what was said to it");
  }),

  define(
    "P26 keeps what the peer said of its streams where a later description does not say",
    async (open) => {
      const [caller, callee] = await answered(open, AUDIO);
      const before = (await now(callee.remoteStreams$)).map(infoOf);
      const said = until(caller.negotiations$, () => true, "an offer");
      await caller.change({ video: true });
      await callee.negotiate({ description: (await said).description });
      equal((await now(callee.remoteStreams$)).map(infoOf), before, "what is shown");
    },
  ),

  define("P19 what changes before the answer is offered after it, and nothing before", async (open) => {
    const [caller, callee] = [open(), open()];
    const said: string[] = [];
    const offer = await caller.offer(AUDIO);
    caller.negotiations$.subscribe(({ description }) => said.push(description.type));
    await caller.change({ video: true });
    const answer = await callee.answer(offer, AUDIO);
    equal(said, [], "what was said before the answer");
    const next = until(caller.negotiations$, () => true, "the offer of what changed");
    await caller.accept(answer);
    equal((await next).streams?.map(kinds), [SEEN], "the streams of the offer");
  }),

  define("P19 a callee that sent nothing starts to, and stops", async (open, world) => {
    const [caller, callee, wire] = await connect(open, BOTH, {});
    equal((await now(caller.remoteStreams$)).length, 0, "streams at first");
    await callee.change(AUDIO);
    await shows(caller, HEARD);
    await callee.change({ audio: false });
    await shows(caller);
    equal((await now(callee.localStreams$)).length, 0, "our own streams");
    await callee.change(BOTH);
    await shows(caller, SEEN);
    await caller.change({ audio: false, video: false });
    await shows(callee);
    equal(world.stillOpen().tracks, 2, "open tracks");
    wire.check();
  }),

  define(
    "switches a device: one track for another, the stream the same, muted as before",
    async (open, world) => {
      const [caller, callee] = await connect(open);
      caller.mute({ audio: true });
      const [before] = await now(caller.localStreams$);
      const shown = await now(callee.remoteStreams$);
      await caller.change({ audio: { echoCancellation: false }, video: { frameRate: 10 } });
      const [after] = await now(caller.localStreams$);
      truthy(after?.stream === before?.stream, "the stream is the same");
      equal(kinds(after ?? fail("a stream")), "m.usermedia false true", "the flags");
      equal(world.stillOpen().tracks, 4, "open tracks");
      truthy((await now(callee.remoteStreams$)) === shown, "the peer sees the same streams");
    },
  ),

  define("what is not named, or on already, stays as it is", async (open, world) => {
    const [caller, , wire] = await connect(open);
    const before = await now(caller.localStreams$);
    for (const capture of [{}, BOTH, AUDIO, { video: true }]) await caller.change(capture);
    truthy((await now(caller.localStreams$)) === before, "the streams are the same");
    equal([world.stillOpen().tracks, wire.count], [4, 0], "open tracks, and descriptions said");
  }),

  define("a refused device changes nothing, and the next is unharmed", async (open, world) => {
    const early = open();
    await rejects(early.change(AUDIO), "wrong_state");
    await rejects(early.shareScreen(), "wrong_state");
    const [caller, callee, wire] = await connect(open, AUDIO);
    world.denyDevices(true);
    await rejects(caller.change({ audio: { echoCancellation: true }, video: true }), "media_denied");
    await rejects(caller.shareScreen(), "media_denied");
    const wrong = { video: { width: -1 } };
    await rejects(caller.change(wrong), "invalid_option");
    world.denyDevices(false);
    equal((await now(caller.localStreams$)).map(kinds), [HEARD], "our own streams");
    equal([world.stillOpen().tracks, wire.count], [2, 0], "open tracks, and descriptions said");
    await caller.change({ video: true });
    await shows(callee, SEEN);
  }),

  define("P20 offers that cross settle, ten times over", async (open, world) => {
    const [caller, callee, wire] = await connect(open, AUDIO);
    for (let time = 0; time < 10; time++) {
      const video = time % 2 === 0;
      await wire.cross(() => Promise.all([caller.change({ video }), callee.change({ video })]));
      const expected = video ? SEEN : HEARD;
      await Promise.all([shows(caller, expected), shows(callee, expected)]);
      equal(world.stillOpen().tracks, video ? 4 : 2, "open tracks");
    }
    wire.check();
  }),

  define("P20 of offers that cross, the callee's gives way", async (open) => {
    const [caller, callee] = await answered(open, AUDIO);
    const [ours, theirs] = [caller, callee].map((each) => until(each.negotiations$, () => true, "an offer"));
    await Promise.all([caller.change({ video: true }), callee.change({ video: true })]);
    const [offer, crossing] = [await ours, await theirs];
    if (!offer || !crossing) throw new Error("there are two offers");
    const next = until(callee.negotiations$, () => true, "an answer");
    await caller.negotiate(crossing);
    await callee.negotiate(offer);
    equal((await next).description.type, "answer", "what the callee says");
  }),

  define("a restart replaces an offer that is not answered, and its late answer is ignored", async (open) => {
    const [caller, callee] = await answered(open, AUDIO);
    const restarted = () => {
      const offered = until(caller.negotiations$, () => true, "an offer");
      caller.restartIce();
      return offered;
    };
    const replied = async (offer: SessionDescription) => {
      const reply = until(callee.negotiations$, () => true, "an answer");
      await callee.negotiate(offer);
      return reply;
    };
    const first = await restarted();
    const second = await restarted();
    equal(
      [first, second].map(({ description }) => description.type),
      ["offer", "offer"],
      "what was said",
    );
    truthy(first.negotiation !== second.negotiation, "each offer has its own name");
    await caller.negotiate(await replied(first));
    const answer = await replied(second);
    equal(answer.negotiation, second.negotiation, "what the answer names");
    await caller.negotiate(answer);
    await rejects(caller.negotiate(answer), "media_failed");
  }),

  define("an offer stands where the peer does not name what it answers", async (open) => {
    const [caller, callee] = [open(), open()];
    const unnamed = ({ negotiation: _, ...rest }: SessionDescription): SessionDescription => rest;
    const answer = await callee.answer(unnamed(await caller.offer(AUDIO)), AUDIO);
    equal(answer.negotiation, undefined, "what the answer names");
    await caller.accept(answer);
    const offers = new ReplaySubject<SessionDescription>();
    let count = 0;
    caller.negotiations$.pipe(tap(() => count++)).subscribe(offers);
    const reply = until(callee.negotiations$, () => true, "an answer");
    caller.restartIce();
    const offer = await until(offers, () => true, "an offer");
    caller.restartIce();
    await callee.negotiate(unnamed(offer));
    equal([(await reply).negotiation, count], [undefined, 1], "what was said");
    await caller.negotiate(await reply);
  }),

  define("a description that cannot be used changes nothing", async (open) => {
    const [caller, callee, wire] = await connect(open);
    const before = (await now(callee.remoteStreams$)).map(infoOf);
    const sdp = "v=0\r\nm=audio";
    for (const type of ["offer", "answer"] as const) {
      await rejects(callee.negotiate({ description: { type, sdp }, streams: [] }), "media_failed");
      await rejects(caller.negotiate({ description: { type, sdp }, streams: [] }), "media_failed");
      await rejects(open().negotiate({ description: { type, sdp } }), "media_failed");
    }
    equal((await now(callee.remoteStreams$)).map(infoOf), before, "what is shown");
    await callee.change({ video: false });
    await shows(caller, HEARD);
    wire.check();
  }),
];

function fail(what: string): never {
  throw new Error(`expected ${what}`);
}
