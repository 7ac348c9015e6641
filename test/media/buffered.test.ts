import { take } from "rxjs";
import { expect, it } from "vitest";
import { Buffered } from "../../src/media/buffered.ts";

function listen<T>({ stream$ }: Buffered<T>, count = Number.POSITIVE_INFINITY) {
  const heard: (T | "end")[] = [];
  const subscription = stream$
    .pipe(take(count))
    .subscribe({ next: (value) => heard.push(value), complete: () => heard.push("end") });
  return { heard, subscription };
}

it("keeps what comes until somebody listens, passes it on once, and keeps again", () => {
  const buffered = new Buffered<number>();
  buffered.next(1);
  buffered.next(2);
  expect(buffered.waiting).toBe(2);
  const { heard, subscription } = listen(buffered);
  buffered.next(3);
  expect(heard).toEqual([1, 2, 3]);
  subscription.unsubscribe();
  buffered.next(4);
  expect(listen(buffered).heard).toEqual([4]);
});

it("keeps what a listener leaves", () => {
  const buffered = new Buffered<number>();
  for (const value of [1, 2, 3]) buffered.next(value);
  expect(listen(buffered, 1).heard).toEqual([1, "end"]);
  expect(listen(buffered).heard).toEqual([2, 3]);
});

it("has what was kept still there when it has completed, and takes no more", () => {
  const buffered = new Buffered<number>();
  buffered.next(1);
  buffered.complete();
  buffered.next(2);
  expect(listen(buffered).heard).toEqual([1, "end"]);
  expect(listen(buffered).heard).toEqual(["end"]);
});

it("forgets when told to", () => {
  const buffered = new Buffered<number>();
  buffered.next(1);
  buffered.clear();
  expect(listen(buffered).heard).toEqual([]);
});
