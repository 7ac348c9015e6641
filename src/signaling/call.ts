/**
 * A call as a pure function: its state and one input give its next state and what is to be done. No clock, no
 * promise, no stream in here; so every order of things that can happen can be tried.
 *
 * The seed's steps: A) `place` and `invite`; B) `candidate`; C) `receive`, `batch_read`, `answer`; D) the callee's
 * candidates, early or not; E) is media, and not this file's concern. What applies in which state is in call-table.ts,
 * what commands mean in call-commands.ts, what events mean in call-events.ts.
 */
import { handleCommand } from "./call-commands.ts";
import { DELIVERY } from "./call-delivery.ts";
import { applyEarly, receiveEvent } from "./call-events.ts";
import { isNegotiable, NO_CAPABILITIES, provenBy } from "./call-negotiate.ts";
import {
  type ArrivingCall,
  type Call,
  type CallIn,
  type CommandOf,
  descriptionOf,
  dropped,
  type Effect,
  end,
  endSilently,
  from,
  type Input,
  type InputOf,
  type InvitingCall,
  needsHangup,
  type PreparingCall,
  prependEffects,
  type RingingCall,
  refOf,
  type Step,
  send,
  stay,
} from "./call-state.ts";
import { sendStreams } from "./call-streams.ts";
import { APPLIES, isIn } from "./call-table.ts";
import { encode } from "./encode.ts";
import type { EventOf } from "./event-types.ts";
import { LIFETIME } from "./schemas.ts";

/** How long a call rings at least before the caller's next does, in ms: many invites are not to be as many rings (P46). */
const MIN_RINGING_MS = 1_000;

const INVITE = { eventType: "m.call.invite" };

/** A call of ours, before its invite, which is not awaited for longer than it would ring: nobody may be there to make it. */
export function place(command: CommandOf<"place">, us: Call["us"], at: number): PreparingCall {
  const { roomId, callId, invitee, lifetime = LIFETIME } = command;
  const invited = invitee !== undefined && { invitee };
  return { roomId, callId, state: "preparing", us, ...invited, lifetime, expiresAt: at + lifetime };
}

/** A call of theirs, as its invite comes in. It rings at `batch_read`, unless something ends it first (P9). */
export function receive(invite: EventOf<"invite">, us: Call["us"], expiresAt: number): ArrivingCall {
  const { roomId, callId, sender, version, lifetime, capabilities = NO_CAPABILITIES } = invite;
  return {
    roomId,
    callId,
    state: "arriving",
    us,
    peer: sender,
    version,
    ...provenBy(invite),
    capabilities,
    lifetime,
    expiresAt,
    offer: descriptionOf(invite),
    early: [],
  };
}

/** The next state and what is to be done. `at` is when it happens, on the common time base. */
export function step(call: Call, input: Input, at: number): Step {
  if (input.type === "command") return handleCommand(call, input.command, at);
  if (input.type === "event") return receiveEvent(call, input.event);
  const kind = "what" in input ? (`${input.type}_${input.what}` as const) : input.type;
  return isIn(APPLIES, kind, call.state)
    ? (APPLY[kind] as (call: Call, input: Input, at: number) => Step)(call, input, at)
    : stay(call);
}

type Applies = typeof APPLIES;
/** What an input does in the states in which it applies. */
const APPLY: {
  readonly [K in keyof Applies]: (
    call: CallIn<Applies[K][number]>,
    input: InputOf<K extends `${infer T}_${"invite" | "answer"}` ? T : K>,
    at: number,
  ) => Step;
} = {
  ...DELIVERY,
  batch_read: ring,
  outranked: (call) => withdraw(call, "a call that crosses one of ours, which has the lesser id"),
  superseded,
  replaced,
  expired: expire,
  batched: (call, { candidates }) =>
    stay(call, {
      type: "send",
      what: "candidates",
      event: encode.candidates(from(call), candidates),
    }),
  streams_settled: sendStreams,
  left: (call, { who }) => end(call, who, "left_room"),
};

/** The batch is read and the invite still stands (P9). In a public room it is shown, not rung (P12). */
function ring(
  call: ArrivingCall,
  { publicRoom, groupRoom, replaces }: InputOf<"batch_read">,
  at: number,
): Step {
  const { offer, early, ...rest } = call;
  const { peer, expiresAt, version, capabilities } = call;
  if (publicRoom) {
    const signal = { type: "ignored", ...refOf(call), peer, reason: "public_room" } as const;
    return prependEffects([{ type: "signal", signal }], end(call, "system", "public_room"));
  }
  const rings = stay(
    { ...rest, state: "ringing", ringingSince: at },
    { type: "expire_at", at: expiresAt },
    ...(replaces === undefined ? ([{ type: "milestone", name: "ringing" }] as const) : []),
    {
      type: "signal",
      signal: {
        type: "incoming",
        ...refOf(call),
        peer,
        remaining: Math.max(0, expiresAt - at),
        capabilities,
        version,
        negotiable: isNegotiable(call),
        ...(groupRoom && { groupRoom }),
        ...(replaces !== undefined && { replaces }),
        ...offer,
      },
    },
  );
  return applyEarly(rings, peer, early);
}

/** One of theirs that has not rung never will: only the trace shows it. */
function withdraw(call: ArrivingCall, why: string): Step {
  return prependEffects(dropped(call, INVITE, why).effects, endSilently(call));
}

/** Whoever calls again has lost the first call: only the newest rings (P46). */
function superseded(call: ArrivingCall | RingingCall, _: Input, at: number): Step {
  if (call.state === "arriving") return withdraw(call, "an invite of a caller who has called again");
  if (at - call.ringingSince >= MIN_RINGING_MS) return end(call, "peer", "called_again");
  if (call.calledAgain) return stay(call);
  // Its invite is good for as long as before: it may yet be answered.
  return stay(
    { ...call, calledAgain: true },
    { type: "expire_at", at: Math.min(call.expiresAt, at + MIN_RINGING_MS) },
  );
}

/**
 * Silent, because theirs goes on in its place; but not if it does so elsewhere. Where an invite is out the peer's other
 * devices ring for it: a hangup stops them, for one of the reasons that there are (P17).
 */
function replaced(call: PreparingCall | InvitingCall, { elsewhere }: InputOf<"replaced">): Step {
  const ended = elsewhere ? end(call, "other_device", "answered_elsewhere") : endSilently(call);
  return prependEffects(hangupIfInvited(call, "user_hangup"), ended);
}

/** Our invite went unanswered: the room is informed. One that was never made, or is theirs: it just stops (P7). */
function expire(call: CallIn<Applies["expired"][number]>): Step {
  const ended =
    "calledAgain" in call ? end(call, "peer", "called_again") : end(call, "system", "invite_timeout");
  return prependEffects(hangupIfInvited(call, "invite_timeout"), ended);
}

const hangupIfInvited = (call: Call, reason: "user_hangup" | "invite_timeout"): Effect[] =>
  needsHangup(call) ? [send(encode.hangup(from(call), reason))] : [];
