import { describe, expect, it } from "vitest";
import { Latest } from "../../src/streams/latest.ts";

/** What a subscriber receives, until and with the end. */
function received<T>(source$: Latest<T>): unknown[] {
  const all: unknown[] = [];
  source$.subscribe({ next: (value) => all.push(value), complete: () => all.push("complete") });
  return all;
}

describe("Latest", () => {
  it("emits its value on subscription and each change, and its last after the end", () => {
    const source$ = new Latest(0);
    const early = received(source$);
    source$.next(1);
    source$.complete();
    source$.next(2);
    expect([early, received(source$), source$.value]).toEqual([[0, 1, "complete"], [1, "complete"], 1]);
  });

  it("ends with the same value for all where a subscriber changes it as it is emitted", () => {
    const source$ = new Latest("free");
    const before = received(source$);
    source$.subscribe((value) => value === "held" && source$.next("free"));
    const after = received(source$);
    source$.next("held");
    expect([before, after, source$.value]).toEqual([["free", "held", "free"], ["free", "free"], "free"]);
  });

  it("ends for all where a subscriber ends it as it is emitted", () => {
    const source$ = new Latest("free");
    source$.subscribe((value) => {
      if (value !== "held") return;
      source$.next("ended");
      source$.complete();
    });
    const after = received(source$);
    source$.next("held");
    expect(after).toEqual(["free", "ended", "complete"]);
  });
});
