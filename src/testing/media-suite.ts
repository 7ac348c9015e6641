import { lastValueFrom, ReplaySubject, takeWhile, toArray } from "rxjs";
import type { Candidate, MediaSession, Milestone, StreamInfo } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { equal, rejects, truthy, within } from "./assert.ts";
import {
  apart,
  BAD,
  BOTH,
  collect,
  connect,
  define,
  exchange,
  infoOf,
  keyOf,
  kinds,
  type MediaCase,
  NO_SERVERS,
  now,
  until,
} from "./media-suite-tools.ts";

export type { MediaCase, MediaWorld } from "./media-suite-tools.ts";

/** What every `MediaHalf` must do, whatever is beneath it. Needs no test framework: run each case in one of yours. */
export const mediaSuite: readonly MediaCase[] = [
  define("P45 opens nothing before it is asked for a description", async (open, world) => {
    const session = open();
    session.addCandidates([{ candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host", sdpMid: "0" }]);
    session.describeRemote([]);
    session.mute({ audio: true });
    await NO_SERVERS;
    equal(world.stillOpen(), { tracks: 0, connections: 0 }, "open tracks and connections");
    equal(await now(session.path$), "new", "the path");
  }),

  define("connects both ways by offer, answer and candidates", async (open) => {
    const [caller, callee] = await connect(open);
    for (const session of [caller, callee]) {
      await until(session.path$, (state) => state === "connected", "the path to connect");
    }
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

  define("P25 says what it sends, and shows what the peer says", async (open) => {
    const caller = open();
    const callee = open();
    const [offer, answer] = await exchange(caller, callee, BOTH, { audio: true });
    const shown = async (session: MediaSession) => (await now(session.remoteStreams$)).map(infoOf);
    equal((await now(caller.localStreams$)).map(infoOf), offer.streams, "the caller's own streams");
    equal(await shown(callee), offer.streams, "the caller's streams at the callee");
    equal(await shown(caller), answer.streams, "the callee's streams at the caller");
    equal(
      [offer.streams?.map(kinds), answer.streams?.map(kinds)],
      [["m.usermedia true true"], ["m.usermedia true false"]],
      "purpose, audio, video",
    );
  }),

  define("P26 shows only streams that the peer lists with a known purpose", async (open) => {
    const offer = await open().offer(BOTH);
    const listed = offer.streams?.[0] as StreamInfo;
    const unknown = { ...listed, purpose: "org.example.unknown" } as unknown as StreamInfo;
    for (const streams of [[], [unknown], [{ ...listed, id: "another" }]]) {
      const callee = open();
      await callee.answer({ ...offer, streams }, { audio: true });
      equal(await now(callee.remoteStreams$), [], `what is shown for ${JSON.stringify(streams)}`);
    }
  }),

  define("P26 shows the first stream of a peer that lists none", async (open) => {
    const { description, streams } = await open().offer(BOTH);
    const callee = open();
    await callee.answer({ description }, BOTH);
    equal((await now(callee.remoteStreams$)).map(infoOf), streams, "what is shown");
  }),

  define("P27 passes on what the peer says of muting, later too", async (open) => {
    const [caller, callee] = await connect(open);
    const [stream] = await now(callee.remoteStreams$);
    const muted = { ...infoOf(stream as StreamInfo), audioMuted: true, videoMuted: true };
    callee.describeRemote([muted]);
    const [after] = await now(callee.remoteStreams$);
    equal(infoOf(after as StreamInfo), muted, "what is shown");
    truthy(after?.stream === stream?.stream, "it is the same stream");
    equal((await now(caller.localStreams$))[0]?.audioMuted, false, "the caller's own flag");
  }),

  define("mutes and unmutes each kind by itself", async (open) => {
    const session = open();
    const flags = async () => {
      const [own] = await now(session.localStreams$);
      return [own?.audioMuted, own?.videoMuted];
    };
    await session.offer(BOTH);
    equal(await flags(), [false, false], "the flags at first");
    session.mute({ audio: true });
    equal(await flags(), [true, false], "the flags with audio muted");
    session.mute({ video: true, audio: false });
    equal(await flags(), [false, true], "the flags with video muted");
    session.mute({});
    equal(await flags(), [false, true], "the flags after muting nothing");
  }),

  define("muting a kind that is not there changes nothing", async (open) => {
    const session = open();
    const states = collect(session.localStreams$);
    await session.offer({ audio: true });
    session.mute({ video: false });
    session.mute({ video: true });
    session.close();
    equal(
      (await within(states, "the streams to complete")).map((streams) => streams.map(kinds)),
      [[], ["m.usermedia true false"]],
      "what was emitted",
    );
  }),

  define("muted before the devices open, it opens muted", async (open) => {
    const session = open();
    session.mute({ audio: true });
    equal((await session.offer(BOTH)).streams?.map(kinds), ["m.usermedia false true"], "the offer's streams");
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
    const never = new Promise<never>(() => {});
    const waiting = open(never);
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
    const streams = [session.candidates$, session.localStreams$, session.remoteStreams$, session.milestones$];
    for (const stream$ of streams)
      equal(await within(collect<unknown>(stream$), "a stream to complete"), [], "what it says after close");
  }),

  define("ICE servers that cannot be had are a coded error", async (open, world) => {
    const failed = Promise.reject(new TrunklineError("homeserver_unreachable", "No homeserver."));
    const unused = open(failed);
    await rejects(open(failed).offer(BOTH), "homeserver_unreachable");
    unused.close();
    truthy(world.stillOpen().connections === 0, "no connection was made");
  }),

  define("keeps the peer's candidates until its offer is there", async (open) => {
    const [caller, callee] = [open(), open()];
    const [offer, candidates] = apart(await caller.offer(BOTH));
    callee.addCandidates(candidates);
    const [answer] = apart(await callee.answer(offer, BOTH));
    await caller.accept(answer);
    await until(callee.path$, (state) => state === "connected", "the path to connect");
  }),

  define("keeps the peer's candidates until its answer is there", async (open) => {
    const [caller, callee] = [open(), open()];
    const [offer] = apart(await caller.offer(BOTH));
    const [answer, candidates] = apart(await callee.answer(offer, BOTH));
    caller.addCandidates(candidates);
    await caller.accept(answer);
    await until(caller.path$, (state) => state === "connected", "the path to connect");
  }),

  define("takes a candidate by either way of naming its place, and passes over bad ones", async (open) => {
    for (const place of [{ sdpMid: "0" }, { sdpMLineIndex: 0 }, { sdpMid: "", sdpMLineIndex: 0 }]) {
      const [caller, callee] = [open(), open()];
      const [offer, candidates] = apart(await caller.offer({ audio: true }));
      const [answer] = apart(await callee.answer(offer, { audio: true }));
      await caller.accept(answer);
      callee.addCandidates([...BAD, ...candidates.map(({ candidate }) => ({ candidate, ...place })), ...BAD]);
      await until(
        callee.path$,
        (state) => state === "connected",
        `the path to connect by ${JSON.stringify(place)}`,
      );
    }
  }),

  define(
    "P24 P35 the end marker is the last candidate and names its place; none goes out twice",
    async (open) => {
      for (const late of [false, true]) {
        const [caller, callee] = [open(), open()];
        const offer = await caller.offer(BOTH);
        const answer = await callee.answer(offer, BOTH);
        await caller.accept(answer);
        // Late: subscribed when all have been found, they are still all there.
        if (late) await until(caller.path$, (state) => state === "connected", "the path to connect");
        for (const [session, { description }] of [
          [caller, offer],
          [callee, answer],
        ] as const) {
          const found = await within(
            lastValueFrom(
              session.candidates$.pipe(
                takeWhile(({ candidate }) => candidate !== "", true),
                toArray(),
              ),
            ),
            "the end marker",
          );
          const { candidate, sdpMid, sdpMLineIndex } = found.at(-1) as Candidate;
          equal([candidate, sdpMid, sdpMLineIndex], ["", "0", 0], "the end marker");
          const keys = found.map(keyOf);
          equal(keys.length, new Set(keys).size, "candidates, each once");
          const held = apart({ description })[1].map(keyOf);
          truthy(held.length > 0, "P23 the description holds candidates");
          equal(
            keys.filter((key) => held.includes(key)),
            [],
            "candidates that the description held too",
          );
        }
      }
    },
  ),

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
    await rejects(session.answer(offer, BOTH), "wrong_state");
  }),
];
