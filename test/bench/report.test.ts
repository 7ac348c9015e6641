import { describe, expect, it } from "vitest";
import { phases } from "../../bench/phases.ts";
import { reportPage } from "../../bench/report/page.ts";
import type { Results } from "../../bench/results.ts";
import { row } from "../../bench/row.ts";
import type { Mark } from "../../bench/waterfall.ts";

const mark = (by: Mark["by"], name: string, at: number): Mark => ({ by, name, at });

const marks: readonly Mark[] = [
  mark("caller", "place", 0),
  mark("caller", "description made", 10),
  mark("caller", "invite sent", 30),
  mark("callee", "ringing", 60),
  mark("callee", "accept", 360),
  mark("callee", "description made", 380),
  mark("callee", "answer sent", 580),
  mark("caller", "answer received", 600),
  mark("callee", "ICE connected", 590),
  mark("caller", "ICE connected", 610),
  mark("caller", "connected", 625),
  mark("callee", "connected", 615),
];

const results: Results = {
  at: "2030-01-02T03:04:05.678Z",
  homeserver: "embedded",
  n: 3,
  machine: { system: "Linux", processor: "2 × Some", memory: "8 GiB" },
  load: [0.1, 1.5],
  versions: { Trunkline: "1.2.3", "matrix-js-sdk": "43.0.0" },
  rows: [
    row(
      "pickup.direct.300ms.video",
      "ms",
      { ours: [61.2, 60, 70], warm: [51, 50, 52], rival: [250, 260, 240], floor: [40, 41, 42] },
      {
        what: "video & <voice>",
        group: "accept → connected",
        waterfall: { ours: marks, warm: marks, rival: marks },
      },
    ),
  ],
  failures: [{ measure: "ring", message: "no <homeserver>" }],
};

describe("the phases of a call", () => {
  const found = phases(marks);
  const phase = (name: string, by?: string) =>
    found.find((each) => each.name === name && (!by || each.by === by));

  it("lie between their marks", () => {
    expect(phase("offer waits for candidates")).toMatchObject({ from: 10, to: 30 });
    expect(phase("it rings")).toMatchObject({ from: 60, to: 360 });
    expect(phase("answer waits to be sent")).toMatchObject({ from: 380, to: 580 });
  });

  it("end when both sides are there, where it takes both", () => {
    expect(phase("keys are agreed (DTLS)")).toMatchObject({ from: 610, to: 625 });
  });

  it("leave out what never happened", () => {
    expect(phase("first frame shows")).toBeUndefined();
    expect(phase("devices open")).toBeUndefined();
  });

  it("tell an answer that was ready before the user accepted from one made after", () => {
    const prepared = marks.map((each) =>
      each.by === "callee" && each.name === "description made" ? { ...each, at: 100 } : each,
    );
    const ready = phases(prepared);
    expect(ready.find(({ name }) => name === "answer made")).toMatchObject({ from: 60, to: 100 });
    expect(ready.find(({ name }) => name === "answer waits to be sent")).toMatchObject({
      from: 360,
      to: 580,
    });
  });
});

describe("the report", () => {
  const page = reportPage(results, "p { color: red }");

  it("asks for nothing of any network", () => {
    expect(page.replaceAll("http://www.w3.org/", "")).not.toMatch(/https?:|src=|<link|@import|url\(/);
  });

  it("shows every sample, every median with its unit, and both calls phase by phase", () => {
    expect(page.match(/<circle/g)).toHaveLength(12);
    for (const text of ["61.2", "250", "41", "ms →", "Trunkline", "matrix-js-sdk", "a path is found (ICE)"]) {
      expect(page).toContain(text);
    }
    expect(page.match(/200 ms/g)).toHaveLength(3);
  });

  it("tells of the machine, the versions, and what could not be measured", () => {
    for (const text of ["2 × Some", "Trunkline 1.2.3", "2030-01-02 03:04"]) expect(page).toContain(text);
    expect(page).toContain("ring: no &lt;homeserver&gt;");
  });

  it("takes nothing for markup that is text", () => {
    expect(page).toContain("video &amp; &lt;voice&gt;");
    expect(page).not.toContain("<voice>");
  });
});
