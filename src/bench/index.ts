export { type Measurement, measure } from "./measure.ts";
export type { BenchParts, BenchProgress, BenchUser, MeasureOptions } from "./options.ts";
export { type Interval, interval, percentile, type Summary, summarize } from "./statistics.ts";
