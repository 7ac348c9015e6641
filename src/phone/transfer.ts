/** Loaded when one side asks for a transfer: most calls do without. */
import { filter, type Observable, of, take } from "rxjs";
import type { CallRef, Transfer } from "../streams/contract.ts";
import type { TrunklineError } from "../streams/errors.ts";
import type { TransferRequest, TransferTo } from "./call.ts";
import type { RefuseTransfer } from "./call-parts.ts";
import type { LiveCall } from "./live-call.ts";
import type { PlaceOptions } from "./options.ts";

/** What our call ids are made of (P3). */
const OURS = /^[0-9A-Za-z._~-]{1,255}$/;

/** What a transfer needs of the phone. */
export interface TransferContext<TStream> {
  readonly place: (options: PlaceOptions, callId?: string) => LiveCall<TStream>;
  /** The calls that ring, and each that begins to. */
  readonly incoming$: Observable<LiveCall<TStream>>;
  /** Whether there is such a call, of ours or theirs. */
  readonly has: (call: CallRef) => boolean;
  readonly refuse: RefuseTransfer;
  readonly TrunklineError: typeof TrunklineError;
}

/** What the peer is asked. One of the two is always named: the call that it is to make has an id from us. */
export function requestFor(to: TransferTo, newId: () => string): Transfer {
  const named = to.createCall === undefined && to.awaitCall === undefined ? { createCall: newId() } : {};
  return { ...to, ...named, replacementId: newId() };
}

/** What the app is asked, which decides once. */
export function requestOf<TStream>(
  present: LiveCall<TStream>,
  transfer: Transfer,
  context: TransferContext<TStream>,
): TransferRequest {
  let decided = false;
  return {
    ...transfer,
    accept(options = {}) {
      const roomId = transfer.targetRoom ?? options.roomId;
      if (!roomId) {
        const message = "The transfer names no room: accept({ roomId }) must.";
        throw new context.TrunklineError("invalid_option", message);
      }
      if (decided || !present.isEngaged) return;
      decided = true;
      try {
        carryOut(present, transfer, roomId, context);
      } catch {
        context.refuse("failed_call");
      }
    },
    refuse() {
      if (!decided) context.refuse("declined");
      decided = true;
    },
  };
}

/**
 * Carries out a transfer that the app has allowed (P32): calls the user in question, or takes the call they are about
 * to make, with what the present call sends. The present call waits on hold, ends when the new one is connected, and
 * goes on when there is none to be had. Throws as `Phone.place()` does.
 */
function carryOut<TStream>(
  present: LiveCall<TStream>,
  { targetUser, createCall, awaitCall }: Transfer,
  roomId: string,
  { place, incoming$, has }: TransferContext<TStream>,
): void {
  const { userId } = targetUser;
  const { audio = false, video = false } = present.capture;
  // A call has to be offered with something: one that only listens is placed with a microphone that is muted.
  const listens = !audio && !video;
  const muted = { ...present.muted$.value, ...(listens && { audio: true }) };
  /** The peer's word for the call to be is taken where it could be ours (P3), and is no other call's. */
  const callId =
    createCall && OURS.test(createCall) && !has({ roomId, callId: createCall }) ? createCall : undefined;
  const announced$ = incoming$.pipe(
    filter((call) => call.roomId === roomId && call.callId === awaitCall && call.peer?.userId === userId),
    take(1),
  );
  const next$ =
    awaitCall === undefined
      ? of(place({ roomId, invitee: userId, audio: audio || listens, video }, callId))
      : announced$;
  const goOn = () => present.resumeIfFree();
  const waiting = next$.subscribe((next) => {
    next.mute(muted);
    next.answer({ audio, video }).catch(goOn);
    next.state$
      .pipe(
        filter((state) => state === "connected"),
        take(1),
      )
      .subscribe(() => present.hangup());
    next.ended.then(goOn);
  });
  present.ended.then(() => waiting.unsubscribe());
}
