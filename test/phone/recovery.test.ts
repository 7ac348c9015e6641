import { TestScheduler } from "rxjs/testing";
import { describe, expect, it } from "vitest";
import { recovery, type Shown } from "../../src/phone/recovery.ts";
import type { PathState } from "../../src/streams/contract.ts";

const states: Record<string, PathState> = {
  n: "new",
  c: "connecting",
  C: "connected",
  d: "disconnected",
  f: "failed",
};
const UNPROVEN: Shown = { negotiable: false, version: 1 };
const OLD: Shown = { negotiable: false, version: 0 };
const wanted = { r: "restart", l: "lost" };

function marbles(path: string, expected: string, caller = true, shown: Shown = { negotiable: true }) {
  const scheduler = new TestScheduler((actual, wished) => expect(actual).toEqual(wished));
  scheduler.run(({ hot, expectObservable }) => {
    const options = { caller, clock: scheduler, shown: () => shown };
    expectObservable(recovery(hot(path, states), options), "^ 100s !").toBe(expected, wanted);
  });
}

describe("recovery", () => {
  it("gives a call 30 s to find a path", () => {
    marbles("n-c", "30s l");
  });

  it("P17 restarts a path that fails before it was ever there, for 30 s", () => {
    marbles("n-c 2s f", "2003ms r 9999ms r 9999ms r 7996ms l");
    marbles("n-c 2s f", "7003ms r 9999ms r 9999ms r 2996ms l", false);
  });

  it("stops restarting a first path once it is there", () => {
    marbles("n-c 2s f 3s c-C", "2003ms r");
  });

  it.each([
    ["n-c", "- 5s l 5s l", "- 7s r 9999ms r 9999ms r 2998ms l"],
    ["n-c 3s C", "l", "2s r"],
    ["n-c 1s C", "l", ""],
    ["n-c 1s C", "10s l", ""],
  ])("restarts where ICE servers came late and there is no path without them: %s", (path, late, expected) => {
    const scheduler = new TestScheduler((actual, wished) => expect(actual).toEqual(wished));
    scheduler.run(({ cold, hot, expectObservable }) => {
      const options = { caller: true, clock: scheduler, late$: cold(late) };
      expectObservable(recovery(hot(path, states), options), "^ 100s !").toBe(expected, wanted);
    });
  });

  it("does nothing while the path is there, and when it comes back in time", () => {
    marbles("n-C 5s d 1s C", "");
  });

  it("restarts a lost path three times, then gives it up", () => {
    marbles("C d", "- 2s r 9999ms r 9999ms r 9999ms l");
  });

  it("does not wait for a path that has failed", () => {
    marbles("C d 99ms f", "- 100ms r 9999ms r 9999ms r 9999ms l");
  });

  it("stops when the path is back, and begins anew when it is lost again", () => {
    marbles("C d 4s C d", "- 2s r 2s - 2s r 9999ms r 9999ms r 9999ms l");
  });

  it("P20 leaves the first move to the caller", () => {
    marbles("C d", "- 7s r 9999ms r 9999ms r 9999ms l", false);
    marbles("C d 4s C", "", false);
  });

  it("P19 restarts with a peer that may not negotiate only what has failed", () => {
    marbles("C d", "- 40s l", true, UNPROVEN);
    marbles("C d 39s C", "", true, UNPROVEN);
    marbles("C d 9999ms f", "- 10s r 9999ms r 9999ms r 9999ms l", true, UNPROVEN);
    marbles("C d 9999ms f", "- 15s r 9999ms r 9999ms r 9999ms l", false, UNPROVEN);
    marbles("C d 39s f", "- 39001ms r 9999ms r 9999ms r 9999ms l", true, UNPROVEN);
    marbles("n-c 2s f", "2003ms r 9999ms r 9999ms r 7996ms l", true, UNPROVEN);
  });

  it("P19 waits where nothing can be restarted, and ends when the path has failed", () => {
    for (const caller of [true, false]) {
      marbles("C d", "- 40s l", caller, OLD);
      marbles("C d 39s C", "", caller, OLD);
      marbles("C d 9999ms f", "- 10s l", caller, OLD);
      marbles("n-c", "30s l", caller, OLD);
      marbles("n-c 2s f", "2003ms l", caller, OLD);
    }
  });

  it.each([UNPROVEN, OLD])("P19 restarts nothing for late ICE servers: %j", (shown) => {
    const scheduler = new TestScheduler((actual, wished) => expect(actual).toEqual(wished));
    scheduler.run(({ cold, hot, expectObservable }) => {
      const late$ = cold("- 5s l");
      const options = { caller: true, clock: scheduler, late$, shown: () => shown };
      expectObservable(recovery(hot("n-c", states), options), "^ 100s !").toBe("30s l", wanted);
    });
  });

  it("P19 asks each time whether the peer negotiates: it may have shown it since", () => {
    const scheduler = new TestScheduler((actual, wished) => expect(actual).toEqual(wished));
    scheduler.run(({ hot, expectObservable }) => {
      const shown = () => (scheduler.now() < 1_000 ? UNPROVEN : { negotiable: true });
      const options = { caller: true, clock: scheduler, shown };
      expectObservable(recovery(hot("C d 500ms C 1s d", states), options), "^ 100s !").toBe(
        "- 3502ms r 9999ms r 9999ms r 9999ms l",
        wanted,
      );
    });
  });

  it("goes on while a restarted path is being found", () => {
    marbles("C d 3s c 2s f", "- 2s r 9999ms r 9999ms r 9999ms l");
  });
});
