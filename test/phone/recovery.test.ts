import { TestScheduler } from "rxjs/testing";
import { describe, expect, it } from "vitest";
import { recovery } from "../../src/phone/recovery.ts";
import type { PathState } from "../../src/streams/contract.ts";

const states: Record<string, PathState> = {
  n: "new",
  c: "connecting",
  C: "connected",
  d: "disconnected",
  f: "failed",
};
const wanted = { r: "restart", n: "never_connected", l: "lost" };

function marbles(path: string, expected: string, caller = true) {
  const scheduler = new TestScheduler((actual, wished) => expect(actual).toEqual(wished));
  scheduler.run(({ hot, expectObservable }) => {
    expectObservable(recovery(hot(path, states), { caller, clock: scheduler }), "^ 100s !").toBe(
      expected,
      wanted,
    );
  });
}

describe("recovery", () => {
  it("gives a call 30 s to find a path", () => {
    marbles("n-c", "30s n");
  });

  it("P17 restarts a path that fails before it was ever there, for 30 s", () => {
    marbles("n-c 2s f", "2003ms r 9999ms r 9999ms r 7996ms n");
    marbles("n-c 2s f", "7003ms r 9999ms r 9999ms r 2996ms n", false);
  });

  it("stops restarting a first path once it is there", () => {
    marbles("n-c 2s f 3s c-C", "2003ms r");
  });

  it.each([
    ["n-c", "- 5s l 5s l", "- 7s r 9999ms r 9999ms r 2998ms n"],
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

  it("goes on while a restarted path is being found", () => {
    marbles("C d 3s c 2s f", "- 2s r 9999ms r 9999ms r 9999ms l");
  });
});
