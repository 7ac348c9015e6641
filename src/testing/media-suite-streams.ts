import type { MediaSession, SessionDescription, StreamInfo } from "../streams/contract.ts";
import { equal, truthy, within } from "./assert.ts";
import {
  BOTH,
  collect,
  connect,
  define,
  exchange,
  infoOf,
  kinds,
  type MediaCase,
  now,
  until,
} from "./media-suite-tools.ts";

const AUDIO = { audio: true };

export const streamsCases: readonly MediaCase[] = [
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

  define("P26 shows the voice first, however the list is ordered", async (open) => {
    const [caller, callee] = await connect(open);
    await caller.shareScreen();
    const shown = await until(callee.remoteStreams$, ({ length }) => length === 2, "the screen");
    const emitted: unknown[] = [];
    callee.remoteStreams$.subscribe((streams) => emitted.push(streams.map(kinds)));
    const listed = shown.map(infoOf);
    for (const streams of [listed, [...listed].reverse(), listed]) callee.describeRemote(streams);
    equal(emitted, [["m.usermedia true true", "m.screenshare false true"]], "what is emitted");
    equal(
      (await now(caller.localStreams$)).map(({ purpose }) => purpose),
      ["m.usermedia", "m.screenshare"],
      "the purposes of the caller's own streams",
    );
  }),

  define("P26 shows a stream that the peer's description does not name", async (open) => {
    const { description, streams } = await open().offer(BOTH);
    const sdp = description.sdp.replaceAll(streams?.[0]?.id ?? "", "-");
    const lists = [undefined, streams, [{ ...(streams?.[0] as StreamInfo), audioMuted: true }], []];
    const shown = [["m.usermedia true true"], ["m.usermedia true true"], ["m.usermedia false true"], []];
    for (const [index, listed] of lists.entries()) {
      const callee = open();
      const offer = { description: { ...description, sdp }, ...(listed && { streams: listed }) };
      await callee.answer(offer, BOTH);
      equal((await now(callee.remoteStreams$)).map(kinds), shown[index], `what is shown in case ${index}`);
    }
  }),

  define("P26 follows a peer that lists no streams, to other tracks and to another stream", async (open) => {
    const [caller, callee] = [open(), open()];
    const offer = await caller.offer(AUDIO);
    const id = offer.streams?.[0]?.id ?? "";
    let name = id;
    const unlisted = ({ description, streams: _, ...rest }: SessionDescription): SessionDescription => ({
      ...rest,
      description: { ...description, sdp: description.sdp.replaceAll(id, name) },
    });
    await caller.accept(unlisted(await callee.answer(unlisted(offer), AUDIO)));
    const wire = (from: MediaSession, to: MediaSession) =>
      from.negotiations$.subscribe((ours) => {
        to.negotiate(unlisted(ours)).catch(() => {}); // the call may end meanwhile
      });
    wire(caller, callee);
    wire(callee, caller);
    const shows = (what: readonly string[], hasId: string) =>
      until(
        callee.remoteStreams$,
        (shown) => String(shown.map(kinds)) === String(what) && shown[0]?.id === hasId,
        `${what} in ${hasId}`,
      );
    await shows(["m.usermedia true false"], id);
    await caller.change({ video: true });
    await shows(["m.usermedia true true"], id);
    name = "another";
    await caller.change({ video: false });
    await shows(["m.usermedia true false"], "another");
  }),

  define("P27 a kind that is not there counts as muted, whatever the peer says", async (open) => {
    const { description, streams = [] } = await open().offer(AUDIO);
    const unmuted = streams.map((stream) => ({ ...stream, audioMuted: false, videoMuted: false }));
    for (const offer of [{ description }, { description, streams: unmuted }]) {
      const callee = open();
      await callee.answer(offer, AUDIO);
      equal((await now(callee.remoteStreams$)).map(kinds), ["m.usermedia true false"], "what is shown");
    }
  }),

  define("the streams are an empty list in the end, for those who come late too", async (open) => {
    const sessions = await connect(open);
    const all = sessions.slice(0, 2).flatMap((session) => {
      const { localStreams$, remoteStreams$ } = session as MediaSession;
      return [localStreams$, remoteStreams$];
    });
    const ends = all.map(collect);
    for (const session of sessions.slice(0, 2)) (session as MediaSession).close();
    for (const end of ends) equal((await within(end, "the streams to complete")).at(-1), [], "the last list");
    for (const late of all.map(collect)) equal(await within(late, "the end"), [[]], "what comes late");
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
      [[], ["m.usermedia true false"], []],
      "what was emitted",
    );
  }),

  define("muted before the devices open, it opens muted", async (open) => {
    const session = open();
    session.mute({ audio: true });
    equal((await session.offer(BOTH)).streams?.map(kinds), ["m.usermedia false true"], "the offer's streams");
  }),
];
