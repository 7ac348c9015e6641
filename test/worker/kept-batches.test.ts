import { Observable, of, type Subscription } from "rxjs";
import { describe, expect, it } from "vitest";
import type { EventBatch, RoomEvent } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { type KeptBatches, keepBatches } from "../../src/worker/kept-batches.ts";

const batch = (id: number): EventBatch => ({ live: true, events: [eventOf(id)], position: "its own" });

const eventOf = (id: number): RoomEvent => ({
  roomId: "!room:example.org",
  eventId: `${id}`,
  sender: "@alice:example.org",
  type: "m.call.invite",
  content: {},
  encrypted: false,
  age: 50,
});

const clock = virtualClock();

/** A source, and how often it is read now. */
function source() {
  const state = { readers: 0, total: 0, next: (_at: number) => {}, error: (_error: unknown) => {} };
  const batches$ = new Observable<EventBatch>((subscriber) => {
    state.readers++;
    state.total++;
    state.next = (at) => subscriber.next(batch(at));
    state.error = (error) => subscriber.error(error);
    return () => state.readers--;
  });
  return { state, kept: keepBatches(batches$, clock) };
}

/** An engine that reads: what it got, by time and position. */
function reader(kept: KeptBatches) {
  const got: string[] = [];
  const reading: Subscription = kept.batches$.subscribe({
    next: ({ events, position }) => got.push(`${events[0]?.eventId}@${position}`),
    error: ({ code }) => got.push(code),
    complete: () => got.push("completed"),
  });
  return { got, reading };
}

describe("batches that are kept for the next engine", () => {
  it("are not read before somebody wants them, and then once", () => {
    const { state, kept } = source();
    expect(state.total).toBe(0);
    reader(kept).reading.unsubscribe();
    reader(kept);
    expect(state).toMatchObject({ readers: 1, total: 1 });
  });

  it("are read on while there is no engine, and given to the next in order", () => {
    const { state, kept } = source();
    const first = reader(kept);
    state.next(10);
    kept.read("1");
    first.reading.unsubscribe();
    state.next(20);
    state.next(30);
    const second = reader(kept);
    state.next(40);
    expect(first.got).toEqual(["10@1"]);
    expect(second.got).toEqual(["20@2", "30@3", "40@4"]);
  });

  it("are given again where the engine died before it had read them to their end", () => {
    const { state, kept } = source();
    const first = reader(kept);
    for (const at of [10, 20, 30]) state.next(at);
    kept.read("1");
    kept.read("unheard of");
    first.reading.unsubscribe();
    expect(reader(kept).got).toEqual(["20@2", "30@3"]);
  });

  it("P8 grow older while they wait, and count from their arrival where they have no age", async () => {
    const { kept, state } = source();
    reader(kept).reading.unsubscribe();
    state.next(1);
    await clock.advance(30_000);
    state.next(2);
    await clock.advance(1_000);
    const ages: unknown[] = [];
    kept.batches$.subscribe(({ events }) => ages.push(events[0]?.age));
    state.next(3);
    expect(ages).toEqual([31_050, 1_050, 50]);
    const [event] = batch(4).events;
    const { age: _, ...ageless } = event as RoomEvent;
    for (const live of [true, false]) {
      const others = keepBatches(of({ live, events: [ageless] }), clock);
      others.batches$.subscribe().unsubscribe();
      await clock.advance(7_000);
      others.batches$.subscribe(({ events }) => ages.push(events[0]?.age));
    }
    expect(ages.slice(3)).toEqual([7_000, Number.POSITIVE_INFINITY]);
  });

  it("are bounded: the oldest of more than a thousand are lost", () => {
    const { state, kept } = source();
    reader(kept).reading.unsubscribe();
    for (let at = 1; at <= 1_500; at++) state.next(at);
    const { got } = reader(kept);
    expect(got).toHaveLength(1_000);
    expect([got.at(0), got.at(-1)]).toEqual(["501@501", "1500@1500"]);
  });

  it("end as the source ends, for an engine that comes later too", () => {
    const { state, kept } = source();
    const first = reader(kept);
    state.next(10);
    state.error(new TrunklineError("unknown_token", "Log in again"));
    expect(first.got).toEqual(["10@1", "unknown_token"]);
    expect(reader(kept).got).toEqual(["10@1", "unknown_token"]);
    expect(reader(keepBatches(of(batch(1), batch(2)), clock)).got).toEqual(["1@1", "2@2", "completed"]);
  });

  it("are read no more when they are closed", () => {
    const { state, kept } = source();
    reader(kept);
    kept.close();
    expect(state.readers).toBe(0);
    keepBatches(of(batch(1)), clock).close();
  });
});
