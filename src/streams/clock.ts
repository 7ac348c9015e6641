import { asyncScheduler } from "rxjs";
import type { Clock } from "./contract.ts";

// The one thing taken from the platform here; every runtime has it, no `lib` of this project names it.
declare const performance: { readonly timeOrigin: number; now(): number };

/**
 * Real time. Monotonic (a wall clock that is set back does not disturb a call), and on a base that a page and its
 * workers share, so that milestones of both stand on one axis.
 */
export const realClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  schedule: asyncScheduler.schedule.bind(asyncScheduler),
};
