import { describe, expect, it } from "vitest";
import { encode } from "../../src/signaling/encode.ts";
import { answer, candidate, offer, ref } from "./support.ts";

const from = { ...ref, partyId: "P1" };
const { streams = [] } = answer;
const transfer = { replacementId: "R", targetUser: { userId: "@carol:test" }, createCall: "new" };
const described = [
  encode.invite(from, { ...offer, streams }, 90_000, "@bob:test"),
  encode.answer(from, answer),
  encode.negotiate(from, answer, 60_000),
  ...encode.streamsChanged(from, streams),
];
const all = [
  ...described,
  encode.candidates(from, [candidate("c")]),
  encode.selectAnswer(from, "P2"),
  encode.reject(from),
  encode.hangup(from, "user_hangup"),
  encode.delayedHangup(from),
  encode.replaces(from, transfer),
  encode.rejectReplacement(from, "R", "declined"),
];

describe("every event that we send", () => {
  it.each(all.map((event) => [event.type, event] as const))(
    "P1 P2 P35 names its call, its party, and its version as text: %s",
    (_type, { content }) => {
      expect(content).toMatchObject({ call_id: ref.callId, party_id: "P1", version: "1" });
    },
  );

  it.each(described.map((event) => [event.type, event] as const))(
    "P25 P28 names its streams under the stable key and the unstable one: %s",
    (_type, { content }) => {
      const metadata = { s: { purpose: "m.usermedia", audio_muted: false, video_muted: false } };
      expect(content).toMatchObject({
        sdp_stream_metadata: metadata,
        "org.matrix.msc3077.sdp_stream_metadata": metadata,
      });
    },
  );

  it("P31 names what we can do, to whoever calls and whoever is called", () => {
    for (const { content } of described.slice(0, 2))
      expect(content.capabilities).toEqual({ "m.call.transferee": true, "m.call.dtmf": true });
  });

  it("P22 P35 gives each candidate its place by both names, the end marker too", () => {
    const candidates = [candidate("c"), { candidate: "" }, { candidate: "", sdpMid: "1", sdpMLineIndex: 1 }];
    expect(encode.candidates(from, candidates).content.candidates).toEqual([
      candidate("c"),
      { candidate: "", sdpMid: "0", sdpMLineIndex: 0 },
      { candidate: "", sdpMid: "1", sdpMLineIndex: 1 },
    ]);
  });
});
