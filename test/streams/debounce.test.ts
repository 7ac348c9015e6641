import { map, Subject } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { describe, expect, it } from "vitest";
import type { Candidate } from "../../src/streams/contract.ts";
import { batchCandidates, type DebouncePolicy, debounceBuffer } from "../../src/streams/debounce.ts";
import { POLICIES } from "../../src/streams/policy.ts";
import { virtualClock } from "../../src/testing/clock.ts";

/** Values are letters, `$` is urgent; a batch is the string of its letters. */
function marbles(policy: DebouncePolicy, source: string, expected: string, batches: string[]) {
  const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted));
  scheduler.run(({ hot, expectObservable }) => {
    const batched = hot(source).pipe(
      debounceBuffer(policy, scheduler, (letter) => letter === "$"),
      map((batch) => batch.join("")),
    );
    const values = Object.fromEntries(
      batches.map((batch, index) => [String.fromCharCode(65 + index), batch]),
    );
    expectObservable(batched).toBe(expected, values);
  });
}

const candidate = (letter: string): Candidate => ({
  candidate: letter === "$" ? "" : letter,
  sdpMLineIndex: 0,
});

const plain: DebouncePolicy = { debounce: 3, maxWait: 8, gaps: [] };

describe("debounceBuffer", () => {
  it("emits a batch once no value has come for long enough", () => {
    const source = "-ab--c-------d------|";
    const wanted = "--------A-------B---|";
    marbles(plain, source, wanted, ["abc", "d"]);
  });

  it("emits after the maximum wait where values keep coming, and begins to count with the next", () => {
    //              0         10        20
    const source = "a-b-c-d-e-f-g-h-i-j------|";
    const wanted = "--------A---------B------|";
    marbles(plain, source, wanted, ["abcde", "fghij"]);
  });

  it("emits no sooner than the budget allows, and what comes meanwhile joins", () => {
    //              0         10        20        30
    const source = "a------b-c-d----------e-----------|";
    const wanted = "---A----------B-------------C-----|";
    marbles({ ...plain, gaps: [10, 14] }, source, wanted, ["a", "bcd", "e"]);
  });

  it("lets the last of the gaps hold for all that follow", () => {
    //              0         10        20        30
    const source = "a---b---c---d---e---f---g---h---|";
    const wanted = "---A----B---------C---------D---|";
    marbles({ debounce: 3, maxWait: 3, gaps: [5, 10] }, source, wanted, ["a", "bc", "de", "fgh"]);
  });

  it("debounces again where the gap is long over", () => {
    const source = "a----------bc------|";
    const wanted = "---A-----------B---|";
    marbles({ ...plain, gaps: [5] }, source, wanted, ["a", "bc"]);
  });

  it("emits what waits with an urgent value at once, whatever the budget, and nothing twice", () => {
    const source = "a---bc$--------d-----|";
    const wanted = "---A--B-----------C--|";
    marbles({ ...plain, gaps: [10] }, source, wanted, ["a", "bc$", "d"]);
  });

  it("emits an urgent value that stands alone", () => {
    marbles(plain, "$-----|", "A-----|", ["$"]);
  });

  it("emits what waits when the source completes", () => {
    marbles(plain, "ab|", "--(A|)", ["ab"]);
  });

  it("completes without a batch where nothing waits", () => {
    marbles(plain, "--|", "--|", []);
  });

  it("passes an error on and drops what was waiting", () => {
    marbles(plain, "ab#", "--#", []);
  });

  it("leaves no timer behind when unsubscribed", () => {
    const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted));
    scheduler.run(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot("ab------");
      expectObservable(source.pipe(debounceBuffer(plain, scheduler)), "--!").toBe("");
      expectSubscriptions(source.subscriptions).toBe("^-!");
    });
  });

  it("counts for each subscription by itself", () => {
    const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted));
    scheduler.run(({ cold, expectObservable }) => {
      const batched = cold("a-----").pipe(
        debounceBuffer({ ...plain, gaps: [50] }, scheduler),
        map((batch) => batch.join("")),
      );
      expectObservable(batched, "^------!").toBe("---a---");
      expectObservable(batched, "-----^------!").toBe("--------a---");
    });
  });

  it("keeps a value that its own batch brings about", async () => {
    const clock = virtualClock();
    const source = new Subject<string>();
    const batches: string[] = [];
    source.pipe(debounceBuffer(plain, clock)).subscribe((batch) => {
      batches.push(batch.join(""));
      if (batches.length === 1) source.next("z");
    });
    source.next("a");
    await clock.advance(20);
    expect(batches).toEqual(["a", "z"]);
  });
});

describe("batchCandidates", () => {
  it("P24 sends what is left with the end marker, at once", () => {
    const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted));
    scheduler.run(({ hot, expectObservable }) => {
      const batched = hot("a---bc$-----").pipe(
        map(candidate),
        batchCandidates({ ...plain, gaps: [10] }, scheduler),
        map((batch) => batch.map(({ candidate: text }) => text || "$").join("")),
      );
      expectObservable(batched).toBe("---A--B-----", { A: "a", B: "bc$" });
    });
  });

  const eventsOf = (policy: DebouncePolicy) => {
    const scheduler = new TestScheduler(() => {});
    const sizes: number[] = [];
    scheduler.run(({ hot, flush }) => {
      const found = Array.from({ length: 30 }, (_, index) => (index < 29 ? "a 149ms " : "a 49ms $")).join("");
      hot(found)
        .pipe(map(candidate), batchCandidates(policy, scheduler))
        .subscribe((batch) => sizes.push(batch.length));
      flush();
    });
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(31);
    return sizes.length;
  };

  it.each([
    ["frugal", 3],
    ["balanced", 5],
    ["fast", 8],
  ] as const)("P30 keeps 30 candidates found 150 ms apart within the events that %s allows", (name, most) => {
    expect(eventsOf(POLICIES[name].candidates)).toBeLessThanOrEqual(most);
  });
});
