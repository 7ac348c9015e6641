import { lastValueFrom, take, toArray } from "rxjs";
import type { Channel, MediaSession } from "../streams/contract.ts";
import { equal, truthy, within } from "./assert.ts";
import { collect, connect, define, kinds, type MediaCase, now, throws, until } from "./media-suite-tools.ts";

const AUDIO = { audio: true };

const purposes = (session: MediaSession, expected: readonly string[], what: string) =>
  until(
    session.remoteStreams$,
    (streams) => JSON.stringify(streams.map(({ purpose }) => purpose)) === JSON.stringify(expected),
    what,
  );

/** What goes beside microphone and camera: a screen, keys, channels, statistics. */
export const sharingCases: readonly MediaCase[] = [
  define("P25 a screen is a stream of its own beside the camera, and goes", async (open, world) => {
    const [caller, callee, wire] = await connect(open);
    for (let time = 0; time < 2; time++) {
      await caller.shareScreen();
      equal(
        (await now(caller.localStreams$)).map(kinds),
        ["m.usermedia true true", "m.screenshare false true"],
        "our own streams",
      );
      await purposes(callee, ["m.usermedia", "m.screenshare"], "the screen to come");
      equal(world.stillOpen().tracks, 5, "open tracks");
      caller.stopSharing();
      caller.stopSharing();
      equal((await now(caller.localStreams$)).map(kinds), ["m.usermedia true true"], "our own streams");
      await purposes(callee, ["m.usermedia"], "the screen to go");
      equal(world.stillOpen().tracks, 4, "open tracks");
    }
    equal((await now(caller.remoteStreams$)).length, 1, "streams of who did not share");
    wire.check();
  }),

  define("shares a screen in a voice call; the camera that comes later is apart from it", async (open) => {
    const [caller, callee, wire] = await connect(open, AUDIO);
    await caller.shareScreen();
    await purposes(callee, ["m.usermedia", "m.screenshare"], "the screen");
    await callee.change({ video: true });
    await until(caller.remoteStreams$, ([stream]) => stream?.videoMuted === false, "the callee's camera");
    caller.stopSharing();
    await purposes(callee, ["m.usermedia"], "the screen to go");
    equal((await now(caller.remoteStreams$)).map(kinds), ["m.usermedia true true"], "the callee's camera");
    wire.check();
  }),

  define("muting mutes the camera, not the screen", async (open) => {
    const [caller] = await connect(open);
    await caller.shareScreen();
    caller.mute({ audio: true, video: true });
    equal(
      (await now(caller.localStreams$)).map(kinds),
      ["m.usermedia false false", "m.screenshare false true"],
      "our own streams",
    );
  }),

  define("sends keys where there is sound, and names what is wrong", async (open) => {
    throws(() => open().sendDtmf("1"), "wrong_state");
    const [silent] = await connect(open, { video: true });
    throws(() => silent.sendDtmf("1"), "wrong_state");
    const [caller] = await connect(open, AUDIO);
    caller.sendDtmf("0123456789ABCD#*,");
    throws(() => caller.sendDtmf("x"), "invalid_option");
    caller.hold(true);
    throws(() => caller.sendDtmf("1"), "wrong_state");
    caller.hold(false);
    await caller.change({ audio: false });
    throws(() => caller.sendDtmf("1"), "wrong_state");
  }),

  define("a channel carries text and bytes both ways, and closes on both sides", async (open) => {
    const [caller, callee, wire] = await connect(open, AUDIO);
    const ours = caller.openChannel("notes");
    throws(() => ours.send("early"), "wrong_state");
    const theirs = await within(next(callee), "the channel to come");
    equal(theirs.label, "notes", "its label");
    await Promise.all([opened(ours), opened(theirs)]);
    for (const [from, to] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      from.send("text");
      from.send(new Uint8Array([1, 2, 3]).buffer);
      // What comes before anybody listens is kept.
      const [text, bytes] = await within(
        lastValueFrom(to.messages$.pipe(take(2), toArray())),
        "two messages",
      );
      equal(text, "text", "the text");
      truthy(bytes instanceof ArrayBuffer, "bytes come as an ArrayBuffer");
      equal([...new Uint8Array(bytes as ArrayBuffer)], [1, 2, 3], "the bytes");
    }
    const ends = Promise.all([ours, theirs].map((channel) => collect(channel.open$)));
    const silence = collect(theirs.messages$);
    ours.close();
    equal(
      (await within(ends, "both to close")).map((states) => states.at(-1)),
      [false, false],
      "whether it is open in the end",
    );
    equal(await within(silence, "the messages to complete"), [], "later messages");
    throws(() => theirs.send("late"), "wrong_state");
    wire.check();
  }),

  define(
    "P44 each subscriber receives the peer's channels that are open, and those that open later",
    async (open) => {
      const [caller, callee] = await connect(open, AUDIO);
      const labels = () => {
        const received: string[] = [];
        callee.channels$.subscribe(({ label }) => received.push(label));
        return received;
      };
      const early = labels();
      const [kept, closed] = [caller.openChannel("kept"), caller.openChannel("closed")];
      const theirs = await until(callee.channels$, ({ label }) => label === "closed", "the channel to come");
      await Promise.all([opened(kept), opened(closed)]);
      closed.close();
      await within(collect(theirs.open$), "the channel to close");
      const late = labels();
      equal([[...early].sort(), late], [["closed", "kept"], ["kept"]], "the channels so far");
      await opened(caller.openChannel("later"));
      await until(callee.channels$, ({ label }) => label === "later", "the later channel");
      equal([early.length, late], [3, ["kept", "later"]], "the channels in the end");
    },
  ),

  define(
    "channels: none in a call without, one before the call has begun, all closed with the session",
    async (open) => {
      const plain = await open().offer(AUDIO);
      truthy(!plain.description.sdp.includes("m=application"), "a call without channels does not offer any");
      const [caller, callee] = [open(), open()];
      const ours = caller.openChannel("early");
      const offer = await caller.offer(AUDIO);
      truthy(offer.description.sdp.includes("m=application"), "a channel that was asked for is offered");
      caller.candidates$.subscribe((candidate) => callee.addCandidates([candidate]));
      await caller.accept(await callee.answer(offer, AUDIO));
      await opened(ours);
      const end = collect(ours.open$);
      caller.close();
      equal((await within(end, "the channel to close")).at(-1), false, "whether it is open");
      equal(await within(collect(ours.messages$), "the messages to complete"), [], "messages");
    },
  ),

  define("tells how good the call is while there is a path, and completes on close", async (open) => {
    const session = open();
    const all = collect(session.stats$);
    session.close();
    equal(await within(all, "the statistics to complete"), [], "statistics without a call");
    const [caller] = await connect(open);
    const stats = await until(caller.stats$, ({ score }) => score !== undefined, "a score");
    truthy(stats.at > 0, "it has a time");
    truthy((stats.sent.audio?.bitrate ?? 0) > 0, "audio is sent");
    truthy((stats.received.audio?.bitrate ?? 0) > 0, "audio comes in");
    truthy(stats.received.audio?.codec === "opus", "its codec is known");
    for (const { loss } of [
      stats.sent.audio,
      stats.received.audio,
      stats.sent.video,
      stats.received.video,
    ].flatMap((flow) => (flow ? [flow] : [])))
      truthy(loss >= 0 && loss <= 1, "loss is a share");
    truthy((stats.roundTrip ?? -1) >= 0, "the round trip is known");
    equal(stats.path?.relayed, false, "whether it is relayed");
    truthy((stats.score ?? 0) >= 1 && (stats.score ?? 9) <= 5, "the score is from 1 to 5");
  }),
];

const next = (session: MediaSession): Promise<Channel> => until(session.channels$, () => true, "a channel");
const opened = (channel: Channel) => until(channel.open$, (open) => open, `${channel.label} to open`);
