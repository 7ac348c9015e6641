import { timer } from "rxjs";
import { expect, it } from "vitest";
import { virtualClock } from "../../src/testing/clock.ts";

it("stands still until advanced, then stops at each timer in order", async () => {
  const clock = virtualClock();
  const seen: [string, number][] = [];
  timer(20, clock).subscribe(() => seen.push(["b", clock.now()]));
  timer(10, clock).subscribe(() => seen.push(["a", clock.now()]));
  timer(31, clock).subscribe(() => seen.push(["c", clock.now()]));
  await clock.advance(30);
  expect(seen).toEqual([
    ["a", 10],
    ["b", 20],
  ]);
  expect(clock.now()).toBe(30);
  await clock.advance(1);
  expect(seen[2]).toEqual(["c", 31]);
});

it("lets promises schedule more on the way", async () => {
  const clock = virtualClock();
  const seen: number[] = [];
  const again = async (left: number): Promise<void> => {
    await new Promise<void>((resolve) => timer(10, clock).subscribe(() => resolve()));
    seen.push(clock.now());
    if (left > 1) await again(left - 1);
  };
  const done = again(3);
  await clock.advance(100);
  await done;
  expect(seen).toEqual([10, 20, 30]);
});

it("counts delays from where it stands after an idle advance", async () => {
  const clock = virtualClock();
  await clock.advance(1_000);
  let at = 0;
  timer(5, clock).subscribe(() => {
    at = clock.now();
  });
  await clock.advance(10);
  expect(at).toBe(1_005);
});

it("counts sleep at once; what came due in it fires at the next advance, the rest that much earlier", async () => {
  const clock = virtualClock();
  const seen: [string, number][] = [];
  for (const [name, ms] of [
    ["due", 1_000],
    ["later", 10_000],
  ] as const)
    timer(ms, clock).subscribe(() => seen.push([name, clock.now()]));
  clock.sleep(5_000);
  expect([clock.now(), seen]).toEqual([5_000, []]);
  await clock.advance(0);
  expect(seen).toEqual([["due", 5_000]]);
  await clock.advance(5_000);
  expect(seen[1]).toEqual(["later", 10_000]);
  expect(clock.pending).toBe(0);
});
