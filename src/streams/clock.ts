import { type SchedulerAction, Subscription } from "rxjs";
import type { Clock } from "./contract.ts";

// What is taken from the platform; every runtime has it, no `lib` of this project names it.
declare const performance: { readonly timeOrigin: number; now(): number };
declare const setTimeout: (work: () => void, ms: number) => unknown;
declare const clearTimeout: (id: unknown) => void;

/** Where the wall clock has gained more than this on the monotonic one, in ms, the machine has slept. */
const SLEEP_MS = 1_500;
/** That is looked at ten times in the shortest wait under way; no more often than this, in ms, and no less. */
const MIN_WATCH_MS = 1_000;
const MAX_WATCH_MS = 60_000;

export interface Platform {
  /** ms since 1970, as the machine's clock is set. */
  wall(): number;
  /** ms that only ever grow, and may stand still while the machine sleeps; begins near `wall()`. */
  monotonic(): number;
  /** Does the work after so many ms, which may stand still during sleep; the function it returns cancels it. */
  after(ms: number, work: () => void): () => void;
}

interface Waiting {
  readonly delay: number;
  readonly due: number;
  /** Has the platform wait for what is left. */
  arm(now: number): void;
}

/**
 * A clock that counts sleep, where the platform's own does not: `now()` is monotonic time and the time slept, and
 * what came due during sleep is done soon after waking, in order: at once when anybody looks at the clock, else within a
 * minute, or a tenth of the shortest wait. So whatever has a lifetime expires on time, and needs no care of its own.
 *
 * A wall clock that jumps ahead cannot be told from sleep, and counts as such; one that is set back changes nothing.
 */
export function createClock({ wall, monotonic, after }: Platform): Clock {
  const waiting = new Set<Waiting>();
  let unwatch: (() => void) | undefined;
  /** How long after a look the next comes, in ms. */
  let pause = 0;
  /** How far the wall clock was ahead when last looked at. */
  let ahead = 0;
  let slept = 0;

  const now = (): number => {
    const awake = monotonic();
    const jump = wall() - awake - ahead;
    ahead += jump;
    if (jump > SLEEP_MS) {
      slept += jump;
      const inOrder = [...waiting].sort((a, b) => a.due - b.due);
      for (const each of inOrder) each.arm(awake + slept);
    }
    return awake + slept;
  };

  const watch = (shortest: number) => {
    const every = Math.min(MAX_WATCH_MS, Math.max(MIN_WATCH_MS, shortest / 10));
    if (unwatch && every >= pause) return;
    unwatch?.();
    pause = every;
    unwatch = after(every, () => {
      unwatch = undefined;
      now();
      watch(Math.min(...[...waiting].map(({ delay }) => delay)));
    });
  };

  const forget = (one: Waiting) => {
    if (!waiting.delete(one) || waiting.size > 0) return;
    unwatch?.();
    unwatch = undefined;
  };

  return {
    now,
    schedule<T>(
      work: (this: SchedulerAction<T>, state?: T) => void,
      delay?: number,
      state?: T,
    ): Subscription {
      let cancel = () => {};
      const action = new Subscription(() => cancel()) as SchedulerAction<T>;
      action.schedule = (state, delay = 0) => {
        cancel();
        if (action.closed) return action;
        let disarm = () => {};
        const one: Waiting = {
          delay,
          due: now() + delay,
          arm(at) {
            disarm();
            disarm = after(Math.max(0, one.due - at), () => {
              forget(one);
              work.call(action, state);
            });
          },
        };
        cancel = () => {
          disarm();
          forget(one);
        };
        one.arm(one.due - delay);
        if (delay > MIN_WATCH_MS) {
          waiting.add(one);
          watch(delay);
        }
        return action;
      };
      return action.schedule(state, delay);
    },
  };
}

/** The platform that this runs on. */
export const platform: Platform = {
  wall: () => Date.now(),
  monotonic: () => performance.timeOrigin + performance.now(),
  after(ms, work) {
    const id = setTimeout(work, ms);
    return () => clearTimeout(id);
  },
};

/** Real time, on a base that begins by the wall clock and is this context's own: those of others may differ. */
export const realClock: Clock = createClock(platform);
