import { act, LONGEST_FAULT_MS } from "./actions.ts";
import { atEveryMoment, whenQuiet } from "./invariants.ts";
import { type SimulationOptions, World } from "./world.ts";

/** Between two things that happen, in ms. */
const MOST_BETWEEN_MS = 4_000;
/** Long enough for a delayed hangup, a negotiation and every retry to have come to their end. */
const QUIET_MS = 75_000;
/** Long enough for an invite to have expired as well. */
const LIFETIME_MS = 95_000;

export interface Report {
  readonly seed: number;
  readonly calls: number;
  /** What did not hold, each once. */
  readonly violations: readonly string[];
  /** What was done, and when, in ms. */
  readonly script: readonly string[];
}

/** One run: users and faults at random, then peace, then the end of it all. */
export async function simulate({ seed, actions = 40 }: SimulationOptions): Promise<Report> {
  const world = new World(seed);
  const { clock, devices, chance } = world;
  const violations = new Set<string>();
  const check = (found: readonly string[]) => {
    for (const each of found) violations.add(each);
  };
  await clock.advance(1_000);
  for (let count = 0; count < actions; count++) {
    act(world);
    check(atEveryMoment(world));
    await clock.advance(chance.within(0, MOST_BETWEEN_MS));
    check(atEveryMoment(world));
  }
  await clock.advance(LONGEST_FAULT_MS); // until the last fault is over
  world.note("peace");
  for (const device of devices) {
    device.setOnline(true);
    Object.assign(device.conditions, { refused: 0, lost: 0 });
  }
  await clock.advance(QUIET_MS);
  check(atEveryMoment(world));
  check(whenQuiet(world));
  await clock.advance(LIFETIME_MS);
  check(whenQuiet(world));
  const closing = Promise.all(devices.map((device) => device.close()));
  await clock.advance(10_000);
  const closed = await Promise.race([closing.then(() => true), clock.advance(0).then(() => false)]);
  if (!closed) violations.add("a phone did not close");
  await clock.advance(60_000);
  if (clock.pending > 0) violations.add(`${clock.pending} timers remain`);
  for (const { device, states, end, pageGone } of devices.flatMap(({ observed }) => observed))
    if (!end && !pageGone) violations.add(`${device}: ${states.at(-1)?.callId} never ended`);
  const calls = new Set(
    devices.flatMap(({ observed }) => observed.map(({ states }) => states.at(-1)?.callId)),
  );
  return { seed, calls: calls.size, violations: [...violations], script: world.script };
}
