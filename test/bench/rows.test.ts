import { describe, expect, it } from "vitest";
import { groups } from "../../bench/groups.ts";
import type { Measure } from "../../bench/measure.ts";
import { measures } from "../../bench/registry.ts";
import { ratio, row } from "../../bench/row.ts";
import { select } from "../../bench/select.ts";
import { digits, table } from "../../bench/terminal.ts";

const what = "voice";

describe("a row", () => {
  it("has the median and the 95th percentile of each side that was measured", () => {
    const made = row("ring", "ms", { ours: [3, 1, 2], rival: [30, 10, 20, 40] }, { what });
    expect(made).toMatchObject({ ours: 2, rival: 20, p95: { ours: 3, rival: 40 }, n: 3, better: "less" });
    expect(made).not.toHaveProperty("floor");
  });

  it("keeps its samples in the order in which they came", () => {
    expect(row("ring", "ms", { ours: [3, 1, 2] }, { what }).samples.ours).toEqual([3, 1, 2]);
  });

  it("tells ours as a share of the others', where there is something to share", () => {
    const made = row("ring", "ms", { ours: [5], rival: [20], floor: [0] }, { what });
    expect(ratio(made, "ours", "rival")).toBe(0.25);
    expect(ratio(made, "warm", "rival")).toBeUndefined();
    expect(ratio(made, "ours", "floor")).toBeUndefined();
    expect(ratio(row("hop", "ms", { floor: [1] }, { what }), "ours", "floor")).toBeUndefined();
  });

  it("is not made of nothing, nor of what is no number", () => {
    expect(() => row("ring", "ms", { ours: [] }, { what })).toThrow("ring has no samples for ours");
    expect(() => row("ring", "ms", { ours: [1], rival: [Number.NaN] }, { what })).toThrow(
      "ring has a sample of NaN for rival",
    );
  });
});

describe("the table", () => {
  const rows = [
    row(
      "ring.voice",
      "ms",
      { ours: [40], warm: [30], rival: [80], floor: [20] },
      { what, group: "until it rings" },
    ),
    row("engine.1", "events/s", { ours: [123_456] }, { what: "one call", better: "more" }),
    row("ring.video", "ms", { ours: [50.04], rival: [100] }, { what: "video", group: "until it rings" }),
  ];

  it("puts rows of a group together, medians beside their ratios", () => {
    expect(table(rows)).toBe(
      [
        "               ours  warm  rival  floor  ours/rival  warm/rival  ours/floor  warm/floor  n",
        "",
        "until it rings, ms",
        "  voice          40    30     80     20        0.50        0.38        2.00        1.50  1",
        "  video        50.0          100               0.50                                      1",
        "",
        "engine, events/s ↑",
        "  one call  123,456                                                                      1",
        "",
        "Medians. ours: Trunkline; warm: the same with a connection kept ready; rival: matrix-js-sdk;",
        "floor: the least that anybody could need here.",
        "Less is better, but where ↑ stands. ours/rival of 0.25: a quarter of the rival's.",
      ].join("\n"),
    );
  });

  it("keeps units apart within a group", () => {
    const mixed = [
      row("size.a", "kB", { ours: [1] }, { what }),
      row("size.b", "files", { ours: [1] }, { what }),
    ];
    expect(groups(mixed).map(({ unit }) => unit)).toEqual(["kB", "files"]);
  });

  it.each([
    [1.234, "1.23"],
    [12.34, "12.3"],
    [123.4, "123"],
    [7, "7"],
    [1_234_567.8, "1,234,568"],
  ])("shows %d as %s", (value, text) => expect(digits(value)).toBe(text));
});

describe("--only", () => {
  const some: Measure[] = ["ring", "ring.turn", "ringing", "pickup.direct"].map((name) => ({
    name,
    what,
    run: async () => [],
  }));
  const chosen = (...only: string[]) => select(some, only).map(({ name }) => name);

  it("takes measures by name, with all that is below, in their own order", () => {
    expect(chosen()).toHaveLength(4);
    expect(chosen("pickup", "ring")).toEqual(["ring", "ring.turn", "pickup.direct"]);
    expect(chosen("ring.turn")).toEqual(["ring.turn"]);
  });

  it("names what there is where there is no such measure", () => {
    expect(() => chosen("ring", "pick")).toThrow("there is no measure pick; there are ring, ring.turn");
  });

  it("can tell all measures apart", () => {
    const names = measures.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
