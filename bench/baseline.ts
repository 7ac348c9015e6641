import { readFileSync, writeFileSync } from "node:fs";
import type { Results } from "./results.ts";
import type { Row, Samples } from "./row.ts";

/** What `bench/baselines/*.json` hold: every sample, and what it takes to read them. */
export type Baseline = Pick<Results, "at" | "homeserver" | "n" | "machine" | "load" | "versions"> & {
  readonly rows: readonly BaselineRow[];
};

export type BaselineRow = Pick<Row, "name" | "what" | "group" | "unit" | "better" | "samples">;

/** Digits of a sample that count: what is beyond is below every clock that these were taken by. */
const DIGITS = 4;

export function toBaseline({ at, homeserver, n, machine, load, versions, rows }: Results): Baseline {
  return {
    ...{ at, homeserver, n, machine, load, versions },
    rows: rows.map(({ name, what, group, unit, better, samples }) => ({
      ...{ name, what, ...(group !== undefined && { group }), unit, better },
      samples: rounded(samples),
    })),
  };
}

const rounded = (samples: Samples): Samples =>
  Object.fromEntries(
    Object.entries(samples).map(([side, values]) => [
      side,
      values.map((value) => Number(value.toPrecision(DIGITS))),
    ]),
  );

/** A row a line, for reviews. */
export function writeBaseline(file: string, baseline: Baseline): void {
  const { rows, ...about } = baseline;
  const head = JSON.stringify(about, null, 2).replace(/\n}$/, "");
  const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(",\n");
  writeFileSync(file, `${head},\n  "rows": [\n${lines}\n  ]\n}\n`);
}

/** Throws where there is no such file, or it is no baseline. */
export function readBaseline(file: string): Baseline {
  try {
    const baseline: Baseline = JSON.parse(readFileSync(file, "utf8"));
    if (Array.isArray(baseline.rows)) return baseline;
  } catch (cause) {
    throw new Error(`${file} cannot be read as a baseline: is it there, and made by --save?`, { cause });
  }
  throw new Error(`${file} is no baseline: it has no rows. Make one with --save.`);
}
