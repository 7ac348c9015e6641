/** Matrix call events, once they have been read: see events.ts for how, schemas.ts for what is believed. */
import type {
  AssertedIdentity,
  CallRef,
  Candidate,
  Capabilities,
  Party,
  SessionDescription,
  StreamInfo,
  Transfer,
  Version,
} from "../streams/contract.ts";

export const STREAMS = "sdp_stream_metadata";
export const UNSTABLE_STREAMS = "org.matrix.msc3077.sdp_stream_metadata";
export const STREAMS_CHANGED = "m.call.sdp_stream_metadata_changed";
export const UNSTABLE_STREAMS_CHANGED = "org.matrix.call.sdp_stream_metadata_changed";
export const IDENTITY = "m.call.asserted_identity";
export const UNSTABLE_IDENTITY = "org.matrix.call.asserted_identity";

/** What an offer is named by, and which offer an answer is to: see docs/decisions/lost-paths.md. */
export const NEGOTIATION = "trunkline.negotiation";

/** Marks a hangup that the homeserver sends, not its sender: see docs/decisions/delayed-hangup.md (P34). */
export const DELAYED_HANGUP = "trunkline.delayed_hangup";

/** What the event types say, each in its own way. */
export type Body =
  | (SessionDescription & {
      readonly type: "invite";
      /** How long it is good for, in ms (P7). */
      readonly lifetime: number;
      readonly invitee?: string;
      /** Absent where the peer did not send any. */
      readonly capabilities?: Capabilities;
    })
  | (SessionDescription & { readonly type: "answer"; readonly capabilities?: Capabilities })
  | (SessionDescription & { readonly type: "negotiate"; readonly lifetime: number })
  | { readonly type: "candidates"; readonly candidates: readonly Candidate[] }
  | { readonly type: "select_answer"; readonly selectedPartyId: string }
  | { readonly type: "reject" }
  | {
      readonly type: "hangup";
      readonly reason: string;
      /** Whether it was sent because its sender gave no sign of life, which is not to say that it is gone (P34). */
      readonly delayed?: true;
    }
  | { readonly type: "streams"; readonly streams: readonly StreamInfo[] }
  | { readonly type: "transfer"; readonly transfer: Transfer }
  | { readonly type: "transfer_refused"; readonly replacementId: string; readonly reason: string }
  | { readonly type: "identity"; readonly identity: AssertedIdentity };

/** What each says of itself (P1). */
export interface Head extends CallRef {
  /** The Matrix event type. */
  readonly eventType: string;
  readonly sender: Party;
  readonly version: Version;
  /** In ms when it came, by the homeserver's word (P8); absent where it gave none. */
  readonly age?: number;
}

export type CallEvent = Head & Body;
export type EventOf<T extends CallEvent["type"]> = Head & Extract<Body, { type: T }>;
