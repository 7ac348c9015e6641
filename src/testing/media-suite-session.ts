import { NEVER, ReplaySubject, throwError } from "rxjs";
import type { MediaSession, Milestone } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { equal, rejects, truthy, within } from "./assert.ts";
import {
  apart,
  BOTH,
  collect,
  define,
  exchange,
  kinds,
  type MediaCase,
  now,
  throws,
  until,
} from "./media-suite-tools.ts";

export const sessionCases: readonly MediaCase[] = [
  define("P45 opens nothing before it is asked for a description", async (open, world) => {
    const session = open();
    session.addCandidates([{ candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host", sdpMid: "0" }]);
    session.describeRemote([]);
    session.mute({ audio: true });
    await Promise.resolve();
    equal(world.stillOpen(), { tracks: 0, connections: 0 }, "open tracks and connections");
    equal(await now(session.path$), "new", "the path");
  }),

  define("tells the path and the milestones as they come, and completes on close", async (open) => {
    const session = open();
    const path = collect(session.path$);
    const milestones$ = new ReplaySubject<Milestone>();
    session.milestones$.subscribe(milestones$);
    await exchange(session, open(), BOTH, BOTH);
    await until(milestones$, ({ name }) => name === "first_media", "the first media");
    await until(session.path$, (state) => state === "connected", "the path to connect");
    session.close();
    equal(await within(path, "the path to complete"), ["new", "connecting", "connected"], "the path");
    const reached = await within(collect(milestones$), "the milestones to complete");
    const names = reached.map(({ name }) => name);
    equal([...names].sort(), [...new Set(names)].sort(), "the milestones, each once");
    for (const [before, after] of [
      ["media_opened", "description_made"],
      ["description_made", "ice_connected"],
      ["ice_connected", "connected"],
    ] as const) {
      truthy(
        names.indexOf(before) >= 0 && names.indexOf(before) < names.indexOf(after),
        `${before} < ${after}`,
      );
    }
    const times = reached.map(({ at }) => at);
    equal(
      times,
      [...times].sort((a, b) => a - b),
      "the milestones' times",
    );
  }),

  define("a denied device is a coded error, and the next call is unharmed", async (open, world) => {
    world.denyDevices(true);
    await rejects(open().offer(BOTH), "media_denied");
    const offer = open();
    world.denyDevices(false);
    const description = await offer.offer(BOTH);
    world.denyDevices(true);
    await rejects(open().answer(description, BOTH), "media_denied");
    world.denyDevices(false);
    await open().answer(description, BOTH);
  }),

  define(
    "an answer whose devices are refused leaves nothing open, and may be tried again",
    async (open, world) => {
      const [caller, callee] = [open(), open()];
      const [offer, candidates] = apart(await caller.offer({ audio: true }));
      callee.addCandidates(candidates);
      world.denyDevices(true);
      for (const _ of [1, 2]) await rejects(callee.answer(offer, BOTH), "media_denied");
      equal(world.stillOpen(), { tracks: 1, connections: 1 }, "open tracks and connections, the caller's");
      equal(await now(callee.localStreams$), [], "the callee's own streams");
      world.denyDevices(false);
      const answer = await callee.answer(offer, BOTH);
      equal(answer.streams?.map(kinds), ["m.usermedia true false"], "the answer's streams");
      // The callee has to use the caller's candidates, though another connection of it had them before.
      await caller.accept(apart(answer)[0]);
      await until(callee.path$, (state) => state === "connected", "the path to connect");
    },
  ),

  define("an offer of nothing is refused, an answer with nothing only receives", async (open) => {
    await rejects(open().offer({}), "invalid_option");
    await rejects(open().offer({ audio: false }), "invalid_option");
    const caller = open();
    const callee = open();
    const [, answer] = await exchange(caller, callee, BOTH, {});
    equal(answer.streams, [], "the answer's streams");
    await until(callee.path$, (state) => state === "connected", "the path to connect");
    equal((await now(callee.remoteStreams$)).length, 1, "streams at the callee");
    equal((await now(caller.remoteStreams$)).length, 0, "streams at the caller");
  }),

  define("opens no camera for an offer that has no video", async (open, world) => {
    const offer = await open().offer({ audio: true });
    const callee = open();
    const answer = await callee.answer(offer, BOTH);
    equal(answer.streams?.map(kinds), ["m.usermedia true false"], "the answer's streams");
    equal(world.stillOpen().tracks, 2, "open tracks");
  }),

  define("close rejects what is pending and leaves nothing open", async (open, world) => {
    const waiting = open(NEVER);
    const pending = waiting.offer(BOTH);
    await until(waiting.milestones$, ({ name }) => name === "media_opened", "the devices to open");
    equal(world.stillOpen(), { tracks: 2, connections: 0 }, "open tracks and connections meanwhile");
    waiting.close();
    await rejects(pending, "closed");
    equal(world.stillOpen(), { tracks: 0, connections: 0 }, "open tracks and connections");

    const offer = await open().offer(BOTH);
    for (const start of [
      (session: MediaSession) => session.offer(BOTH),
      (session: MediaSession) => session.answer(offer, BOTH),
    ]) {
      const session = open();
      const started = start(session);
      session.close();
      await rejects(started, "closed");
    }
  }),

  define("a session that closes has no more streams, whenever it is asked", async (open) => {
    const session = open();
    await exchange(session, open(), BOTH, BOTH);
    await until(session.path$, (state) => state === "connected", "the path to connect");
    const before = [collect(session.localStreams$), collect(session.remoteStreams$)];
    session.hold(true);
    session.close();
    for (const emitted of before) {
      const lengths = (await within(emitted, "the streams to complete")).map(({ length }) => length);
      equal(lengths, [1, 0], "how many streams");
    }
    for (const [stream$, last] of [
      [session.localStreams$, []],
      [session.remoteStreams$, []],
      [session.held$, { us: true, peer: false }],
      [session.path$, "connected"],
    ] as const)
      equal(
        await within(collect<unknown>(stream$), "a stream to complete"),
        [last],
        "what it emits after close",
      );
  }),

  define("a closed session refuses work and forgives the rest", async (open) => {
    const offer = await open().offer(BOTH);
    const session = open();
    const path = collect(session.path$);
    session.close();
    session.close();
    session.addCandidates([{ candidate: "", sdpMid: "0", sdpMLineIndex: 0 }]);
    session.describeRemote(offer.streams ?? []);
    session.mute({ audio: true });
    equal(await within(path, "the path to complete"), ["new"], "the path");
    await rejects(session.offer(BOTH), "closed");
    await rejects(session.answer(offer, BOTH), "closed");
    await rejects(session.accept(offer), "closed");
    session.hold(true);
    session.restartIce();
    session.stopSharing();
    await rejects(session.negotiate(offer), "closed");
    await rejects(session.change(BOTH), "closed");
    await rejects(session.shareScreen(), "closed");
    throws(() => session.openChannel("late"), "closed");
    throws(() => session.sendDtmf("1"), "wrong_state");
    const streams = [
      session.candidates$,
      session.negotiations$,
      session.channels$,
      session.stats$,
      session.milestones$,
    ];
    for (const stream$ of streams)
      equal(await within(collect<unknown>(stream$), "a stream to complete"), [], "what it emits after close");
  }),

  define("ICE servers that cannot be had are a coded error", async (open, world) => {
    const failed = throwError(() => new TrunklineError("homeserver_unreachable", "No homeserver."));
    const unused = open(failed);
    await rejects(open(failed).offer(BOTH), "homeserver_unreachable");
    unused.close();
    truthy(world.stillOpen().connections === 0, "no connection was made");
  }),

  define("hostile SDP is a coded error", async (open) => {
    const caller = open();
    const offer = await caller.offer(BOTH);
    const hostile = [
      "",
      "v=0",
      "v=0\r\nm=audio",
      `${offer.description.sdp.slice(0, 60)}\0\r\n`,
      "a=".repeat(50_000),
    ];
    for (const sdp of hostile) {
      await rejects(open().answer({ description: { type: "offer", sdp } }, BOTH), "media_failed");
      await rejects(caller.accept({ description: { type: "answer", sdp } }), "media_failed");
    }
    const callee = open();
    const answer = await callee.answer(offer, BOTH);
    await rejects(open().answer(answer, BOTH), "media_failed");
    await rejects(caller.accept(offer), "media_failed");
    await rejects(open().accept(answer), "media_failed");
    // What was refused has not harmed the call.
    await caller.accept(answer);
    await until(caller.path$, (state) => state === "connected", "the path to connect");
  }),

  define("one description a session", async (open) => {
    const session = open();
    const offer = await session.offer(BOTH);
    await rejects(session.offer(BOTH), "wrong_state");
    const callee = open();
    const answer = await callee.answer(offer, BOTH);
    await rejects(callee.offer(BOTH), "wrong_state");
    await rejects(callee.answer(offer, BOTH), "wrong_state");
    await session.accept(answer);
    await rejects(session.answer(offer, BOTH), "wrong_state");
  }),
];
