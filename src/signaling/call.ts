/**
 * A call as a pure function: its state and one input give its next state and what is to be done. No clock, no
 * promise, no stream in here; so every order of things that can happen can be tried.
 *
 * The seed's steps: A) `place` and `invite`; B) `candidate`; C) `receive`, `batch_read`, `answer`; D) the callee's
 * candidates, early or not; E) is media, and not this file's concern. What commands mean is in call-commands.ts, what
 * events mean in call-events.ts.
 */
import { carryOut } from "./call-commands.ts";
import { receiveEvent, signalCandidates } from "./call-events.ts";
import { isNegotiable } from "./call-negotiate.ts";
import {
  armed,
  before,
  type Call,
  type CommandOf,
  type Effect,
  end,
  endSilently,
  from,
  type Input,
  refOf,
  refused,
  type Sent,
  type Step,
  send,
  stay,
} from "./call-state.ts";
import { tellStreams } from "./call-streams.ts";
import { encode } from "./encode.ts";
import type { EventOf } from "./event-types.ts";

/** How long our invites ring, in ms, where the app does not say (P7). */
export const LIFETIME = 90_000;

const OUTRANKED: Effect = {
  type: "dropped",
  eventType: "m.call.invite",
  why: "a call that crosses one of ours, which has the lesser id",
};

type InputOf<T extends Input["type"]> = Extract<Input, { type: T }>;

/** A call of ours, before its invite. */
export function place(command: CommandOf<"place">, us: Call["us"]): Call {
  const { roomId, callId, invitee, lifetime = LIFETIME } = command;
  return {
    roomId,
    callId,
    direction: "outgoing",
    phase: "preparing",
    us,
    ...(invitee !== undefined && { invitee }),
    version: 1,
    capabilities: { transferee: false, dtmf: false },
    lifetime,
    expiresAt: Number.POSITIVE_INFINITY,
    early: [],
    transfers: [],
  };
}

/** A call of theirs, as its invite comes in. It rings at `batch_read`, unless something ends it first (P9). */
export function receive(invite: EventOf<"invite">, us: Call["us"], expiresAt: number): Call {
  const { roomId, callId, sender, version, lifetime, capabilities, description, streams } = invite;
  return {
    roomId,
    callId,
    direction: "incoming",
    phase: "invited",
    us,
    peer: sender,
    version,
    capabilities,
    lifetime,
    expiresAt,
    offer: { description, ...(streams && { streams }) },
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
      return before([OUTRANKED], endSilently(call));
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
  const { peer, offer, identity, expiresAt, capabilities } = call;
  if (call.direction !== "incoming" || call.phase !== "invited" || !peer || !offer) return stay(call);
  if (publicRoom) {
    const signal = { type: "ignored", ...refOf(call), peer, reason: "public_room" } as const;
    return before([{ type: "signal", signal }], end(call, "system", "public_room"));
  }
  const { offer: _handedOn, identity: _too, ...rest } = call;
  return stay(
    { ...rest, phase: "ringing", early: [] },
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
        negotiable: isNegotiable(call),
        ...(groupRoom && { groupRoom }),
        ...(replaces !== undefined && { replaces }),
        ...offer,
      },
    },
    ...(identity
      ? ([{ type: "signal", signal: { type: "identity", ...refOf(call), identity } }] as const)
      : []),
    ...signalCandidates(
      call,
      call.early.flatMap((early) => early.candidates),
    ),
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

/** Our invite went unanswered: the room is told. Theirs did: it just stops (P7). */
function expire(call: Call): Step {
  if (call.phase === "answered") return stay(call);
  const ended = end(call, "system", "invite_timeout");
  return call.direction === "outgoing"
    ? before([send(encode.hangup(from(call), "invite_timeout"))], ended)
    : ended;
}

/** From here on somebody waits for us (P34). */
function acknowledged(call: Call, what: Sent): Step {
  if (what !== "invite" && what !== "answer") return stay(call);
  return what === "answer"
    ? stay(call, { type: "milestone", name: "answer_acknowledged" }, armed(call))
    : stay(
        call,
        { type: "milestone", name: "invite_acknowledged" },
        { type: "signal", signal: { type: "invited", ...refOf(call) } },
        armed(call),
      );
}

/** Without its invite or its answer a call is nothing; without anything else it goes on. */
function failed(call: Call, { what, error }: InputOf<"failed">): Step {
  return what === "invite" || what === "answer"
    ? end(call, "system", "signalling_failed", error)
    : stay(call);
}
