import { realClock } from "../streams/clock.ts";
import { TrunklineError } from "../streams/errors.ts";
import { constraintsOf, KINDS, kindsOf, only, openDevices, stopAll } from "./capture.ts";
import { Lifetime } from "./lifetime.ts";
import { Queue } from "./queue.ts";

/** For what is loaded on demand: were it to import these, bundlers would split what is loaded at once. */
export const TOOLS = {
  constraintsOf,
  KINDS,
  kindsOf,
  Lifetime,
  only,
  openDevices,
  Queue,
  realClock,
  stopAll,
  TrunklineError,
};
export type Tools = typeof TOOLS;
