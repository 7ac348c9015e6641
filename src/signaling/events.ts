/**
 * Matrix call events as they come in: a stranger's JSON, parsed field by field into fresh, bounded objects (P43,
 * P44). How ours go out is in encode.ts.
 */
import * as v from "valibot";
import type {
  CallRef,
  Candidate,
  Party,
  RoomEvent,
  SessionDescription,
  StreamInfo,
} from "../streams/contract.ts";

export const STREAMS = "sdp_stream_metadata";
export const UNSTABLE_STREAMS = "org.matrix.msc3077.sdp_stream_metadata";
export const STREAMS_CHANGED = "m.call.sdp_stream_metadata_changed";
export const UNSTABLE_STREAMS_CHANGED = "org.matrix.call.sdp_stream_metadata_changed";

/** The version 0 is the integer; whatever else a peer says counts as "1" (P2). */
export type Version = 0 | 1;

/** What the event types say, each in its own way. */
type Body =
  | (SessionDescription & { readonly type: "invite"; readonly lifetime: number; readonly invitee?: string })
  | (SessionDescription & { readonly type: "answer" })
  | { readonly type: "candidates"; readonly candidates: readonly Candidate[] }
  | { readonly type: "select_answer"; readonly selectedPartyId: string }
  | { readonly type: "reject" }
  | { readonly type: "hangup"; readonly reason: string }
  | { readonly type: "streams"; readonly streams: readonly StreamInfo[] };

interface Head extends CallRef {
  readonly sender: Party;
  readonly version: Version;
}

export type CallEvent = Head & Body;
export type InviteEvent = Head & Extract<Body, { type: "invite" }>;

/** The longest an invite may ring, in ms, whatever its sender says (P44). */
const MAX_LIFETIME = 600_000;

/** A field that may be absent, and counts as absent where it is not what it should be. */
const lenient = <T>(schema: v.GenericSchema<T>) => v.fallback(v.optional(schema), undefined);

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(512));
const sdp = v.pipe(v.string(), v.maxLength(65_536));
const described = {
  [STREAMS]: lenient(v.record(v.string(), v.unknown())),
  [UNSTABLE_STREAMS]: lenient(v.record(v.string(), v.unknown())),
};
const head = v.object({ call_id: id, version: v.unknown(), party_id: lenient(id) });
const streamInfo = v.object({
  purpose: v.picklist(["m.usermedia", "m.screenshare"]),
  audio_muted: lenient(v.boolean()),
  video_muted: lenient(v.boolean()),
});
const candidate = v.object({
  candidate: v.pipe(v.string(), v.maxLength(2_048)),
  sdpMid: lenient(v.pipe(v.string(), v.maxLength(64))),
  sdpMLineIndex: lenient(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255))),
});

const body = <S extends v.ObjectEntries>(
  entries: S,
  read: (content: v.InferOutput<v.ObjectSchema<S, undefined>>) => Body,
) => v.pipe(v.object(entries), v.transform(read));
const streamsChanged = v.pipe(
  v.object(described),
  v.check((content) => streamsOf(content) !== undefined),
  v.transform((content): Body => ({ type: "streams", streams: streamsOf(content) ?? [] })),
);

const bodies: Readonly<Record<string, v.GenericSchema<unknown, Body>>> = {
  "m.call.invite": body(
    {
      offer: v.object({ type: v.literal("offer"), sdp }),
      lifetime: v.pipe(v.number(), v.finite(), v.minValue(0)),
      invitee: lenient(v.string()),
      ...described,
    },
    ({ offer, lifetime, invitee, ...rest }) => ({
      type: "invite",
      description: offer,
      lifetime: Math.min(lifetime, MAX_LIFETIME),
      ...(invitee !== undefined && { invitee }),
      ...withStreams(rest),
    }),
  ),
  "m.call.answer": body(
    { answer: v.object({ type: v.literal("answer"), sdp }), ...described },
    ({ answer, ...rest }) => ({ type: "answer", description: answer, ...withStreams(rest) }),
  ),
  "m.call.candidates": body(
    { candidates: v.pipe(v.array(v.unknown()), v.maxLength(256)) },
    ({ candidates }) => ({ type: "candidates", candidates: candidates.flatMap(candidateOf) }),
  ),
  "m.call.select_answer": body({ selected_party_id: id }, (content) => ({
    type: "select_answer",
    selectedPartyId: content.selected_party_id,
  })),
  "m.call.reject": body({}, () => ({ type: "reject" })),
  "m.call.hangup": body({ reason: lenient(v.pipe(v.string(), v.maxLength(128))) }, ({ reason }) => ({
    type: "hangup",
    reason: reason ?? "user_hangup",
  })),
  [STREAMS_CHANGED]: streamsChanged,
  [UNSTABLE_STREAMS_CHANGED]: streamsChanged,
};

export function isCallEvent(event: RoomEvent): boolean {
  return event.stateKey === undefined && Object.hasOwn(bodies, event.type);
}

/** Reads a call event; `undefined` where the event is none, or is malformed in a part that matters. */
export function decode(event: RoomEvent): CallEvent | undefined {
  const schema = isCallEvent(event) ? bodies[event.type] : undefined;
  if (!schema) return undefined;
  const parsedHead = v.safeParse(head, event.content);
  const parsedBody = v.safeParse(schema, event.content);
  if (!parsedHead.success || !parsedBody.success) return undefined;
  const { call_id: callId, version, party_id: partyId } = parsedHead.output;
  return {
    roomId: event.roomId,
    callId,
    sender: { userId: event.sender, ...(partyId !== undefined && { partyId }) },
    version: version === 0 ? 0 : 1,
    ...parsedBody.output,
  };
}

type Described = {
  readonly [STREAMS]?: object | undefined;
  readonly [UNSTABLE_STREAMS]?: object | undefined;
};

function withStreams(content: Described): { streams?: readonly StreamInfo[] } {
  const streams = streamsOf(content);
  return streams ? { streams } : {};
}

/** Unknown purposes and malformed entries are left out (P26); metadata that is absent stays absent. */
function streamsOf(content: Described): StreamInfo[] | undefined {
  const map = content[STREAMS] ?? content[UNSTABLE_STREAMS];
  return (
    map &&
    Object.entries(map)
      .slice(0, 16)
      .flatMap(([streamId, value]) => {
        const entry = v.safeParse(streamInfo, value);
        if (!entry.success || streamId.length > 512) return [];
        const { purpose, audio_muted: audioMuted = false, video_muted: videoMuted = false } = entry.output;
        return [{ id: streamId, purpose, audioMuted, videoMuted }];
      })
  );
}

/** Some peers send an empty `sdpMid` beside a good `sdpMLineIndex`. The end marker needs neither (P22). */
function candidateOf(value: unknown): Candidate[] {
  const parsed = v.safeParse(candidate, value);
  if (!parsed.success) return [];
  const { candidate: text, sdpMid, sdpMLineIndex } = parsed.output;
  if (!sdpMid && sdpMLineIndex === undefined && text !== "") return [];
  return [
    { candidate: text, ...(sdpMid && { sdpMid }), ...(sdpMLineIndex !== undefined && { sdpMLineIndex }) },
  ];
}
