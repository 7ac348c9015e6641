/** Deno and Bun: the same rooms in memory, with an engine on this thread and with one in a worker each. */
import { measure } from "../../../src/bench/index.ts";
import { spawnSignaling } from "../../../src/worker/spawn.ts";

const options = { n: 2, acceptAfter: 10, lasts: 100 };
const local = await measure({}, options);
const spawned = await measure({ signaling: (_, transport) => spawnSignaling({ transport }) }, options);

const figures = ["hop", "ring", "pickUp", "events", "roundTrip"] as const;
for (const found of [local, spawned]) {
  const samples = figures.map((figure) => found[figure]?.samples ?? []);
  const isWhole = samples.every((each) => each.length >= 2 && each.every((value) => value >= 0));
  if (!isWhole) throw new Error(`Samples are missing: ${JSON.stringify(found)}`);
}
// A worker's answer takes a turn of its thread; one on this thread takes none.
if (spawned.roundTrip.p50 <= local.roundTrip.p50)
  throw new Error(`There is no worker between: ${JSON.stringify({ local, spawned })}`);
console.log(`samples of ${figures.join(", ")}`);
