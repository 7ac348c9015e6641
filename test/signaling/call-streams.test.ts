import { describe, expect, it } from "vitest";
import type { StreamInfo } from "../../src/streams/contract.ts";
import { callsWorld, said } from "./calls-world.ts";
import {
  alice,
  answer,
  answeredByThem,
  answeredByUs,
  bob,
  command,
  event,
  invited,
  mallory,
  offer,
  ours,
  ref,
  ringing,
  run,
  sends,
  theirs,
  types,
} from "./support.ts";

const stream = (over: Partial<StreamInfo> = {}): StreamInfo => ({
  id: "s",
  purpose: "m.usermedia",
  audioMuted: false,
  videoMuted: false,
  ...over,
});
const change = (...streams: StreamInfo[]) => command({ type: "streams", streams });
const settled = { type: "streams_settled" } as const;
const BOTH = ["m.call.sdp_stream_metadata_changed", "org.matrix.call.sdp_stream_metadata_changed"];

describe("our streams", () => {
  it("P25 P28 are told in both event types, under both keys, once they have settled", () => {
    const changed = run(answeredByUs(), change(stream({ audioMuted: true })));
    expect(types(changed.effects)).toEqual(["settle_streams"]);
    const { effects } = run(changed.call, settled);
    expect(types(effects)).toEqual(BOTH);
    for (const { content } of sends(effects)) {
      expect(content.sdp_stream_metadata).toEqual({
        s: { purpose: "m.usermedia", audio_muted: true, video_muted: false },
      });
      expect(content["org.matrix.msc3077.sdp_stream_metadata"]).toEqual(content.sdp_stream_metadata);
    }
  });

  it("P25 are told as they are in the end", () => {
    const { effects } = run(
      answeredByUs(),
      change(stream({ audioMuted: true })),
      change(stream({ videoMuted: true })),
      settled,
    );
    expect(sends(effects)[0]?.content.sdp_stream_metadata).toMatchObject({
      s: { audio_muted: false, video_muted: true },
    });
  });

  it("P25 are not told again where the peer knows, by whatever event", () => {
    const muted = stream({ audioMuted: true });
    const silent = (...inputs: Parameters<typeof run> extends [unknown, ...infer I] ? I : never) =>
      types(run(answeredByUs(), ...inputs, settled).effects);
    expect(silent(change(...(answer.streams ?? [])))).toEqual([]);
    expect(silent(change(muted), change(stream()))).toEqual([]);
    expect(silent(change(muted), settled, change(muted))).toEqual([]);
    expect(silent(change(muted), command({ type: "negotiate", ...offer, streams: [muted] }))).toEqual([]);
    expect(silent(change(muted), command({ type: "negotiate", ...offer }))).toEqual(BOTH);
    const [one, two] = [stream(), stream({ id: "t", purpose: "m.screenshare" })];
    expect(silent(change(one, two), settled, change(two, one))).toEqual([]);
    expect(silent(change(one, two), settled, change(one))).toEqual(BOTH);
    expect(silent(change(stream({ id: "other" })))).toEqual(BOTH);
  });

  it("P25 count as told by the invite", () => {
    const placed = run(ours(), command({ type: "invite", ...offer, streams: [stream()] })).call;
    expect(types(run(placed, change(stream()), settled).effects)).toEqual([]);
    expect(types(run(placed, change(stream({ audioMuted: true })), settled).effects)).toEqual(BOTH);
  });

  it("P25 say nothing of a call that the peer was not told of, or that has not been accepted", () => {
    for (const call of [ours(), theirs(), ringing()]) {
      const { effects, call: next } = run(call, change(stream()));
      expect(types(effects)).toEqual(["refused"]);
      expect(next).toEqual(call);
    }
    for (const call of [invited(), answeredByThem()])
      expect(types(run(call, change(stream())).effects)).toEqual(["settle_streams"]);
    expect(types(run(answeredByUs(), settled).effects)).toEqual([]);
  });

  it("P25 P30 are one pair of events, 200 ms after the first of many changes", async () => {
    const { place, calls, clock, sent, types } = callsWorld();
    const mine = await place("mine");
    const mute = (audioMuted: boolean) =>
      calls.dispatch({ ...mine, type: "streams", streams: [stream({ audioMuted })] });
    for (const muted of [true, false, true]) {
      await mute(muted);
      await clock.advance(60);
    }
    await clock.advance(19);
    expect(types()).toEqual(["invite"]);
    await clock.advance(1);
    expect(sent.map(({ type }) => type)).toEqual(["m.call.invite", ...BOTH]);
    expect(sent[1]?.content.sdp_stream_metadata).toMatchObject({ s: { audio_muted: true } });
    await mute(false);
    await clock.advance(200);
    expect(sent).toHaveLength(5);
    await mute(true);
    await calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup" });
    await clock.advance(1_000);
    expect(types().at(-1)).toBe("hangup");
    expect(clock.pending).toBe(0);
  });
});

describe("the peer's streams", () => {
  const muted = { type: "streams", streams: [stream({ audioMuted: true })] } as const;

  it("P25 P27 are handed on as they are told", () => {
    for (const [call, peer] of [
      [answeredByUs(), alice],
      [ringing(), alice],
      [answeredByThem(), bob],
    ] as const) {
      expect(run(call, event(peer, muted)).effects).toEqual([
        { type: "signal", signal: { ...ref, ...muted } },
      ]);
    }
  });

  it("P9 P41 are dropped before there is a peer, and from anybody else", () => {
    for (const [call, sender] of [
      [answeredByUs(), mallory],
      [invited(), mallory],
      [ours(), bob],
      [theirs(), mallory],
    ] as const) {
      const { effects, call: next } = run(call, event(sender, muted));
      expect(types(effects)).toEqual(["dropped"]);
      expect(next).toEqual(call);
    }
  });

  it("P28 are read from either type of event", async () => {
    const { place, read, news } = callsWorld();
    const mine = await place("mine");
    read([
      said(bob, {
        type: "m.call.answer",
        content: { call_id: "mine", party_id: "B1", version: "1", answer: answer.description },
      }),
    ]);
    for (const type of BOTH) {
      read([
        said(bob, {
          type,
          content: {
            call_id: "mine",
            party_id: "B1",
            version: "1",
            sdp_stream_metadata: { s: { purpose: "m.usermedia" } },
          },
        }),
      ]);
    }
    expect(news(mine).map(({ type }) => type)).toEqual(["invited", "answered", "streams", "streams"]);
  });
});
