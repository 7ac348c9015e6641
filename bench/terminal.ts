import { type Row, ratio, type Side } from "./row.ts";

/** Numbers with three digits that count, or whole where they are large. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en");
  return value.toFixed(size >= 10 ? 1 : 2);
}

const HEAD = ["", "what", "ours", "rival", "floor", "", "ours/rival", "ours/floor", "n"];
const TO_THE_LEFT = new Set([0, 1, 5]);

/** Rows as aligned text, with what the columns mean. */
export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const pad = (cell: string, column: number) =>
    TO_THE_LEFT.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return [
    ...lines.map((line) => line.map(pad).join("  ").trimEnd()),
    "",
    "Medians. ours: Trunkline; rival: matrix-js-sdk; floor: the least that anybody could need here.",
    "Less is better unless marked ↑. A ratio of 0.25 to the rival means a quarter of its time.",
  ].join("\n");
}

function cells(row: Row): string[] {
  const of = (side: Side) => (row[side] === undefined ? "–" : digits(row[side]));
  const to = (side: "rival" | "floor") => ratio(row, side)?.toFixed(2) ?? "";
  const unit = row.better === "more" ? `${row.unit} ↑` : row.unit;
  return [
    row.name,
    row.what,
    of("ours"),
    of("rival"),
    of("floor"),
    unit,
    to("rival"),
    to("floor"),
    String(row.n),
  ];
}
