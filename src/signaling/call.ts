/**
 * A call as a pure function: its state and one input give its next state and what is to be done. No clock, no
 * promise, no stream in here; so every order of things that can happen can be tried.
 *
 * The seed's steps: A) `place` and `invite`; B) `candidate`; C) `receive`, `batch_read`, `answer`; D) the callee's
 * candidates, early or not; E) is media, and not this file's concern.
 */
import type { Command } from "../streams/contract.ts";
import { receiveEvent, signalCandidates } from "./call-events.ts";
import { before, type Call, type Effect, end, type Input, type Sent, type Step, stay } from "./call-state.ts";
import { encode, type Outgoing } from "./encode.ts";
import type { InviteEvent } from "./events.ts";

/** How long our invites ring, in ms, where the app does not say (P7). */
export const LIFETIME = 90_000;

type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;

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
    lifetime,
    expiresAt: Number.POSITIVE_INFINITY,
    early: [],
  };
}

/** A call of theirs, as its invite comes in. It rings at `batch_read`, unless something ends it first (P9). */
export function receive(invite: InviteEvent, us: Call["us"], expiresAt: number): Call {
  const { roomId, callId, sender, version, lifetime, invitee, description, streams } = invite;
  return {
    roomId,
    callId,
    direction: "incoming",
    phase: "invited",
    us,
    ...(invitee !== undefined && { invitee }),
    peer: sender,
    version,
    lifetime,
    expiresAt,
    offer: { description, ...(streams && { streams }) },
    early: [],
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
      return ring(call, input.publicRoom);
    case "expired":
      return expire(call);
    case "batched":
      return stay(call, {
        type: "send",
        what: "candidates",
        event: encode.candidates(from(call), input.candidates),
      });
    case "sent":
      return acknowledged(call, input.what);
    case "failed":
      return failed(call, input);
    case "left":
      return end(call, input.who, "left_room");
  }
}

const from = (call: Call) => ({ roomId: call.roomId, callId: call.callId, partyId: call.us.partyId });

function refused(call: Call, command: Command): Step {
  const message = `Cannot ${command.type} call ${call.callId}: it is ${call.phase} and ${call.direction}.`;
  return stay(call, { type: "refused", error: { code: "wrong_state", message } });
}

/** A call that has ended has no more news; only a command is told so. */
function afterEnd(call: Call, input: Input): Step {
  return input.type === "command" ? refused(call, input.command) : stay(call);
}

function carryOut(call: Call, command: Command, at: number): Step {
  switch (command.type) {
    case "place":
      return refused(call, command);
    case "invite":
      return call.phase === "preparing" ? invite(call, command, at) : refused(call, command);
    case "answer":
      return call.phase === "ringing" ? answer(call, command) : refused(call, command);
    case "candidate":
      return call.phase === "answered" || (call.phase === "invited" && call.direction === "outgoing")
        ? stay(call, { type: "batch", candidate: command.candidate })
        : refused(call, command);
    case "streams":
      return call.phase === "answered" || (call.phase === "invited" && call.direction === "outgoing")
        ? stay(
            call,
            ...encode
              .streamsChanged(from(call), command.streams)
              .map((event): Effect => ({ type: "send", what: "other", event })),
          )
        : refused(call, command);
    case "reject":
      return call.phase === "ringing" ? reject(call) : refused(call, command);
    case "hangup":
      return call.phase === "preparing"
        ? end(call, "us", command.reason)
        : before([lastWord(encode.hangup(from(call), command.reason))], end(call, "us", command.reason));
  }
}

const lastWord = (event: Outgoing): Effect => ({ type: "send", what: "other", event });

function invite(call: Call, offer: CommandOf<"invite">, at: number): Step {
  const expiresAt = at + call.lifetime;
  return {
    call: { ...call, phase: "invited", expiresAt },
    effects: [
      { type: "send", what: "invite", event: encode.invite(from(call), offer, call.lifetime, call.invitee) },
      { type: "expire_at", at: expiresAt },
    ],
  };
}

function answer(call: Call, command: CommandOf<"answer">): Step {
  return {
    call: { ...call, phase: "answered" },
    effects: [
      { type: "never_expire" },
      { type: "send", what: "answer", event: encode.answer(from(call), command) },
    ],
  };
}

/** Version 0 knows no reject (P16). */
function reject(call: Call): Step {
  const event = call.version === 0 ? encode.hangup(from(call), "user_hangup") : encode.reject(from(call));
  return before([lastWord(event)], end(call, "us", "rejected"));
}

/** The batch is read and the invite still stands (P9). In a public room it is shown, not rung (P12). */
function ring(call: Call, publicRoom: boolean): Step {
  const { roomId, callId, peer, offer, expiresAt } = call;
  if (call.direction !== "incoming" || call.phase !== "invited" || !peer || !offer) return stay(call);
  if (publicRoom) {
    const signal = { type: "ignored", roomId, callId, peer, reason: "public_room" } as const;
    return before([{ type: "signal", signal }], end(call, "system", "public_room"));
  }
  const { offer: _handedOn, ...rest } = call;
  const candidates = call.early.flatMap((early) => early.candidates);
  return {
    call: { ...rest, phase: "ringing", early: [] },
    effects: [
      { type: "expire_at", at: expiresAt },
      { type: "milestone", name: "ringing" },
      { type: "signal", signal: { type: "incoming", roomId, callId, peer, expiresAt, ...offer } },
      ...signalCandidates(call, candidates),
    ],
  };
}

/** Our invite went unanswered: the room is told. Theirs did: it just stops (P7). */
function expire(call: Call): Step {
  if (call.phase === "answered") return stay(call);
  const ended = end(call, "system", "invite_timeout");
  return call.direction === "outgoing"
    ? before([lastWord(encode.hangup(from(call), "invite_timeout"))], ended)
    : ended;
}

function acknowledged(call: Call, what: Sent): Step {
  if (what === "answer") return stay(call, { type: "milestone", name: "answer_acknowledged" });
  if (what !== "invite") return stay(call);
  const { roomId, callId } = call;
  return stay(
    call,
    { type: "milestone", name: "invite_acknowledged" },
    { type: "signal", signal: { type: "invited", roomId, callId } },
  );
}

/** Without its invite or its answer a call is nothing; without anything else it goes on. */
function failed(call: Call, { what, error }: Extract<Input, { type: "failed" }>): Step {
  return what === "invite" || what === "answer"
    ? end(call, "system", "signalling_failed", error)
    : stay(call);
}
