/** What the main thread asks of a call. */
import type { Command } from "../streams/contract.ts";
import { negotiate } from "./call-negotiate.ts";
import {
  type Call,
  type CallIn,
  type CommandOf,
  end,
  from,
  type LiveCall,
  type PreparingCall,
  prependEffects,
  type RingingCall,
  refused,
  type Step,
  send,
  stay,
} from "./call-state.ts";
import { announced, changeStreams } from "./call-streams.ts";
import { FITS, isIn } from "./call-table.ts";
import { refuseTransfer, transfer } from "./call-transfer.ts";
import { encode } from "./encode.ts";

/** What a command means to a call. `at` is when it was given. A path is a report, which nobody waits for. */
export function handleCommand(call: Call, command: Command, at: number): Step {
  const { type } = command;
  if (isIn(FITS, type, call.state))
    return (HANDLERS[type] as (call: Call, command: Command, at: number) => Step)(call, command, at);
  return type === "path" ? stay(call) : refused(call, command);
}

type Fits = typeof FITS;
/** What a command does in the states that it fits. */
const HANDLERS: {
  readonly [K in keyof Fits]: (call: CallIn<Fits[K][number]>, command: CommandOf<K>, at: number) => Step;
} = {
  place: (call) => stay(call),
  invite,
  answer,
  reject,
  // Which of our tabs a call belongs to is for whoever joins them to an engine: the call is the same.
  claim: (call) => stay(call),
  release: (call) => stay(call),
  candidate: (call, { candidate }) => stay(call, { type: "batch", candidate }),
  streams: changeStreams,
  negotiate,
  transfer,
  refuse_transfer: refuseTransfer,
  path: followPath,
  hangup: (call, { reason }) =>
    prependEffects(
      call.state === "preparing" ? [] : [send(encode.hangup(from(call), reason))],
      end(call, "us", reason),
    ),
};

function invite(call: PreparingCall, offer: CommandOf<"invite">, at: number): Step {
  const expiresAt = at + call.lifetime;
  return stay(
    { ...call, ...announced(offer), state: "inviting", expiresAt, early: [] },
    { type: "send", what: "invite", event: encode.invite(from(call), offer, call.lifetime, call.invitee) },
    { type: "expire_at", at: expiresAt },
  );
}

function answer(call: RingingCall, command: CommandOf<"answer">): Step {
  const { roomId, callId, us, lifetime, expiresAt, peer, version, capabilities } = call;
  const { unproven, pathAlive, ignoredHangup, answerDelivered } = call;
  return stay(
    // Named one by one, as in `answered()` of call-events.ts.
    {
      roomId,
      callId,
      state: "answered_in",
      us,
      lifetime,
      expiresAt,
      peer,
      version,
      capabilities,
      transfers: [],
      ...(unproven && { unproven }),
      ...announced(command),
      ...(pathAlive !== undefined && { pathAlive }),
      ...(ignoredHangup && { ignoredHangup }),
      ...(answerDelivered && { answerDelivered }),
    },
    { type: "never_expire" },
    { type: "send", what: "answer", event: encode.answer(from(call), command) },
  );
}

/** Version 0 knows no reject (P16). */
function reject(call: RingingCall): Step {
  const event = call.version === 0 ? encode.hangup(from(call), "user_hangup") : encode.reject(from(call));
  return prependEffects([send(event)], end(call, "us", "rejected"));
}

/** A delayed hangup that was ignored counts as soon as the path is lost (P34). */
function followPath(call: LiveCall, { alive }: CommandOf<"path">): Step {
  const { ignoredHangup } = call;
  return ignoredHangup && !alive
    ? end(call, ignoredHangup.by, ignoredHangup.reason)
    : stay({ ...call, pathAlive: alive });
}
