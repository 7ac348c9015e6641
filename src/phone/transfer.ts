import { filter, type Observable, of, take } from "rxjs";
import type { Transfer } from "../streams/contract.ts";
import type { LiveCall } from "./live-call.ts";
import type { PlaceOptions } from "./options.ts";

interface Desk<TStream> {
  readonly place: (options: PlaceOptions, callId?: string) => LiveCall<TStream>;
  readonly incoming$: Observable<LiveCall<TStream>>;
}

/**
 * Carries out a transfer that the app has allowed (P32): calls the user in question, or takes the call they are about
 * to make, with what the present call sends. The present call waits on hold, ends when the new one is connected, and
 * goes on when there is none to be had.
 */
export function transferCall<TStream>(
  present: LiveCall<TStream>,
  { targetUser, createCall, awaitCall }: Transfer,
  roomId: string,
  { place, incoming$ }: Desk<TStream>,
): void {
  const { capture } = present;
  const { userId } = targetUser;
  const announced$ = incoming$.pipe(
    filter((call) => call.roomId === roomId && call.callId === awaitCall && call.peer?.userId === userId),
    take(1),
  );
  const next$ =
    awaitCall === undefined
      ? of(place({ roomId, invitee: userId, ...capture }, ours(createCall)))
      : announced$;
  const waiting = next$.subscribe((next) => {
    next.answer(capture);
    next.state$
      .pipe(
        filter((state) => state === "connected"),
        take(1),
      )
      .subscribe(() => present.hangup());
    next.ended.then(() => present.resume());
  });
  present.ended.then(() => waiting.unsubscribe());
}

/** The peer's word for the call to be is taken where it could be ours (P3). */
const ours = (callId: string | undefined): string | undefined =>
  callId !== undefined && /^[0-9A-Za-z._~-]{1,255}$/.test(callId) ? callId : undefined;
