import * as Plot from "@observablehq/plot";
import { type Phase, phases } from "../phases.ts";
import { digits } from "../terminal.ts";
import type { Waterfall } from "../waterfall.ts";
import { draw } from "./drawing.ts";

interface Bar extends Phase {
  readonly whose: string;
  /** Names occur twice: at the caller and at the callee. */
  readonly key: string;
}

const WHOSE = { ours: "Trunkline", warm: "Trunkline, kept warm", rival: "matrix-js-sdk" };
const LINE = 19;
const GAP = 36;

/** One call of each side, phase by phase, on one axis. */
export function waterfallOf(waterfall: Waterfall): string {
  const bars: Bar[] = (["ours", "warm", "rival"] as const).flatMap((side) =>
    phases(waterfall[side] ?? []).map((phase) => ({
      ...phase,
      whose: WHOSE[side],
      key: `${phase.name}${phase.by === "caller" || phase.by === "callee" ? `, ${phase.by}` : ""}`,
    })),
  );
  const keys = [...new Set(bars.map(({ key }) => key))];
  const whose = [...new Set(bars.map((bar) => bar.whose))];
  return draw({
    width: 860,
    height: 70 + whose.length * (keys.length * LINE + GAP),
    marginLeft: 215,
    marginRight: 70,
    marginTop: 30,
    marginBottom: 34,
    x: { zero: true, grid: true, nice: true, label: "ms since the call was placed →" },
    y: { domain: keys, label: null, tickSize: 0, padding: 0.25 },
    fy: { domain: whose, axis: null, padding: GAP / (keys.length * LINE + GAP) },
    marks: [
      Plot.text(whose, {
        fy: (each) => each,
        text: (each) => each,
        frameAnchor: "top-left",
        dx: -215,
        dy: -14,
        textAnchor: "start",
        fontWeight: 700,
        fontSize: 13,
      }),
      Plot.barX(bars, {
        x1: "from",
        x2: "to",
        y: "key",
        fy: "whose",
        fill: ({ by }: Bar) => `var(--${by})`,
        rx: 2,
      }),
      // A phase of no length still has its place.
      Plot.tickX(bars, {
        x: "from",
        y: "key",
        fy: "whose",
        stroke: ({ by }: Bar) => `var(--${by})`,
        strokeWidth: 2,
      }),
      Plot.text(bars, {
        x: "to",
        y: "key",
        fy: "whose",
        text: ({ from, to }: Bar) => `${digits(Math.round(to - from))} ms`,
        textAnchor: "start",
        dx: 6,
        fontVariant: "tabular-nums",
      }),
    ],
  });
}
