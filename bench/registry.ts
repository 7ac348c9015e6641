import type { Measure } from "./measure.ts";

/** Everything that `npm run bench` measures, in the order of its table. */
export const measures: readonly Measure[] = [];
