/**
 * A call as a pure function: its state and one input give its next state and what is to be done. No clock, no
 * promise, no stream in here; so every order of things that can happen can be tried.
 *
 * The seed's steps: A) `place` and `invite`; B) `candidate`; C) `receive`, `batch_read`, `answer`; D) the callee's
 * candidates, early or not; E) is media, and not this file's concern. What commands mean is in call-commands.ts, what
 * events mean in call-events.ts.
 */
import { carryOut } from "./call-commands.ts";
import { acknowledged, delivered, failed } from "./call-delivery.ts";
import { applyEarly, receiveEvent } from "./call-events.ts";
import { isNegotiable, provenBy } from "./call-negotiate.ts";
import {
  before,
  type Call,
  type CommandOf,
  descriptionOf,
  dropped,
  end,
  endSilently,
  from,
  type Input,
  type InputOf,
  needsHangup,
  refOf,
  refused,
  type Step,
  send,
  stay,
} from "./call-state.ts";
import { tellStreams } from "./call-streams.ts";
import { encode } from "./encode.ts";
import type { EventOf } from "./event-types.ts";
import { LIFETIME } from "./schemas.ts";

/** How long a call rings at least before the caller's next does, in ms: many invites are not to be as many rings (P46). */
const MIN_RINGING_MS = 1_000;

/** What a party can do that does not say. */
const NO_CAPABILITIES = { transferee: false, dtmf: false };

const INVITE = { eventType: "m.call.invite" };

/** A call of ours, before its invite, which is not awaited for longer than it would ring: nobody may be there to make it. */
export function place(command: CommandOf<"place">, us: Call["us"], at: number): Call {
  const { roomId, callId, invitee, lifetime = LIFETIME } = command;
  return {
    roomId,
    callId,
    direction: "outgoing",
    phase: "preparing",
    us,
    ...(invitee !== undefined && { invitee }),
    version: 1,
    capabilities: NO_CAPABILITIES,
    lifetime,
    expiresAt: at + lifetime,
    early: [],
    transfers: [],
  };
}

/** A call of theirs, as its invite comes in. It rings at `batch_read`, unless something ends it first (P9). */
export function receive(invite: EventOf<"invite">, us: Call["us"], expiresAt: number): Call {
  const { roomId, callId, sender, version, lifetime, capabilities = NO_CAPABILITIES } = invite;
  return {
    roomId,
    callId,
    direction: "incoming",
    phase: "invited",
    us,
    peer: sender,
    version,
    ...provenBy(invite),
    capabilities,
    lifetime,
    expiresAt,
    offer: descriptionOf(invite),
    early: [],
    transfers: [],
  };
}

/** The next state and what is to be done. `at` is when it happens, on the common time base. */
export function step(call: Call, input: Input, at: number): Step {
  if (call.phase === "ended") return afterEnd(call, input);
  switch (input.type) {
    case "command":
      return carryOut(call, input.command, at);
    case "event":
      return receiveEvent(call, input.event);
    case "batch_read":
      return ring(call, input, at);
    case "replaced":
      return replaced(call, input);
    case "outranked":
      return withdraw(call, "a call that crosses one of ours, which has the lesser id");
    case "superseded":
      return superseded(call, at);
    case "expired":
      return expire(call);
    case "batched":
      return stay(call, {
        type: "send",
        what: "candidates",
        event: encode.candidates(from(call), input.candidates),
      });
    case "streams_settled":
      return tellStreams(call);
    case "echoed":
      return delivered(call, input.what);
    case "sent":
      return acknowledged(call, input.what);
    case "failed":
      return failed(call, input);
    case "left":
      return end(call, input.who, "left_room");
  }
}

/** A call that has ended has no more news; only a command that wanted something is told so. */
function afterEnd(call: Call, input: Input): Step {
  return input.type === "command" && input.command.type !== "path"
    ? refused(call, input.command)
    : stay(call);
}

/** The batch is read and the invite still stands (P9). In a public room it is shown, not rung (P12). */
function ring(call: Call, { publicRoom, groupRoom, replaces }: InputOf<"batch_read">, at: number): Step {
  const { peer, offer, expiresAt, version, capabilities } = call;
  if (call.direction !== "incoming" || call.phase !== "invited" || !peer || !offer) return stay(call);
  if (publicRoom) {
    const signal = { type: "ignored", ...refOf(call), peer, reason: "public_room" } as const;
    return before([{ type: "signal", signal }], end(call, "system", "public_room"));
  }
  const { offer: _handedOn, ...rest } = call;
  const rings = stay(
    { ...rest, phase: "ringing", ringingSince: at },
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
  return applyEarly(rings);
}

/** One of theirs that has not rung never will: nobody hears of it but the trace. */
function withdraw(call: Call, why: string): Step {
  return before(dropped(call, INVITE, why).effects, endSilently(call));
}

/** Whoever calls again has lost the first call: only the newest rings (P46). */
function superseded(call: Call, at: number): Step {
  const { phase, ringingSince = at } = call;
  if (call.direction === "outgoing" || phase === "answered") return stay(call);
  if (phase !== "ringing") return withdraw(call, "an invite of a caller who has called again");
  if (at - ringingSince >= MIN_RINGING_MS) return end(call, "peer", "called_again");
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
function replaced(call: Call, { elsewhere }: InputOf<"replaced">): Step {
  const ended = elsewhere ? end(call, "other_device", "answered_elsewhere") : endSilently(call);
  return call.phase === "preparing" ? ended : before([send(encode.hangup(from(call), "user_hangup"))], ended);
}

/** Our invite went unanswered: the room is informed. One that was never made, or is theirs: it just stops (P7). */
function expire(call: Call): Step {
  if (call.phase === "answered") return stay(call);
  const ended = call.calledAgain ? end(call, "peer", "called_again") : end(call, "system", "invite_timeout");
  return needsHangup(call) ? before([send(encode.hangup(from(call), "invite_timeout"))], ended) : ended;
}
