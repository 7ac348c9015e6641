/** The value below which `share` (0 to 1) of the samples lie, by nearest rank. NaN where there are none. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export interface Row {
  readonly name: string;
  /** `ms`, or what is counted. */
  readonly unit: string;
  readonly p50: number;
  readonly p95: number;
  readonly n: number;
}

export function row(name: string, unit: string, samples: readonly number[]): Row {
  return { name, unit, p50: percentile(samples, 0.5), p95: percentile(samples, 0.95), n: samples.length };
}

/** Rows as aligned text, numbers to the right. */
export function table(rows: readonly Row[]): string {
  const digits = ({ unit }: Row, value: number) => value.toFixed(unit === "ms" ? 1 : 0);
  const cells = [
    ["", "p50", "p95", "", "n"],
    ...rows.map((each) => [
      each.name,
      digits(each, each.p50),
      digits(each, each.p95),
      each.unit,
      String(each.n),
    ]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const left = new Set([0, 3]);
  return cells
    .map((line) =>
      line
        .map((cell, column) =>
          left.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
