import { Subscription, timer } from "rxjs";
import { BACKOFF_POLICY, backoff, isTransient } from "../streams/backoff.ts";
import type { Clock, DelayedEvents } from "../streams/contract.ts";
import { toTrunklineError } from "../streams/errors.ts";
import type { Random } from "../streams/ids.ts";
import type { Outgoing } from "./encode.ts";

/** How long after our last sign of life the hangup goes out, in ms, and how often we give one. */
const DELAY = 30_000;
const SIGN_OF_LIFE = 10_000;

/** How long it waits with the first, in ms: the homeserver has the call's own events to pass on before that. */
const SETTLED = 2_000;

/** A hangup that was asked for: `id` is the name that it waits under, once that is known. */
export interface Goodbye {
  readonly id?: string;
}

/** A hangup that the homeserver sends for us unless we go on putting it off (P34). */
export interface DeadMan {
  /** Puts it off no more; unless it is cancelled it goes out. */
  stop(): void;
  /** Calls it off, as far as the homeserver can be reached. Never rejects. */
  cancel(): Promise<void>;
}

/**
 * Schedules the event, and puts it off until it is stopped. Where that cannot be done in time the event is called off:
 * no hangup is better than one in the midst of a call. Where the homeserver cannot delay events, it does nothing.
 */
export function deadMan(options: {
  readonly delayed: () => Promise<DelayedEvents | undefined>;
  readonly roomId: string;
  readonly event: Outgoing;
  /** So that it is scheduled once, whoever asks for it again (P30). */
  readonly txnId: string;
  /** What another engine has asked for. */
  readonly earlier: Goodbye | undefined;
  /** Told of the id under which it waits. */
  readonly onScheduled: (id: string) => void;
  readonly clock: Clock;
  readonly random: Random;
}): DeadMan {
  const { roomId, event, txnId, earlier, clock, random } = options;
  let events: DelayedEvents | undefined;
  /** The event that waits at the homeserver, and when it goes out. */
  let id = earlier?.id;
  let goesOutAt = Number.POSITIVE_INFINITY;
  let failures = 0;
  let stopped = false;
  let next = Subscription.EMPTY;
  let underWay = Promise.resolve();

  const wait = (ms: number) => {
    if (!stopped) next = timer(ms, clock).subscribe(giveSign);
  };
  const giveSign = () => {
    underWay = putOff();
  };

  const callOff = async (): Promise<void> => {
    const waiting = id;
    id = undefined;
    if (waiting === undefined) return;
    await events?.cancel(waiting).catch(() => {}); // then it goes out: too late to matter, or not to be helped
  };

  const putOff = async (): Promise<void> => {
    const at = clock.now();
    try {
      events ??= await options.delayed();
      // One that may wait already has to be found, be it to call it off.
      if (!events || (stopped && !earlier)) return;
      if (id === undefined) {
        id = await events.schedule(roomId, event.type, event.content, txnId, DELAY);
        options.onScheduled(id);
      } else await events.restart(id);
      goesOutAt = at + DELAY;
      failures = 0;
      wait(SIGN_OF_LIFE);
    } catch (thrown) {
      const error = toTrunklineError(thrown);
      const pause = Math.max(
        error.retryAfter ?? 0,
        Math.min(SIGN_OF_LIFE, backoff(BACKOFF_POLICY, random, failures, error)),
      );
      failures += 1;
      if (isTransient(error) && clock.now() + pause < goesOutAt) wait(pause);
      else if (!stopped) await callOff();
    }
  };

  if (earlier) giveSign();
  else wait(SETTLED);
  return {
    stop() {
      stopped = true;
      next.unsubscribe();
    },
    async cancel() {
      this.stop();
      await underWay;
      await callOff();
    },
  };
}
