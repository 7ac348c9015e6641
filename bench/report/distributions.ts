import * as Plot from "@observablehq/plot";
import type { Group } from "../groups.ts";
import { SIDES, type Side } from "../row.ts";
import { digits } from "../terminal.ts";
import { draw } from "./drawing.ts";

interface Lane {
  readonly row: string;
  readonly side: Side;
}

const LANE = 17;
const GAP = 14;

/** Every sample of a group's rows as a dot, one lane a side, the median as a bar with its value; all on one scale. */
export function distributions({ rows, unit }: Group): string {
  const sides = SIDES.filter((side) => rows.some((row) => row.samples[side]));
  const samples = rows.flatMap((row) =>
    sides.flatMap((side) => (row.samples[side] ?? []).map((value) => ({ row: row.what, side, value }))),
  );
  const medians = rows.flatMap((row) =>
    sides.flatMap((side) => {
      const value = row[side];
      return value === undefined ? [] : [{ row: row.what, side, value, p95: row.p95[side] ?? value }];
    }),
  );
  const lane = { y: (each: Lane) => each.side, fy: (each: Lane) => each.row };
  const colour = (each: Lane) => `var(--${each.side})`;
  return draw({
    width: 860,
    height: 56 + rows.length * (sides.length * LANE + GAP),
    marginLeft: 330,
    marginRight: 110,
    marginTop: 26,
    marginBottom: 30,
    x: { zero: true, grid: true, nice: true, label: `${unit} →`, tickFormat: axisNumber },
    y: { domain: sides, label: null, tickSize: 0, padding: 0 },
    fy: { domain: rows.map(({ what }) => what), axis: null, padding: GAP / (sides.length * LANE + GAP) },
    marks: [
      Plot.text(rows, {
        fy: ({ what }) => what,
        text: ({ what }) => what,
        frameAnchor: "left",
        textAnchor: "start",
        dx: -330,
        lineWidth: 21,
        fontWeight: 600,
      }),
      Plot.dot(samples, {
        ...lane,
        x: "value",
        r: 3.5,
        fill: colour,
        fillOpacity: 0.4,
      }),
      Plot.tickX(medians, {
        ...lane,
        x: "value",
        stroke: colour,
        strokeWidth: 3,
        insetTop: 1,
        insetBottom: 1,
      }),
      Plot.text([{ head: "median" }], {
        text: "head",
        frameAnchor: "top-right",
        fy: () => rows[0]?.what,
        dx: 48,
        dy: -20,
      }),
      Plot.text([{ head: "p95" }], {
        text: "head",
        frameAnchor: "top-right",
        fy: () => rows[0]?.what,
        dx: 100,
        dy: -20,
      }),
      Plot.text(medians, {
        ...lane,
        text: ({ value }) => digits(value),
        frameAnchor: "right",
        textAnchor: "end",
        dx: 48,
        fill: colour,
        fontWeight: 600,
        fontVariant: "tabular-nums",
      }),
      Plot.text(medians, {
        ...lane,
        text: ({ p95 }) => digits(p95),
        frameAnchor: "right",
        textAnchor: "end",
        dx: 100,
        fontVariant: "tabular-nums",
      }),
    ],
  });
}

const axisNumber = (value: number): string =>
  value >= 10_000 ? `${(value / 1_000).toLocaleString("en")}k` : value.toLocaleString("en");
