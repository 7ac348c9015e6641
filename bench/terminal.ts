import { type Group, groups } from "./groups.ts";
import { type Row, ratio, SIDES } from "./row.ts";

/** Three digits that count, or a whole number where there are more. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en");
  return value.toFixed(size >= 10 ? 1 : 2);
}

/** What the sides are, in their order, and what they are to each other. */
export const COLUMNS: readonly string[] = [...SIDES, "ours/rival", "warm/rival", "ours/floor", "warm/floor"];

const HEAD = ["", ...COLUMNS, "n"];

const LEGEND = `Medians. ours: Trunkline; warm: the same with a connection kept ready; rival: matrix-js-sdk;
floor: the least that anybody could need here.
Less is better, but where ↑ stands. ours/rival of 0.25: a quarter of the rival's.`;

/** Rows as aligned text, a block a group, with what the columns mean. */
export function table(rows: readonly Row[]): string {
  const blocks = groups(rows).map((group) => ({ title: titleOf(group), lines: group.rows.map(cells) }));
  const lines = [HEAD, ...blocks.flatMap((block) => block.lines)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const format = (line: readonly string[]) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ");
  const text = blocks.flatMap(({ title, lines: own }) => ["", title, ...own.map(format)]);
  return [format(HEAD), ...text, "", LEGEND].join("\n");
}

function titleOf({ title, unit, rows }: Group): string {
  return `${title}, ${unit}${rows.every(({ better }) => better === "more") ? " ↑" : ""}`;
}

const cells = (row: Row): string[] => [`  ${row.what}`, ...figuresOf(row), String(row.n)];

/** What stands in the columns. */
export function figuresOf(row: Row): string[] {
  const medians = SIDES.map((side) => (row[side] === undefined ? "" : digits(row[side])));
  const ratios = (["rival", "floor"] as const).flatMap((to) =>
    (["ours", "warm"] as const).map((of) => ratio(row, of, to)?.toFixed(2) ?? ""),
  );
  return [...medians, ...ratios];
}
