import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readBaseline, toBaseline, writeBaseline } from "../../bench/baseline.ts";
import { compare, missingRows } from "../../bench/compare.ts";
import { compareWith } from "../../bench/compare-text.ts";
import type { Measure } from "../../bench/measure.ts";
import type { Results } from "../../bench/results.ts";
import { type Row, row, type Samples } from "../../bench/row.ts";

const what = "voice";
const ring = (samples: Samples) => row("ring.direct.voice", "ms", samples, { what });
/** Ten samples about a median, as far apart as those of a machine that does other things too. */
const about = (median: number) =>
  [0.8, 0.9, 0.95, 0.98, 1, 1, 1.03, 1.08, 1.2, 1.6].map((share) => share * median);
const verdicts = (before: Row, now: Row) =>
  compare([before], [now]).map(({ side, verdict }) => `${side} ${verdict}`);

const HOP = about(20);

describe("--compare", () => {
  it("finds a hop that has become slow, in ours and kept warm", () => {
    const before = ring({ ours: about(30), warm: about(28), floor: HOP });
    const slowed = (samples: readonly number[]) => samples.map((ms) => ms + 20);
    const now = ring({ ours: slowed(about(30)), warm: slowed(about(28)), floor: HOP });
    expect(verdicts(before, now)).toEqual(["ours worse", "warm worse"]);
    expect(verdicts(now, before)).toEqual(["ours better", "warm better"]);
  });

  it("finds nothing on a machine that is three times as slow", () => {
    const before = ring({ ours: about(30), floor: HOP });
    const now = ring({ ours: about(90), floor: about(60) });
    expect(verdicts(before, now)).toEqual(["ours same"]);
  });

  it("takes the rival where there is no floor", () => {
    const before = ring({ ours: about(30), rival: about(100) });
    const now = ring({ ours: about(60), rival: about(100) });
    expect(compare([before], [now])).toMatchObject([{ basis: "rival", verdict: "worse" }]);
  });

  it("lets pass what differs by less than half, and what is within the noise", () => {
    const before = ring({ ours: about(30), floor: HOP });
    expect(verdicts(before, ring({ ours: about(44), floor: HOP }))).toEqual(["ours same"]);
    const noisy = [20, 30, 40, 45, 50, 55, 60, 70, 80, 100];
    expect(verdicts(before, ring({ ours: noisy, floor: HOP }))).toEqual(["ours same"]);
  });

  it("knows where more is better", () => {
    const routed = (samples: Samples) =>
      row("engine.throughput.1", "events/s", samples, { what, better: "more" });
    const before = routed({ ours: about(150_000), floor: about(300_000) });
    const now = routed({ ours: about(70_000), floor: about(300_000) });
    expect(verdicts(before, now)).toEqual(["ours worse"]);
    expect(verdicts(now, before)).toEqual(["ours better"]);
  });

  it("compares what is counted as it is, one sample too", () => {
    const size = (kB: number) => row("size.worker", "kB", { ours: [kB] }, { what });
    expect(verdicts(size(40), size(43))).toEqual(["ours worse"]);
    expect(verdicts(size(40), size(41))).toEqual(["ours same"]);
    const events = (...ours: number[]) => row("events.direct", "events", { ours, rival: [6] }, { what });
    expect(verdicts(events(5, 5, 5), events(6, 6))).toEqual(["ours worse"]);
    expect(verdicts(events(5, 6, 5), events(6, 6))).toEqual(["ours same"]);
  });

  it("does not judge times of a machine alone, nor of a few samples", () => {
    expect(verdicts(ring({ ours: about(30) }), ring({ ours: about(90) }))).toEqual([]);
    const few = ring({ ours: [90, 91, 92, 93, 94], floor: [20, 20, 20, 20, 20] });
    expect(verdicts(ring({ ours: about(30), floor: HOP }), few)).toEqual([]);
  });

  const measures = [{ name: "ring.direct" }, { name: "ring.turn" }] as Measure[];

  it("does not pass where rows of the measures that ran have vanished", () => {
    const old = ["ring.direct.voice", "ring.direct.video", "pickup.direct.voice"].map((name) => ({
      ...ring({ ours: about(30), floor: HOP }),
      name,
    }));
    expect(missingRows(old, old.slice(0, 1), measures)).toEqual(["ring.direct.video"]);
    const { passed, text } = compareWith({ at: "2030-01-02T", rows: old }, old.slice(0, 1), measures);
    expect(passed).toBe(false);
    expect(text).toContain("missing  ring.direct.video");
  });

  it("passes where all is the same, and says of what is worse what it was and is", () => {
    const before = ring({ ours: about(30), floor: HOP });
    const baseline = { at: "2030-01-02T", rows: [before] };
    expect(compareWith(baseline, [before], measures)).toEqual({
      passed: true,
      text: "Beside the baseline of 2030-01-02: 1 figures compared, 0 worse, 0 better.",
    });
    const { passed, text } = compareWith(baseline, [ring({ ours: about(60), floor: HOP })], measures);
    expect(passed).toBe(false);
    expect(text).toMatch(/worse {3}ring.direct.voice, ours as a ratio to the floor: 1.50 .* before, 3 /);
  });

  it("does not pass where nothing could be compared", () => {
    const { passed, text } = compareWith({ at: "2030-01-02T", rows: [] }, [], measures);
    expect(passed).toBe(false);
    expect(text).toContain("Nothing could be compared");
  });
});

describe("a baseline", () => {
  const folder = mkdtempSync(join(tmpdir(), "trunkline-baseline-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "some.json");

  const results: Results = {
    at: "2030-01-02T03:04:05.678Z",
    homeserver: "embedded",
    n: 3,
    machine: { system: "Linux", processor: "2 × Some", memory: "8 GiB" },
    load: [0.1, 1.5],
    versions: { Trunkline: "1.2.3" },
    rows: [ring({ ours: [1.234567, 0.00123456, 123456], floor: [1, 2, 3] })],
    failures: [],
  };

  it("keeps every sample, to four digits, and what it was measured on", () => {
    writeBaseline(file, toBaseline(results));
    const read = readBaseline(file);
    expect(read).toEqual(toBaseline(results));
    expect(read.rows[0]?.samples).toEqual({ ours: [1.235, 0.001235, 123500], floor: [1, 2, 3] });
    expect(read).toMatchObject({ load: [0.1, 1.5], machine: { processor: "2 × Some" } });
    // A row a line.
    expect(
      readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line.includes("ring.direct.voice")),
    ).toHaveLength(1);
  });

  it("is refused where it is not there, or is none", () => {
    expect(() => readBaseline(join(folder, "none.json"))).toThrow("cannot be read as a baseline");
    writeFileSync(file, "{}");
    expect(() => readBaseline(file)).toThrow("has no rows");
  });
});
