import { firstValueFrom, from, type Observable, Subscription, throwError, timeout, timer } from "rxjs";
import { BACKOFF_POLICY, backoff, isTransient } from "../streams/backoff.ts";
import type { Clock, DelayedEvents } from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import type { Random } from "../streams/ids.ts";
import type { Outgoing } from "./encode.ts";

/** How often the hangup is put off, in ms; how long that may take; and the longest pause after it failed. */
const HEARTBEAT_MS = 10_000;
const MAX_REQUEST_MS = 5_000;
const MAX_PAUSE_MS = 4_000;

/**
 * How long after the last heartbeat the hangup goes out, in ms. Enough that a homeserver that is away for 30 s from just
 * before a heartbeat on ends nothing, whenever it is tried; and a crashed tab is hung up within a minute.
 */
const DELAY_MS = 50_000;

/** How long it waits with the first, in ms: the homeserver has the call's own events to pass on before that. */
const SETTLED_MS = 2_000;

/** What an engine needs to go on with a delayed hangup that was asked for. */
export interface DelayedHangupRef {
  /** Its id at the homeserver, once that is known. */
  readonly id?: string;
  /** How many it has taken the place of, which were sent, or are gone: each has a transaction id of its own. */
  readonly renewals?: number;
}

/** A hangup that the homeserver sends for us unless we go on putting it off (P34). */
export interface DelayedHangup {
  /** Puts it off no more; unless it is cancelled it goes out. Ends every timer. */
  stop(): void;
  /** Stops, and calls it off as far as the homeserver can be reached. Never rejects. */
  cancel(): Promise<void>;
}

/**
 * Schedules a hangup, and puts it off until it is stopped. One that was sent all the same, or is gone, is followed by
 * another; a homeserver that cannot be reached is tried again, at once when the connection is back. Where the homeserver
 * refuses to put it off it is called off: no hangup is better than one in the midst of a call. Where it cannot delay
 * events, nothing is done.
 */
export function armHangup(options: {
  readonly delayed: () => Promise<DelayedEvents | undefined>;
  readonly roomId: string;
  readonly event: Outgoing;
  /** What its transaction ids begin with, so that each is scheduled once, whoever asks for it again (P30). */
  readonly txnId: string;
  /** What another engine has asked for. */
  readonly earlier: DelayedHangupRef | undefined;
  /** Called with what another engine would need, each time that one is scheduled. */
  readonly onScheduled: (ref: DelayedHangupRef) => void;
  /** Emits when the homeserver can be reached again. */
  readonly reconnected$: Observable<unknown>;
  readonly clock: Clock;
  readonly random: Random;
}): DelayedHangup {
  const { roomId, event, txnId, earlier, reconnected$, clock, random } = options;
  let events: DelayedEvents | undefined;
  /** The one that waits at the homeserver, and when it goes out. */
  let { id, renewals = 0 } = earlier ?? {};
  let dueAt = Number.POSITIVE_INFINITY;
  /** Whether the homeserver has ever put one off, or another engine has seen to that. */
  let proven = earlier !== undefined;
  /** Attempts in a row that may have done more than we know. */
  let failures = earlier ? 1 : 0;
  /** When the homeserver lets us try again, where it limits us. */
  let notBefore = 0;
  let stopped = false;
  let next = Subscription.EMPTY;
  let underWay = Promise.resolve();

  const wait = (ms: number) => {
    next.unsubscribe();
    if (!stopped) next = timer(ms, clock).subscribe(begin);
  };
  const begin = () => {
    underWay = underWay.then(heartbeat);
  };

  const callOff = async (): Promise<void> => {
    const waiting = id;
    if (waiting === undefined) return;
    id = undefined;
    renewals += 1;
    await events?.cancel(waiting).catch(() => {}); // then it goes out: too late to matter, or not to be helped
  };

  const heartbeat = async (): Promise<void> => {
    const at = clock.now();
    let pause = HEARTBEAT_MS;
    try {
      events ??= await options.delayed();
      // One that may wait already has to be found, be it to call it off.
      if (!events || (stopped && (!earlier || id !== undefined))) return;
      if (id !== undefined && !(await inTime(events.restart(id), clock))) {
        id = undefined;
        // Gone before its time and never put off: others would fare no better, and may yet be sent, all of them.
        if (!proven && at < dueAt) return;
        renewals += 1;
      } else proven ||= id !== undefined;
      if (id === undefined) {
        const name = `${txnId}.${renewals}`;
        id = await events.schedule(roomId, event.type, event.content, name, DELAY_MS);
        options.onScheduled({ id, renewals });
        // An earlier attempt may have scheduled it long before we learned of it.
        if (failures > 0) pause = 0;
      }
      dueAt = at + DELAY_MS;
      failures = 0;
    } catch (thrown) {
      const error = toTrunklineError(thrown);
      if (!isTransient(error)) return callOff();
      pause = backoff(BACKOFF_POLICY, random, failures, error);
      failures += 1;
      if (error.retryAfter) {
        notBefore = clock.now() + pause;
        if (notBefore >= dueAt) await callOff();
      } else pause = Math.min(pause, MAX_PAUSE_MS);
    }
    wait(pause);
  };

  const back = reconnected$.subscribe(() => {
    if (failures > 0) wait(Math.max(0, notBefore - clock.now()));
  });
  if (earlier) begin();
  else wait(SETTLED_MS);
  return {
    stop() {
      stopped = true;
      next.unsubscribe();
      back.unsubscribe();
    },
    async cancel() {
      this.stop();
      await underWay;
      await callOff();
    },
  };
}

/** A request that is not answered in time is as good as lost: the next may yet be in time. */
const inTime = <T>(request: Promise<T>, clock: Clock): Promise<T> =>
  firstValueFrom(
    from(request).pipe(
      timeout({
        first: MAX_REQUEST_MS,
        scheduler: clock,
        with: () =>
          throwError(
            () => new TrunklineError("homeserver_unreachable", "The delayed hangup was not put off"),
          ),
      }),
    ),
  );
