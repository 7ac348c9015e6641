import { asapScheduler, interval, observeOn, of, take, timeout, timer } from "rxjs";
import { describe, expect, it, vi } from "vitest";
import { createClock, platform, realClock } from "../../src/streams/clock.ts";
import { silence } from "../../src/worker/silence.ts";
import { machine } from "./machine.ts";

const HOUR = 3_600_000;

function world() {
  const computer = machine();
  const clock = createClock(computer.platform);
  const start = clock.now();
  return { computer, clock, since: () => clock.now() - start };
}

describe("a clock that counts sleep", () => {
  it("counts what the monotonic clock does not", () => {
    const { computer, since } = world();
    computer.awake(5_000);
    computer.sleep(8 * HOUR);
    expect(since()).toBe(8 * HOUR + 5_000);
    computer.awake(1_000);
    expect(since()).toBe(8 * HOUR + 6_000);
  });

  it("begins by the wall clock, where the machine slept before it was made", () => {
    const computer = machine();
    computer.sleep(HOUR);
    expect(createClock(computer.platform).now()).toBe(computer.platform.wall());
  });

  it("is disturbed neither by a wall clock that is set back, nor by one that is nudged", () => {
    const { computer, since } = world();
    computer.setBack(HOUR);
    expect(since()).toBe(0);
    computer.awake(1_000);
    for (let i = 0; i < 100; i += 1) {
      computer.sleep(1_000);
      since();
      computer.setBack(1_000);
      since();
    }
    expect(since()).toBe(1_000);
    computer.sleep(10_000);
    expect(since()).toBe(11_000);
  });

  it("counts no sleep where only timers are late", () => {
    const { computer, clock, since } = world();
    timer(10_000, clock).subscribe();
    computer.throttled(60_000);
    computer.awake(0);
    expect(since()).toBe(60_000);
    expect(computer.timers).toBe(0);
  });
});

describe("what is scheduled by it", () => {
  it("that came due during sleep is done within a minute of waking, in order; the rest in its time", () => {
    const { computer, clock, since } = world();
    const fired: [string, number][] = [];
    const at = (name: string, ms: number) => timer(ms, clock).subscribe(() => fired.push([name, since()]));
    at("next day", 24 * HOUR);
    at("second", 2 * HOUR);
    at("first", HOUR);
    at("short", 500);
    computer.awake(100);
    computer.sleep(12 * HOUR);
    computer.awake(60_000);
    expect(fired.map(([name]) => name).filter((name) => name !== "short")).toEqual(["first", "second"]);
    expect(fired.map(([name]) => name)).toContain("short");
    for (const [, ms] of fired) expect(ms).toBeLessThanOrEqual(12 * HOUR + 60_100);
    computer.awake(12 * HOUR);
    expect(fired.at(-1)).toEqual(["next day", 24 * HOUR]);
    expect(computer.timers).toBe(0);
  });

  it.each([5_000, 90_000])(
    "is late by no more than a tenth of its wait: %i ms, a longer one waiting or not",
    (wait) => {
      for (const longer of [false, true]) {
        const { computer, clock } = world();
        let fired = false;
        if (longer) timer(HOUR, clock).subscribe();
        computer.awake(30_000);
        timer(wait, clock).subscribe(() => {
          fired = true;
        });
        computer.awake(100);
        computer.sleep(wait);
        computer.awake(Math.max(1_000, wait / 10));
        expect(fired).toBe(true);
      }
    },
  );

  it("is seen to as soon as anybody looks at the clock", () => {
    const { computer, clock } = world();
    let fired = false;
    timer(HOUR, clock).subscribe(() => {
      fired = true;
    });
    computer.sleep(2 * HOUR);
    clock.now();
    expect(fired).toBe(false);
    computer.awake(0);
    expect(fired).toBe(true);
  });

  it("leaves no timer when nothing waits: not after firing, nor after unsubscription, nor by itself", () => {
    const { computer, clock } = world();
    expect(computer.timers).toBe(0);
    const [one, other] = [timer(HOUR, clock).subscribe(), timer(HOUR, clock).subscribe()];
    one.unsubscribe();
    expect(computer.timers).toBe(2); // the other, and the watch
    other.unsubscribe();
    expect(computer.timers).toBe(0);
    timer(HOUR, clock).subscribe();
    computer.awake(HOUR);
    expect(computer.timers).toBe(0);
    const short = timer(500, clock).subscribe();
    expect(computer.timers).toBe(1);
    short.unsubscribe();
    expect(computer.timers).toBe(0);
  });

  it("does what rxjs asks of a scheduler", () => {
    const { computer, clock, since } = world();
    const ticks: number[] = [];
    interval(2_000, clock)
      .pipe(take(3))
      .subscribe(() => ticks.push(since()));
    computer.awake(10_000);
    expect(ticks).toEqual([2_000, 4_000, 6_000]);
    const failed: unknown[] = [];
    interval(HOUR, clock)
      .pipe(timeout({ each: 3_000, scheduler: clock }))
      .subscribe({ error: ({ name }) => failed.push(name) });
    computer.awake(3_000);
    expect(failed).toEqual(["TimeoutError"]);
    const states: unknown[] = [];
    const counting = clock.schedule<number>(
      function (n = 0) {
        states.push(n);
        this.schedule(n + 1, 10);
      },
      10,
      1,
    );
    computer.awake(35);
    counting.unsubscribe();
    expect(counting.closed).toBe(true);
    computer.awake(100);
    expect(states).toEqual([1, 2, 3]);
    expect(computer.timers).toBe(0);
  });

  it("an action that is scheduled anew waits once, and one that is over never", () => {
    const { computer, clock } = world();
    let count = 0;
    const action = clock.schedule(() => count++, 5_000);
    (action as ReturnType<typeof clock.schedule> & { schedule(state: undefined, ms: number): void }).schedule(
      undefined,
      8_000,
    );
    computer.awake(7_000);
    expect(count).toBe(0);
    computer.awake(1_000);
    expect(count).toBe(1);
    action.unsubscribe();
    (action as never as { schedule(state: undefined, ms: number): void }).schedule(undefined, 0);
    expect(computer.timers).toBe(0);
  });

  it("a worker is not taken for silent because the machine slept", () => {
    const { computer, clock } = world();
    let asked = 0;
    let lost = false;
    silence({
      ask: () => asked++,
      alive$: of().pipe(observeOn(asapScheduler)),
      limit: () => 4,
      clock,
    }).subscribe(() => {
      lost = true;
    });
    computer.awake(4_500);
    computer.sleep(HOUR);
    computer.awake(4_000);
    expect(lost).toBe(false);
    computer.awake(2_000);
    expect(lost).toBe(true);
  });
});

it("real time counts the time that the machine slept", () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  try {
    const clock = createClock(platform);
    const before = clock.now();
    const fired: number[] = [];
    timer(2 * HOUR, clock).subscribe(() => fired.push(clock.now() - before));
    vi.setSystemTime(Date.now() + 8 * HOUR); // performance.now() and timers stand still
    vi.advanceTimersByTime(60_010);
    expect(clock.now() - before).toBeGreaterThanOrEqual(8 * HOUR);
    expect(fired).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it("real time goes on, and its timers fire and can be called off", async () => {
  expect(realClock.now()).toBeGreaterThan(0);
  const clock = createClock(platform);
  const before = clock.now();
  expect(Math.abs(before - Date.now())).toBeLessThan(1_500);
  timer(0, clock)
    .subscribe(() => expect.unreachable())
    .unsubscribe();
  await new Promise<void>((resolve) => timer(1, clock).subscribe(() => resolve()));
  expect(clock.now()).toBeGreaterThan(before);
});
