import { describe, expect, it } from "vitest";
import { encode } from "../../src/signaling/encode.ts";
import { decode } from "../../src/signaling/events.ts";
import { answer, candidate, offer, ref } from "./support.ts";

const head = { call_id: "call", version: "1", party_id: "P1" };
const read = (type: string, content: unknown, stateKey?: string) =>
  decode({
    roomId: ref.roomId,
    eventId: "$e",
    sender: "@bob:test",
    type,
    content,
    encrypted: false,
    ...(stateKey !== undefined && { stateKey }),
  });
const invite = { ...head, offer: offer.description, lifetime: 60_000 };

describe("decode", () => {
  const from = { ...ref, partyId: "P1" };
  const end = { candidate: "", sdpMid: "0", sdpMLineIndex: 0 };
  const { streams } = answer as Required<typeof answer>;
  it.each([
    [
      encode.invite(from, { ...offer, streams }, 9_000, "@c:test"),
      { type: "invite", ...offer, streams, lifetime: 9_000, invitee: "@c:test" },
    ],
    [encode.answer(from, answer), { type: "answer", ...answer }],
    [
      encode.candidates(from, [candidate("a"), end]),
      { type: "candidates", candidates: [candidate("a"), end] },
    ],
    [encode.selectAnswer(from, "P2"), { type: "select_answer", selectedPartyId: "P2" }],
    [encode.reject(from), { type: "reject" }],
    [encode.hangup(from, "user_busy"), { type: "hangup", reason: "user_busy" }],
  ])("reads back our own %s", ({ type, content }, body) => {
    const sender = { userId: "@bob:test", partyId: "P1" };
    expect(read(type, JSON.parse(JSON.stringify(content)))).toEqual({ ...ref, version: 1, sender, ...body });
  });

  it("P28 reads both types of changed streams, and both keys", () => {
    for (const { type, content } of encode.streamsChanged(from, answer.streams ?? [])) {
      expect(read(type, content)).toMatchObject({ type: "streams", streams: answer.streams });
    }
    const unstable = { "org.matrix.msc3077.sdp_stream_metadata": { x: { purpose: "m.screenshare" } } };
    expect(read("m.call.invite", { ...invite, ...unstable })).toMatchObject({
      streams: [{ id: "x", purpose: "m.screenshare", audioMuted: false, videoMuted: false }],
    });
  });

  it.each([
    [0, 0],
    ["0", 1],
    [1, 1],
    ["1", 1],
    ["2", 1],
    [undefined, 1],
    [null, 1],
    [{}, 1],
  ])("P2 reads version %j as %d", (version, expected) => {
    expect(read("m.call.reject", { ...head, version })?.version).toBe(expected);
  });

  it("P3 takes ids that it would not make itself", () => {
    expect(read("m.call.reject", { ...head, call_id: "a+/=\u00e9", party_id: "+/=" })).toMatchObject({
      callId: "a+/=\u00e9",
      sender: { partyId: "+/=" },
    });
  });

  it("P4 takes a peer without a party", () => {
    expect(read("m.call.reject", { call_id: "call", version: 0 })?.sender).toEqual({ userId: "@bob:test" });
  });

  it("P17 reads a missing or malformed reason as user_hangup", () => {
    expect(read("m.call.hangup", head)).toMatchObject({ reason: "user_hangup" });
    expect(read("m.call.hangup", { ...head, reason: 7 })).toMatchObject({ reason: "user_hangup" });
    expect(read("m.call.hangup", { ...head, reason: "odd" })).toMatchObject({ reason: "odd" });
  });

  it("P22 takes what is usable of candidates, and passes over the rest", () => {
    const candidates = [
      { candidate: "mid", sdpMid: "a" },
      { candidate: "index", sdpMLineIndex: 1 },
      { candidate: "empty mid", sdpMid: "", sdpMLineIndex: 2 },
      { candidate: "null mid", sdpMid: null, sdpMLineIndex: 0 },
      { candidate: "" },
      { candidate: "neither" },
      { candidate: "bad index", sdpMLineIndex: -1 },
      { candidate: 7, sdpMid: "a" },
      "text",
      null,
    ];
    expect(read("m.call.candidates", { ...head, candidates })).toMatchObject({
      candidates: [
        { candidate: "mid", sdpMid: "a" },
        { candidate: "index", sdpMLineIndex: 1 },
        { candidate: "empty mid", sdpMLineIndex: 2 },
        { candidate: "null mid", sdpMLineIndex: 0 },
        { candidate: "" },
      ],
    });
  });

  it("P26 leaves out unknown purposes, and tells no metadata from empty metadata", () => {
    const sdp_stream_metadata = {
      a: { purpose: "m.usermedia", audio_muted: "yes" },
      b: { purpose: "m.hologram" },
      c: 1,
    };
    expect(read("m.call.invite", { ...invite, sdp_stream_metadata })).toMatchObject({
      streams: [{ id: "a", purpose: "m.usermedia", audioMuted: false, videoMuted: false }],
    });
    expect(read("m.call.invite", { ...invite, sdp_stream_metadata: {} })).toMatchObject({ streams: [] });
    expect(read("m.call.invite", invite)).not.toHaveProperty("streams");
  });

  it("P43 makes fresh objects and knows no inherited types or keys", () => {
    const hostile = JSON.parse(
      `{"call_id":"call","version":"1","party_id":"P1","offer":{"type":"offer","sdp":"x","__proto__":{"a":1},"extra":2},
        "lifetime":1000,"__proto__":{"polluted":true},"constructor":{"x":1},
        "sdp_stream_metadata":{"__proto__":{"purpose":"m.usermedia"},"ok":{"purpose":"m.usermedia"}}}`,
    );
    expect(read("m.call.invite", hostile)).toEqual({
      ...ref,
      sender: { userId: "@bob:test", partyId: "P1" },
      version: 1,
      type: "invite",
      description: { type: "offer", sdp: "x" },
      lifetime: 1_000,
      streams: [{ id: "ok", purpose: "m.usermedia", audioMuted: false, videoMuted: false }],
    });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(read("__proto__", head)).toBeUndefined();
    expect(read("constructor", head)).toBeUndefined();
  });

  const bad: [string, string, unknown][] = [
    ["no content", "m.call.reject", undefined],
    ["null", "m.call.reject", null],
    ["text", "m.call.reject", "x"],
    ["a list", "m.call.reject", []],
    ["no call id", "m.call.reject", { version: "1" }],
    ["an empty call id", "m.call.reject", { ...head, call_id: "" }],
    ["a numeric call id", "m.call.reject", { ...head, call_id: 7 }],
    ["an endless call id", "m.call.reject", { ...head, call_id: "x".repeat(513) }],
    ["no offer", "m.call.invite", { ...head, lifetime: 1 }],
    ["an answer for an offer", "m.call.invite", { ...invite, offer: { type: "answer", sdp: "" } }],
    ["no sdp", "m.call.invite", { ...invite, offer: { type: "offer" } }],
    ["endless sdp", "m.call.invite", { ...invite, offer: { type: "offer", sdp: "x".repeat(65_537) } }],
    ["no lifetime", "m.call.invite", { ...head, offer: offer.description }],
    ["a negative lifetime", "m.call.invite", { ...invite, lifetime: -1 }],
    ["a lifetime in words", "m.call.invite", { ...invite, lifetime: "60000" }],
    ["an offer for an answer", "m.call.answer", { ...head, answer: offer.description }],
    ["no candidates", "m.call.candidates", head],
    ["candidates that are no list", "m.call.candidates", { ...head, candidates: {} }],
    ["too many candidates", "m.call.candidates", { ...head, candidates: Array(257).fill({ candidate: "" }) }],
    ["no selected party", "m.call.select_answer", head],
    ["no metadata", "m.call.sdp_stream_metadata_changed", head],
  ];
  it.each(bad)("P44 refuses %s", (_what, type, content) => {
    expect(read(type, content)).toBeUndefined();
  });

  it("P7 P44 bounds an absurd lifetime", () => {
    expect(read("m.call.invite", { ...invite, lifetime: 1e15 })).toMatchObject({ lifetime: 600_000 });
  });

  it("is not fooled by a state event of a call's type", () => {
    expect(read("m.call.reject", head, "")).toBeUndefined();
  });
});
