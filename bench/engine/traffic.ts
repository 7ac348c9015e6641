import { parseSync } from "../../src/signaling/transports/matrix-parse.ts";
import type { RoomEvent } from "../../src/streams/contract.ts";

/** What peers say in the calls of one user: as a homeserver would give it, each event made afresh. */
export const US = { userId: "@us:bench.test", deviceId: "BENCH" };

const ID = "org.matrix.msc3077.sdp_stream_metadata";

export const refOf = (call: number) => ({ roomId: `!room${call}:bench.test`, callId: `call${call}` });

/** About the size that Chromium's have: 3 kB for voice and video. */
const SDP = `v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n${"a=rtpmap:96 VP8/90000\r\n".repeat(130)}`;

export const DESCRIPTION = { type: "answer", sdp: SDP } as const;

export const inviteOf = (call: number): RoomEvent =>
  eventOf(call, 0, "m.call.invite", {
    lifetime: 90_000,
    invitee: US.userId,
    offer: { type: "offer", sdp: `${SDP}a=ssrc:${call}\r\n` },
    [ID]: { stream: { purpose: "m.usermedia", audio_muted: false, video_muted: false } },
  });

/** Of ten events six bring candidates, two change streams, one names who talks, one is of a call that is over. */
export function eventsOf(calls: number, count: number, seed: number): RoomEvent[] {
  let state = seed;
  return Array.from({ length: count }, (_, index) => {
    // A linear congruential generator: any order will do, so long as it is not that of the calls.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return said(state % calls, seed * count + index, index % 10);
  });
}

function said(call: number, serial: number, kind: number): RoomEvent {
  if (kind < 6) return eventOf(call, serial, "m.call.candidates", { candidates: candidates(serial) });
  if (kind < 8) {
    const stream = { purpose: "m.usermedia", audio_muted: serial % 2 === 0, video_muted: false };
    return eventOf(call, serial, "m.call.sdp_stream_metadata_changed", { sdp_stream_metadata: { stream } });
  }
  if (kind === 8) {
    const who = { id: `@caller${serial}:bench.test`, display_name: "Caller" };
    return eventOf(call, serial, "m.call.asserted_identity", { asserted_identity: who });
  }
  return eventOf(call, serial, "m.call.candidates", {
    candidates: candidates(serial),
    call_id: `over${serial}`,
  });
}

const candidates = (serial: number) =>
  [0, 1].map((line) => ({
    candidate: `candidate:${serial} 1 udp 2122260223 192.0.2.${serial % 250} ${1_024 + (serial % 60_000)} typ host generation 0 ufrag abcd`,
    sdpMid: `${line}`,
    sdpMLineIndex: line,
  }));

/** Through the text of a sync response, as it comes from a homeserver: no part of it is shared with another event. */
function eventOf(call: number, serial: number, type: string, body: object): RoomEvent {
  const { roomId, callId } = refOf(call);
  const event = {
    event_id: `$${serial}:${type}`,
    sender: `@peer${call}:bench.test`,
    type,
    content: { call_id: callId, version: "1", party_id: "PEER", ...body },
    unsigned: { age: 5 },
  };
  const answer = { next_batch: "s", rooms: { join: { [roomId]: { timeline: { events: [event] } } } } };
  return parseSync(JSON.parse(JSON.stringify(answer)))?.events[0] as RoomEvent;
}
