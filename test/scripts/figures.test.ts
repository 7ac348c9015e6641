import { describe, expect, it } from "vitest";
import type { Baseline } from "../../bench/baseline.ts";
import { filesOf, withFigures } from "../../scripts/lib/figures.ts";

const baseline: Baseline = {
  at: "2030-01-02T03:04:05.678Z",
  homeserver: "embedded",
  n: 10,
  machine: { system: "Linux 6.1", processor: "2 × Some", memory: "8 GiB" },
  load: [0.1, 1.5],
  versions: { Trunkline: "1.2.3", "Node.js": "20.20.0" },
  rows: [
    {
      name: "ring.direct.voice",
      what: "voice",
      group: "place → rings",
      unit: "ms",
      better: "less",
      samples: { ours: [10, 9, 8, 7, 6, 5, 4, 3, 2, 1], rival: [30.5] },
    },
    { name: "ring.directly", what: "another", unit: "ms", better: "less", samples: { ours: [1] } },
    { name: "events.direct", what: "direct", unit: "events", better: "less", samples: { warm: [4, 4] } },
  ],
};

const block = (rows: string, inside = "") =>
  `before\n<!-- figures some.json ${rows} -->\n${inside}<!-- /figures -->\nafter\n`;
const made = (rows: string) => withFigures(block(rows), () => baseline);

describe("figures in pages", () => {
  it("are the medians with their intervals and the 95th percentiles, a column a side", () => {
    expect(made("ring.direct,events")).toContain(
      [
        "| | Trunkline | kept warm | matrix-js-sdk |",
        "| --- | ---: | ---: | ---: |",
        "| place → rings: voice, ms | 5 (2 to 9), p95 10 |  | 30.5 |",
        "| direct, events |  | 4 |  |",
      ]
        .join("\n")
        .replace("| | Trunkline", "|  | Trunkline"),
    );
  });

  it("say when, on what, and how busy that was", () => {
    expect(made("events")).toContain(
      "n = 10. Measured on 2 January 2030, homeserver embedded, on 2 × Some, 8 GiB",
    );
    expect(made("events")).toContain("load 0.1 to 1.5; Node.js 20.20.0.");
  });

  it("say where other work kept the machine busy", () => {
    const busy = withFigures(block("events"), () => ({ ...baseline, load: [2.5, 3] }));
    expect(busy).toContain("Other work kept the machine busy");
    expect(made("events")).not.toContain("Other work");
  });

  it("take the place of what was there, and of nothing else; twice is once", () => {
    const once = made("events");
    expect(withFigures(block("events", "old\n"), () => baseline)).toBe(once);
    expect(withFigures(once, () => baseline)).toBe(once);
    expect(once).toMatch(/^before\n<!-- figures some.json events -->\n/);
    expect(filesOf(once)).toEqual(["some.json"]);
  });

  it("are refused of rows that there are not", () => {
    expect(() => made("ring.direct,pickup")).toThrow("there are no rows pickup");
  });
});
