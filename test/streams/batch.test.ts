import { map } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { describe, expect, it } from "vitest";
import { BATCH_POLICY, batchCandidates } from "../../src/streams/batch.ts";
import type { Candidate } from "../../src/streams/contract.ts";

/** Candidates are letters; `$` is the end marker; a batch is the string of its letters. */
const candidate = (letter: string): Candidate => ({
  candidate: letter === "$" ? "" : letter,
  sdpMLineIndex: 0,
});
const letters = (batch: readonly Candidate[]) => batch.map(({ candidate: text }) => text || "$").join("");

function marbles(
  policy: { settle: number; gaps: number[] },
  source: string,
  expected: string,
  batches: string[],
) {
  const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted));
  scheduler.run(({ hot, expectObservable }) => {
    const batched = hot(source).pipe(map(candidate), batchCandidates(policy, scheduler), map(letters));
    const values = Object.fromEntries(
      batches.map((batch, index) => [String.fromCharCode(65 + index), batch]),
    );
    expectObservable(batched).toBe(expected, values);
  });
}

const policy = { settle: 3, gaps: [5, 10] };

describe("batchCandidates", () => {
  it("P23 gathers a burst: a batch leaves when its first candidate has waited long enough", () => {
    marbles(
      policy,
      "ab-c------|", //
      "---A------|",
      ["abc"],
    );
  });

  it("lets the gaps grow, and keeps the last of them", () => {
    //         0         10        20        30        40
    const source = "a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s----|";
    const wanted = "---A----B---------C---------D---------E--|";
    marbles(policy, source, wanted, ["ab", "cde", "fghij", "klmno", "pqrs"]);
  });

  it("settles again where the gap is long over", () => {
    marbles(
      policy,
      "a----------bc------|", //
      "---A----------B----|",
      ["a", "bc"],
    );
  });

  it("P24 sends what is left at once with the end marker, whatever the gap", () => {
    marbles(
      policy,
      "a---bc$-----|", //
      "---A--B-----|",
      ["a", "bc$"],
    );
  });

  it("P24 sends an end marker that stands alone", () => {
    marbles(policy, "$---|", "A---|", ["$"]);
  });

  it("sends what is left when the source completes", () => {
    marbles(policy, "ab|", "--(A|)", ["ab"]);
  });

  it("passes an error on and drops what was waiting", () => {
    marbles(policy, "ab#", "--#", []);
  });

  it("leaves no timer behind when unsubscribed", () => {
    const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted));
    scheduler.run(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot("ab------");
      expectObservable(source.pipe(map(candidate), batchCandidates(policy, scheduler)), "--!").toBe("");
      expectSubscriptions(source.subscriptions).toBe("^-!");
    });
  });

  it("P30 keeps 30 candidates found 150 ms apart within 5 events", () => {
    const scheduler = new TestScheduler(() => {});
    const sizes: number[] = [];
    scheduler.run(({ hot, flush }) => {
      const found = Array.from({ length: 30 }, (_, index) => (index < 29 ? "a 149ms " : "a 49ms $")).join("");
      hot(found)
        .pipe(map(candidate), batchCandidates(BATCH_POLICY, scheduler))
        .subscribe((batch) => sizes.push(batch.length));
      flush();
    });
    expect(sizes.length).toBeLessThanOrEqual(5);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(31);
  });
});
