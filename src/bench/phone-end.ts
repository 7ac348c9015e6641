import { filter, firstValueFrom } from "rxjs";
import type { Call, CallEnd as HowEnded } from "../phone/call.ts";
import { createPhone } from "../phone/phone.ts";
import type { Clock, Identity, MediaHalf, SignalingHalf } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { type BenchCall, type CallEnd, createCallEnd } from "./call-end.ts";
import { createTimeline, messageOf } from "./timeline.ts";

/** A phone as an end of the calls that are timed. */
export interface PhoneEnd extends CallEnd {
  /** Resolves with who it is, once it is online. Rejects with the code for which it cannot be. */
  online(): Promise<Identity>;
  close(): Promise<void>;
}

export function createPhoneEnd<TStream>(
  signaling: SignalingHalf,
  media: MediaHalf<TStream>,
  { warm, clock }: { readonly warm: boolean; readonly clock: Clock },
): PhoneEnd {
  const phone = createPhone({ signaling, media, warm, clock });
  let end: HowEnded | undefined;
  const timeline = createTimeline(
    () => clock.now(),
    (missing) => {
      const how = end ? ` (by ${end.by}: ${end.reason}${end.error ? `; ${end.error.message}` : ""})` : "";
      return new TrunklineError(end?.error?.code ?? "unexpected", `A call ended${how} before: ${missing}.`);
    },
  );

  /** Both halves and the engine tell what happens in a call by its trace and its state. */
  const watch = (call: Call<TStream>): BenchCall => {
    end = undefined;
    let sent = 0;
    call.state$.pipe(filter((state) => state === "connected")).subscribe(() => timeline.mark("connected"));
    call.trace$.subscribe({
      next(entry) {
        if (entry.kind === "milestone") {
          if (entry.name === "invite_acknowledged") timeline.mark("invite acknowledged", entry.at);
        } else if (entry.direction === "sent") {
          sent += 1;
          timeline.count(`${call.callId} ${sent}`, messageOf(entry.eventType));
        }
      },
      // The engine is done with the call, the hangup included.
      complete: () => timeline.mark("hangup acknowledged"),
    });
    return {
      answer: (video) => call.answer({ audio: true, video }),
      hangup: () => call.hangup(),
      ended: call.ended.then((how) => {
        end = how;
      }),
    };
  };

  const user = createCallEnd(
    timeline,
    ({ roomId, invitee, video }) => watch(phone.place({ roomId, invitee, audio: true, video })),
    clock,
  );
  phone.incoming$.subscribe((call) => user.ring(watch(call)));

  return {
    ...user,
    async online() {
      const { identity, error } = await firstValueFrom(
        phone.status$.pipe(filter(({ state }) => state === "online" || state === "stopped")),
      );
      if (identity && !error) return identity;
      throw new TrunklineError(
        error?.code ?? "closed",
        error?.message ?? "The signalling half stopped before it was online.",
      );
    },
    close: () => phone.close(),
  };
}
