import type { Measure } from "./measure.ts";

/** The measures that `--only` names, whole or by their beginning, in their own order. Throws on one there is not. */
export function select(measures: readonly Measure[], only: readonly string[]): readonly Measure[] {
  const belongs = (name: string, wanted: string) => name === wanted || name.startsWith(`${wanted}.`);
  const unknown = only.find((wanted) => !measures.some(({ name }) => belongs(name, wanted)));
  if (unknown !== undefined) {
    const names = measures.map(({ name }) => name).join(", ");
    throw new Error(`there is no measure ${unknown}; there are ${names}`);
  }
  if (only.length === 0) return measures;
  return measures.filter(({ name }) => only.some((wanted) => belongs(name, wanted)));
}
