import { delayedTests } from "./transport/delayed.ts";
import { failureTests } from "./transport/failure.ts";
import type { TransportTest } from "./transport/scene.ts";
import { sendTests } from "./transport/send.ts";
import { syncTests } from "./transport/sync.ts";
import type { TransportWorld } from "./transport/world.ts";

export type { TransportTest } from "./transport/scene.ts";
export type { Capability, Fault, RequestKind, TestUser, TransportWorld } from "./transport/world.ts";

/**
 * What every transport must do, under any test runner:
 * `for (const test of showable(world)) it(test.name, () => test.run(world));`
 */
export const transportSuite: readonly TransportTest[] = [
  ...syncTests,
  ...sendTests,
  ...delayedTests,
  ...failureTests,
];

/** The tests that a world has all it needs for. */
export function showable({ capabilities }: TransportWorld): readonly TransportTest[] {
  return transportSuite.filter(({ needs }) => needs.every((needed) => capabilities.includes(needed)));
}

/** The names of the others: to be asserted, so that no test drops out unseen. */
export function unshowable(world: TransportWorld): readonly string[] {
  const shown = showable(world);
  return transportSuite.filter((test) => !shown.includes(test)).map(({ name }) => name);
}
