/** What the main thread asks of a call. */
import type { Command } from "../streams/contract.ts";
import { negotiate } from "./call-negotiate.ts";
import {
  before,
  type Call,
  type CommandOf,
  end,
  from,
  refused,
  type Step,
  send,
  stay,
} from "./call-state.ts";
import { changeStreams, told } from "./call-streams.ts";
import { refuseTransfer, transfer } from "./call-transfer.ts";
import { encode } from "./encode.ts";

/** What a command means to a call that has not ended. `at` is when it was given. */
export function carryOut(call: Call, command: Command, at: number): Step {
  switch (command.type) {
    case "place":
      return refused(call, command);
    case "invite":
      return call.phase === "preparing" ? invite(call, command, at) : refused(call, command);
    case "answer":
      return call.phase === "ringing" ? answer(call, command) : refused(call, command);
    // Which of our tabs a call belongs to is for whoever joins them to an engine: the call is the same.
    case "claim":
    case "release":
      return stay(call);
    case "candidate":
      return call.phase === "answered" || (call.phase === "invited" && call.direction === "outgoing")
        ? stay(call, { type: "batch", candidate: command.candidate })
        : refused(call, command);
    case "streams":
      return changeStreams(call, command);
    case "negotiate":
      return negotiate(call, command);
    case "path":
      return followPath(call, command.alive);
    case "transfer":
      return transfer(call, command);
    case "refuse_transfer":
      return refuseTransfer(call, command);
    case "reject":
      return call.phase === "ringing" ? reject(call) : refused(call, command);
    case "hangup":
      return call.phase === "preparing"
        ? end(call, "us", command.reason)
        : before([send(encode.hangup(from(call), command.reason))], end(call, "us", command.reason));
    default:
      // Of a newer page than this engine.
      return refused(call, command);
  }
}

function invite(call: Call, offer: CommandOf<"invite">, at: number): Step {
  const expiresAt = at + call.lifetime;
  return stay(
    { ...told(call, offer), phase: "invited", expiresAt },
    { type: "send", what: "invite", event: encode.invite(from(call), offer, call.lifetime, call.invitee) },
    { type: "expire_at", at: expiresAt },
  );
}

function answer(call: Call, command: CommandOf<"answer">): Step {
  return stay(
    { ...told(call, command), phase: "answered" },
    { type: "never_expire" },
    { type: "send", what: "answer", event: encode.answer(from(call), command) },
  );
}

/** Version 0 knows no reject (P16). */
function reject(call: Call): Step {
  const event = call.version === 0 ? encode.hangup(from(call), "user_hangup") : encode.reject(from(call));
  return before([send(event)], end(call, "us", "rejected"));
}

/** A delayed hangup that was ignored counts as soon as the path is lost (P34). */
function followPath(call: Call, alive: boolean): Step {
  const { ignoredHangup } = call;
  return ignoredHangup && !alive
    ? end(call, ignoredHangup.by, ignoredHangup.reason)
    : stay({ ...call, pathAlive: alive });
}
