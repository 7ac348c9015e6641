import { VirtualTimeScheduler } from "rxjs";
import type { Clock } from "../streams/contract.ts";

export interface VirtualClock extends Clock {
  /**
   * Lets `ms` pass, stopping at everything that was scheduled, in order. After each stop promises get their turn, so
   * that what they schedule in turn still happens in time.
   */
  advance(ms: number): Promise<void>;
  /** The machine sleeps for `ms`: `now()` counts them, and what came due meanwhile fires at the next `advance()`. */
  sleep(ms: number): void;
  /** How many timers wait to fire: none, when everything has ended. */
  readonly pending: number;
}

/** A clock that stands still until told to go on. Starts at 0. */
export function virtualClock(): VirtualClock {
  const scheduler = new VirtualTimeScheduler();
  scheduler.maxFrames = 0;
  let slept = 0;
  const next = () => scheduler.actions[0]?.delay ?? Number.POSITIVE_INFINITY;

  return {
    now: () => scheduler.now() + slept,
    schedule: scheduler.schedule.bind(scheduler),
    async advance(ms) {
      const until = scheduler.frame + ms;
      await turn();
      while (next() <= until) {
        scheduler.maxFrames = next();
        scheduler.flush();
        await turn();
      }
      scheduler.frame = until;
    },
    sleep(ms) {
      slept += ms;
      for (const action of scheduler.actions) action.delay = Math.max(scheduler.frame, action.delay - ms);
    },
    get pending() {
      return scheduler.actions.length;
    },
  };
}

// Node has it, and it does not wait for the next millisecond.
declare const setImmediate: ((done: () => void) => unknown) | undefined;

/** One turn of the event loop: every promise that can settle has settled. */
const turn = (): Promise<void> =>
  new Promise((resolve) =>
    typeof setImmediate === "function" ? setImmediate(resolve) : setTimeout(resolve),
  );
