import { BehaviorSubject } from "rxjs";
import { describe, expect, it } from "vitest";
import { keepPath } from "../../src/phone/keep-path.ts";
import { recovery } from "../../src/phone/recovery.ts";
import type { PathState } from "../../src/streams/contract.ts";
import { virtualClock } from "../../src/testing/clock.ts";

async function watch(loading: Promise<{ recovery: typeof recovery }>) {
  const clock = virtualClock();
  const path$ = new BehaviorSubject<PathState>("new");
  const seen: string[] = [];
  const watching = keepPath(loading, path$, { caller: true, clock }).subscribe((what) => {
    seen.push(`${what} ${clock.now() / 1_000}`);
  });
  await clock.advance(0);
  return { clock, path$, seen, watching };
}

describe.each([
  ["cannot be loaded", () => Promise.reject(new TypeError("Failed to fetch"))],
  ["never loads", () => new Promise<never>(() => {})],
])("where what keeps a path %s", (_, load) => {
  it("a call has 30 s to find one", async () => {
    const { clock, seen } = await watch(load());
    await clock.advance(60_000);
    expect(seen).toEqual(["lost 30"]);
  });

  it("one that has a path goes on until it is without for 30 s", async () => {
    const { clock, path$, seen, watching } = await watch(load());
    path$.next("connected");
    await clock.advance(100_000);
    path$.next("disconnected");
    await clock.advance(20_000);
    path$.next("connected");
    await clock.advance(80_000);
    path$.next("disconnected");
    path$.next("failed");
    await clock.advance(60_000);
    expect(seen).toEqual(["lost 230"]);
    watching.unsubscribe();
    expect(clock.pending).toBe(0);
  });
});

it("a path that failed before it was loaded is looked for again", async () => {
  let load = (_: { recovery: typeof recovery }) => {};
  const loading = new Promise<{ recovery: typeof recovery }>((resolve) => {
    load = resolve;
  });
  const { clock, path$, seen } = await watch(loading);
  path$.next("failed");
  await clock.advance(20_000);
  load({ recovery });
  await clock.advance(15_000);
  expect(seen).toEqual(["restart 20", "restart 30"]);
});
