import type { Platform } from "../../src/streams/clock.ts";

const NINE_O_CLOCK = 1_795_942_800_000;

/** A machine as its programs see it: whose timers and monotonic clock stand still while it sleeps. */
export function machine() {
  let awakeFor = 0;
  let wall = NINE_O_CLOCK;
  let timers: { readonly at: number; readonly work: () => void }[] = [];

  const platform: Platform = {
    wall: () => wall,
    monotonic: () => NINE_O_CLOCK + awakeFor,
    after(ms, work) {
      const timer = { at: awakeFor + ms, work };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
  };

  const pass = (ms: number) => {
    awakeFor += ms;
    wall += ms;
  };

  return {
    platform,
    /** Time passes, and timers fire. */
    awake(ms: number) {
      const end = awakeFor + ms;
      for (;;) {
        const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        timers = timers.filter((other) => other !== next);
        pass(Math.max(0, next.at - awakeFor));
        next.work();
      }
      pass(end - awakeFor);
    },
    /** Time passes, and nothing fires, as in a tab that the browser holds up. */
    throttled(ms: number) {
      pass(ms);
    },
    sleep(ms: number) {
      wall += ms;
    },
    /** Somebody sets the wall clock back. */
    setBack(ms: number) {
      wall -= ms;
    },
    get timers() {
      return timers.length;
    },
  };
}
