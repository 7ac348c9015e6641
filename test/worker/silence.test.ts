import { Subject } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { describe, expect, it, vi } from "vitest";
import { silence } from "../../src/worker/silence.ts";
import { handClock } from "./stand-in.ts";

const forgive3 = { ask: () => undefined, limit: () => 3 };

describe("silence, in marbles", () => {
  const run = (
    test: (clock: TestScheduler, helpers: Parameters<Parameters<TestScheduler["run"]>[0]>[0]) => void,
  ) => {
    const clock = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
    clock.run((helpers) => test(clock, helpers));
  };

  it("emits once, at the first tick beyond the limit", () => {
    run((clock, { hot, expectObservable }) => {
      const alive$ = hot("-");
      const expected = "  4s (s|)";
      expectObservable(silence({ ...forgive3, alive$, clock })).toBe(expected, { s: 4 });
    });
  });

  it("begins again with each sign of life", () => {
    run((clock, { hot, expectObservable }) => {
      const alive$ = hot("3500ms a 999ms a");
      const expected = "  8s (s|)         ";
      expectObservable(silence({ ...forgive3, alive$, clock })).toBe(expected, { s: 4 });
    });
  });

  it("says nothing where there is life", () => {
    run((clock, { hot, expectObservable }) => {
      const alive$ = hot("2500ms a 2500ms a 2500ms a 2500ms a 2500ms a");
      const unsub = "     12600ms !                               ";
      expectObservable(silence({ ...forgive3, alive$, clock }), unsub).toBe("");
    });
  });
});

describe("silence of our own", () => {
  function heard() {
    const clock = handClock();
    const alive$ = new Subject<void>();
    const ask = vi.fn();
    const lost = vi.fn();
    silence({ ask, alive$, limit: () => 3, clock }).subscribe(lost);
    return { clock, alive$, ask, lost };
  }

  it("asks on every tick", () => {
    const { clock, ask } = heard();
    clock.advance(3_000);
    expect(ask).toHaveBeenCalledTimes(3);
  });

  it("is not taken for the worker's: a frozen page counts anew and asks again", () => {
    const { clock, ask, lost } = heard();
    clock.advance(3_000);
    clock.sleep(60_000);
    clock.advance(1_000);
    expect(lost).not.toHaveBeenCalled();
    clock.advance(3_000);
    expect(lost).not.toHaveBeenCalled();
    expect(ask).toHaveBeenCalledTimes(7);
    clock.advance(1_000);
    expect(lost).toHaveBeenCalledOnce();
  });

  it("where every tick is late, as in a page that has long been hidden, is told of after three", () => {
    const { clock, alive$, lost } = heard();
    const late = () => {
      clock.sleep(59_000);
      clock.advance(1_000);
    };
    for (let i = 0; i < 5; i++) {
      late();
      late();
      alive$.next();
    }
    late();
    late();
    expect(lost).not.toHaveBeenCalled();
    late();
    expect(lost).toHaveBeenCalledExactlyOnceWith(180);
  });

  it("gives an answer that waited while the page was blocked its turn before judging", () => {
    const { clock, alive$, lost } = heard();
    for (let i = 0; i < 20; i++) {
      // Blocked for 10 s; the tick fires first, the queued answer after it.
      clock.sleep(10_000);
      clock.advance(1_000);
      alive$.next();
    }
    expect(lost).not.toHaveBeenCalled();
  });
});
