import type { MediaSession, StreamInfo } from "../streams/contract.ts";
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
} from "./media-suite-tools.ts";

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
