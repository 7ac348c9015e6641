/**
 * The call events of other clients, in the shapes that releases of theirs send them. The shapes are facts; ids,
 * descriptions and times are ours. nheko's are beside this, in nheko.json: raw, for they are alike in nothing.
 */
import { readFileSync } from "node:fs";

export interface RawEvent {
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** In what releases of matrix-js-sdk differ. */
export interface Dialect {
  readonly releases: readonly string[];
  readonly version: 0 | 1 | "1";
  /** Whether they send stream metadata, and capabilities with it. */
  readonly metadata: boolean;
  /** Whether invites name whom they are for. */
  readonly invitee: boolean;
}

export const DIALECTS: readonly Dialect[] = [
  { releases: ["6.2", "8.5"], version: 0, metadata: false, invitee: false },
  { releases: ["9.11", "10.1"], version: 1, metadata: false, invitee: false },
  { releases: ["12.5", "15.6", "17.2"], version: 1, metadata: true, invitee: false },
  { releases: ["19.7"], version: "1", metadata: true, invitee: false },
  { releases: ["21.2", "23.5", "28.2", "31.6"], version: "1", metadata: true, invitee: true },
];

export const UNSTABLE_STREAMS = "org.matrix.msc3077.sdp_stream_metadata";
const STREAM_ID = "hJ2kQm0";

const sdp = (session: number) =>
  `v=0\r\no=- ${session} 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n`;

export const description = (type: "offer" | "answer", session: number) => ({ type, sdp: sdp(session) });

/** The metadata as they send it, and as it is read. */
export const rawStreams = (audioMuted: boolean, videoMuted: boolean) => ({
  [UNSTABLE_STREAMS]: {
    [STREAM_ID]: { purpose: "m.usermedia", audio_muted: audioMuted, video_muted: videoMuted },
  },
});
export const readStreams = (audioMuted: boolean, videoMuted: boolean) => [
  { id: STREAM_ID, purpose: "m.usermedia", audioMuted, videoMuted },
];

export const CANDIDATES = [
  {
    candidate: "candidate:11 1 udp 2122194687 192.0.2.7 50001 typ host generation 0 ufrag aB3d",
    sdpMid: "0",
    sdpMLineIndex: 0,
  },
  {
    candidate: "candidate:12 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active generation 0 ufrag aB3d",
    sdpMid: "1",
    sdpMLineIndex: 1,
  },
];

/** The events of a call, by who sends it: each as that release sends it. */
export function eventsOf({ version, metadata, invitee }: Dialect, call: CallOfFixture) {
  const make = (type: string, body: object): RawEvent => ({
    type,
    content: {
      version,
      call_id: call.callId,
      ...(version !== 0 && { party_id: call.partyId }),
      ...body,
    },
  });
  const capabilities = metadata && { capabilities: { "m.call.transferee": false, "m.call.dtmf": false } };
  const streams = (videoMuted: boolean) => metadata && rawStreams(false, videoMuted);
  const fragment = version !== 0 && { usernameFragment: "aB3d" };
  return {
    invite: (video: boolean) =>
      make("m.call.invite", {
        lifetime: 60_000,
        offer: description("offer", 1),
        ...capabilities,
        ...streams(!video),
        ...(invitee && { invitee: call.invitee }),
      }),
    answer: (video: boolean) =>
      make("m.call.answer", { answer: description("answer", 2), ...capabilities, ...streams(!video) }),
    candidates: () =>
      make("m.call.candidates", { candidates: CANDIDATES.map((each) => ({ ...each, ...fragment })) }),
    selectAnswer: (partyId: string) => make("m.call.select_answer", { selected_party_id: partyId }),
    /** With a lifetime, which their answers lack. */
    offer: () =>
      make("m.call.negotiate", {
        description: description("offer", 3),
        lifetime: 60_000,
        ...capabilities,
        ...streams(false),
      }),
    negotiatedAnswer: () =>
      make("m.call.negotiate", { description: description("answer", 4), ...streams(false) }),
    streamsChanged: () => make("org.matrix.call.sdp_stream_metadata_changed", rawStreams(true, true)),
    reject: () => make("m.call.reject", {}),
    /** Of one that a user ends; without a reason where the peer is of another version, or it was never answered. */
    hangup: (reason?: string) => make("m.call.hangup", reason === undefined ? {} : { reason }),
  };
}

export interface CallOfFixture {
  readonly callId: string;
  /** The sender's. */
  readonly partyId: string;
  readonly invitee: string;
}

/** The same of nheko 0.11: by what they are. */
export function nhekoEvents(call: CallOfFixture): Readonly<Record<NhekoEvent, RawEvent>> {
  const text = readFileSync(new URL("nheko.json", import.meta.url), "utf8");
  return JSON.parse(text, (key, value) => {
    if (key === "call_id") return call.callId;
    if (key === "party_id") return call.partyId;
    return key === "invitee" ? call.invitee : value;
  });
}

export type NhekoEvent =
  | "voice invite"
  | "screen invite"
  | "voice answer"
  | "video answer without a camera"
  | "candidates"
  | "select_answer"
  | "reject"
  | "hangup";
