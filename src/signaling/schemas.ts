/** What the content of each call event has to be, and what is taken from it (P43): bounded, field by field (P44). */
import * as v from "valibot";
import type {
  Candidate,
  Capabilities,
  SessionDescription,
  StreamInfo,
  Transfer,
} from "../streams/contract.ts";
import {
  type Body,
  DELAYED_HANGUP,
  IDENTITY,
  NEGOTIATION,
  STREAMS,
  STREAMS_CHANGED,
  UNSTABLE_IDENTITY,
  UNSTABLE_STREAMS,
  UNSTABLE_STREAMS_CHANGED,
} from "./event-types.ts";

/** How long an invite or a negotiation is good for where nobody says, in ms: what the specification recommends (P7). */
export const LIFETIME = 90_000;

/** The longest an invite or a negotiation is good for, in ms, whatever its sender says (P44). */
const MAX_LIFETIME = 600_000;

/** How many candidates of one event count. */
const MAX_CANDIDATES = 256;

/** A field that may be absent, and counts as absent where it is not what it should be. */
const lenient = <T>(schema: v.GenericSchema<T>) => v.fallback(v.optional(schema), undefined);

const isText = (value: unknown, most: number, least = 0): value is string =>
  typeof value === "string" && value.length >= least && value.length <= most;

/** One check in one go: of a pipe of them each part costs as much, and there are a dozen in an event. */
const text = (most: number, least?: number) => v.custom<string>((value) => isText(value, most, least));

const isId = (value: unknown): value is string => isText(value, 512, 1);
const id = v.custom<string>(isId);
const sdp = text(65_536);
/** Absent from the negotiation answers of some peers (P19); what is no number of ms counts as absent, too. */
const lifetime = v.fallback(
  v.pipe(
    v.optional(v.number(), LIFETIME),
    v.finite(),
    v.transform((ms) => Math.min(Math.max(0, ms), MAX_LIFETIME)),
  ),
  LIFETIME,
);
const reason = lenient(text(128, 1));
const name = lenient(text(256));
const url = lenient(text(2_048));
const capabilities = lenient(
  v.object({ "m.call.transferee": v.optional(v.unknown()), "m.call.dtmf": v.optional(v.unknown()) }),
);
/** An empty object comes as a list from languages that cannot tell the two apart: it says nothing. */
const notList = v.custom<object>((value) => !Array.isArray(value));
const map = lenient(v.pipe(notList, v.record(v.string(), v.unknown())));
const described = {
  [STREAMS]: map,
  [UNSTABLE_STREAMS]: map,
  [NEGOTIATION]: lenient(text(64, 1)),
};
const streamInfo = v.object({
  purpose: v.nullish(v.picklist(["m.usermedia", "m.screenshare"]), "m.usermedia"),
  audio_muted: lenient(v.boolean()),
  video_muted: lenient(v.boolean()),
});
const body = <S extends v.ObjectEntries>(
  entries: S,
  read: (content: v.InferOutput<v.ObjectSchema<S, undefined>>) => Body,
) => v.pipe(v.object(entries), v.transform(read));
const streamsChanged = v.pipe(
  v.object(described),
  v.transform((content): unknown => streamsOf(content)),
  v.custom<readonly StreamInfo[]>(Array.isArray),
  v.transform((streams): Body => ({ type: "streams", streams })),
);
const assertedIdentity = body(
  {
    asserted_identity: v.nullable(
      v.pipe(
        v.unknown(),
        v.check((who) => !Array.isArray(who)),
        v.object({ id: lenient(id), display_name: name, avatar_url: url }),
      ),
    ),
  },
  ({ asserted_identity: who }) => ({
    type: "identity",
    identity: {
      ...(who?.id !== undefined && { id: who.id }),
      ...(who?.display_name !== undefined && { displayName: who.display_name }),
      ...(who?.avatar_url !== undefined && { avatarUrl: who.avatar_url }),
    },
  }),
);
const replaces = v.pipe(
  v.object({
    replacement_id: id,
    target_user: v.object({ id: v.pipe(id, v.startsWith("@")), display_name: name, avatar_url: url }),
    target_room: v.nullish(id),
    create_call: v.nullish(id),
    await_call: v.nullish(id),
  }),
  // To make a call, and to wait for one, exclude each other.
  v.check(({ create_call: create, await_call: wait }) => (create == null) !== (wait == null)),
  v.transform((content): Body => ({ type: "transfer", transfer: transferOf(content) })),
);

export const bodies: Readonly<Record<string, v.GenericSchema<unknown, Body>>> = {
  "m.call.invite": body(
    {
      offer: v.object({ type: v.nullish(v.literal("offer"), "offer"), sdp }),
      lifetime,
      invitee: lenient(id),
      capabilities,
      ...described,
    },
    ({ offer, lifetime, invitee, capabilities, ...rest }) => ({
      type: "invite",
      description: offer,
      lifetime,
      ...(invitee !== undefined && { invitee }),
      ...capabilitiesOf(capabilities),
      ...annotationsOf(rest),
    }),
  ),
  "m.call.answer": body(
    { answer: v.object({ type: v.nullish(v.literal("answer"), "answer"), sdp }), capabilities, ...described },
    ({ answer, capabilities, ...rest }) => ({
      type: "answer",
      description: answer,
      ...capabilitiesOf(capabilities),
      ...annotationsOf(rest),
    }),
  ),
  "m.call.negotiate": body(
    {
      description: v.object({ type: v.picklist(["offer", "answer"]), sdp }),
      lifetime,
      ...described,
    },
    ({ description, lifetime, ...rest }) => ({
      type: "negotiate",
      description,
      lifetime,
      ...annotationsOf(rest),
    }),
  ),
  "m.call.candidates": body(
    { candidates: v.custom<readonly unknown[]>(Array.isArray) },
    ({ candidates }) => ({
      type: "candidates",
      candidates: candidates.slice(0, MAX_CANDIDATES).flatMap(candidateOf),
    }),
  ),
  "m.call.select_answer": body({ selected_party_id: id }, (content) => ({
    type: "select_answer",
    selectedPartyId: content.selected_party_id,
  })),
  "m.call.reject": body({}, () => ({ type: "reject" })),
  "m.call.hangup": body(
    { reason, [DELAYED_HANGUP]: lenient(v.object({ version: v.literal(1) })) },
    ({ reason = "user_hangup", [DELAYED_HANGUP]: delayed }) => ({
      type: "hangup",
      reason,
      ...(delayed && { delayed: true }),
    }),
  ),
  [STREAMS_CHANGED]: streamsChanged,
  [UNSTABLE_STREAMS_CHANGED]: streamsChanged,
  "m.call.replaces": replaces,
  "m.call.reject_replacement": body({ replacement_id: id, reason }, (content) => ({
    type: "transfer_refused",
    replacementId: content.replacement_id,
    reason: content.reason ?? "declined",
  })),
  [IDENTITY]: assertedIdentity,
  [UNSTABLE_IDENTITY]: assertedIdentity,
};

/** Only what is said in so many words counts: "true" and 1 do not (P31). Capabilities that are absent stay absent. */
function capabilitiesOf(said: v.InferOutput<typeof capabilities>): { readonly capabilities?: Capabilities } {
  if (!said) return {};
  const { "m.call.transferee": transferee, "m.call.dtmf": dtmf } = said;
  return { capabilities: { transferee: transferee === true, dtmf: dtmf === true } };
}

interface Replaces {
  readonly replacement_id: string;
  readonly target_user: {
    readonly id: string;
    readonly display_name?: string | undefined;
    readonly avatar_url?: string | undefined;
  };
  readonly target_room?: string | null | undefined;
  readonly create_call?: string | null | undefined;
  readonly await_call?: string | null | undefined;
}

function transferOf({
  replacement_id,
  target_user,
  target_room,
  create_call,
  await_call,
}: Replaces): Transfer {
  const { id: userId, display_name: displayName, avatar_url: avatarUrl } = target_user;
  return {
    replacementId: replacement_id,
    targetUser: {
      userId,
      ...(displayName !== undefined && { displayName }),
      ...(avatarUrl !== undefined && { avatarUrl }),
    },
    ...(target_room != null && { targetRoom: target_room }),
    ...(create_call != null && { createCall: create_call }),
    ...(await_call != null && { awaitCall: await_call }),
  };
}

type Described = {
  readonly [STREAMS]?: object | undefined;
  readonly [UNSTABLE_STREAMS]?: object | undefined;
  readonly [NEGOTIATION]?: string | undefined;
};

function annotationsOf(content: Described): Pick<SessionDescription, "streams" | "negotiation"> {
  const streams = streamsOf(content);
  const { [NEGOTIATION]: negotiation } = content;
  return { ...(streams && { streams }), ...(negotiation && { negotiation }) };
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

/** What every call event says of itself (P1). Checked without a schema: every one is, and many go no further. */
export function readHead(
  content: unknown,
): { readonly callId: string; readonly partyId?: string; readonly version: unknown } | undefined {
  const {
    call_id: callId,
    version,
    party_id: partyId,
  } = Object(content) as Readonly<Record<string, unknown>>;
  if (!isId(callId)) return undefined;
  return { callId, version, ...(isId(partyId) && { partyId }) };
}

/**
 * Some peers send an empty `sdpMid` beside a good `sdpMLineIndex`. The end marker needs neither (P22). Checked without a
 * schema, because there are more of them than of all else: it takes half the time.
 */
function candidateOf(value: unknown): Candidate[] {
  const { candidate, sdpMid, sdpMLineIndex } = Object(value) as Readonly<Record<string, unknown>>;
  const named = isText(sdpMid, 64, 1);
  const numbered = isLine(sdpMLineIndex);
  if (!isText(candidate, 2_048) || (!named && !numbered && candidate !== "")) return [];
  return [{ candidate, ...(named && { sdpMid }), ...(numbered && { sdpMLineIndex }) }];
}

const isLine = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255;
