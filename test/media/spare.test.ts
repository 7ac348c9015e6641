import { BehaviorSubject, NEVER, Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { keepSpare } from "../../src/media/spare.ts";
import type { IceServer } from "../../src/streams/contract.ts";

class FakeConnection {
  closed = false;
  close() {
    this.closed = true;
  }
}

const turn = (username: string): readonly IceServer[] => [{ urls: ["turn:t.test"], username }];

function setUp(stale$: Subject<void> | typeof NEVER = NEVER) {
  const servers$ = new BehaviorSubject(turn("a"));
  const made: FakeConnection[] = [];
  const spare = keepSpare(servers$, stale$, () => {
    const connection = new FakeConnection();
    made.push(connection);
    return connection as unknown as RTCPeerConnection;
  });
  return { servers$, made, spare };
}

describe("a connection that is kept ready", () => {
  it("is made again when it is out of date, and the old one closed", () => {
    const stale = new Subject<void>();
    const { made, spare } = setUp(stale);
    stale.next();
    expect(made.map(({ closed }) => closed)).toEqual([true, false]);
    expect(spare.take(turn("a"))).toBe(made[1]);
  });

  it("is made again when servers come, though they look the same: they were renewed", () => {
    const { servers$, made, spare } = setUp();
    servers$.next(turn("a"));
    servers$.next(turn("b"));
    expect(made.map(({ closed }) => closed)).toEqual([true, true, false]);
    expect(spare.take(turn("a"))).toBeUndefined();
    expect(spare.take(turn("b"))).toBe(made[2]);
  });

  it("is nobody's business once it was taken", () => {
    const stale = new Subject<void>();
    const { made, spare } = setUp(stale);
    spare.take(turn("a"));
    spare.refill();
    stale.next();
    spare.close();
    stale.next();
    expect(made.map(({ closed }) => closed)).toEqual([false, true, true]);
  });

  it("is closed where there are no servers any more", () => {
    const { servers$, made, spare } = setUp();
    servers$.error(new Error("the engine is lost"));
    expect(made.map(({ closed }) => closed)).toEqual([true]);
    expect(spare.take(turn("a"))).toBeUndefined();
  });
});
