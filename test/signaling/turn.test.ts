import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import { turnServers$ } from "../../src/signaling/turn.ts";
import type { IceServer, TurnServers } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";

const unreachable = new TrunklineError("homeserver_unreachable", "no");
const servers = (name: string): IceServer[] => [{ urls: [`turn:${name}`], username: name, credential: "x" }];

/** A homeserver that gives the answers in turn, the last one again and again. */
function setUp(...answers: (TurnServers | Error)[]) {
  const clock = virtualClock();
  const seen: [number, string | undefined][] = [];
  let asked = 0;
  const fetch = async () => {
    const answer = answers[Math.min(asked, answers.length - 1)] as TurnServers | Error;
    asked += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const lists: (readonly IceServer[])[] = [];
  const reconnected$ = new Subject<void>();
  const subscription = turnServers$(fetch, clock, () => 0, reconnected$).subscribe((now) => {
    seen.push([clock.now(), now[0]?.username]);
    lists.push(now);
  });
  return { clock, seen, lists, asked: () => asked, reconnected$, subscription };
}

describe("turnServers$", () => {
  it("P29 refreshes ahead of the ttl", async () => {
    const { clock, seen } = setUp(
      { iceServers: servers("a"), ttl: 3_600 },
      { iceServers: servers("b"), ttl: 3_600 },
    );
    await clock.advance(3_600_000);
    expect(seen).toEqual([
      [0, "a"],
      [2_700_000, "b"],
    ]);
  });

  it("P29 emits none where the homeserver has none", async () => {
    const { clock, seen } = setUp({ iceServers: [], ttl: 3_600 });
    await clock.advance(0);
    expect(seen).toEqual([[0, undefined]]);
  });

  it("P29 says none only when that is certain: not while the first answer is still to come", async () => {
    const limited = new TrunklineError("rate_limited", "slow", { retryAfter: 20_000 });
    const { clock, seen } = setUp(limited, unreachable, { iceServers: servers("a"), ttl: 3_600 });
    await clock.advance(60_000);
    expect(seen.map(([, name]) => name)).toEqual(["a"]);
  });

  it("P29 says none where the homeserver does not give us any, and goes on asking", async () => {
    const forbidden = new TrunklineError("forbidden", "guests may not");
    const { clock, seen } = setUp(forbidden, unreachable, forbidden, {
      iceServers: servers("a"),
      ttl: 3_600,
    });
    await clock.advance(0);
    expect(seen).toEqual([[0, undefined]]);
    await clock.advance(60_000);
    expect(seen.map(([, name]) => name)).toEqual([undefined, "a"]);
  });

  it("tries at once when the connection is back, unless it was told how long to wait (P30)", async () => {
    const { clock, seen, asked, reconnected$ } = setUp(
      unreachable,
      new TrunklineError("rate_limited", "slow", { retryAfter: 20_000 }),
      { iceServers: servers("a"), ttl: 3_600 },
    );
    await clock.advance(100);
    reconnected$.next();
    await clock.advance(100);
    expect(asked()).toBe(2);
    reconnected$.next();
    await clock.advance(19_800);
    expect(asked()).toBe(2);
    await clock.advance(200);
    expect(seen).toEqual([[20_100, "a"]]);
    reconnected$.next();
    await clock.advance(0);
    expect(asked()).toBe(3);
  });

  it("P29 says when credentials lapse; servers without any do not", async () => {
    const stun = { urls: ["stun:a"] };
    const { clock, lists } = setUp({ iceServers: [...servers("a"), stun], ttl: 3_600 });
    await clock.advance(0);
    expect(lists).toEqual([[{ ...servers("a")[0], expiresAt: 3_600_000 }, stun]]);
  });

  it("P29 renews what lapsed while the machine slept, and says none where it cannot", async () => {
    const { clock, seen } = setUp(
      { iceServers: servers("a"), ttl: 3_600 },
      { iceServers: servers("b"), ttl: 3_600 },
      unreachable,
    );
    await clock.advance(600_000);
    clock.sleep(8 * 3_600_000);
    await clock.advance(0);
    expect(seen.map(([, name]) => name)).toEqual(["a", "b"]);
    clock.sleep(8 * 3_600_000);
    await clock.advance(0);
    expect(seen.map(([, name]) => name)).toEqual(["a", "b", undefined]);
  });

  it("asks again where a request never settles", async () => {
    const clock = virtualClock();
    let asked = 0;
    const fetch = async () => {
      asked += 1;
      if (asked === 1) await new Promise(() => {});
      return { iceServers: servers("a"), ttl: 3_600 };
    };
    const seen: (string | undefined)[] = [];
    const subscription = turnServers$(fetch, clock, () => 0).subscribe(([now]) => seen.push(now?.username));
    await clock.advance(41_000);
    expect(seen).toEqual(["a"]);
    subscription.unsubscribe();
    expect(clock.pending).toBe(0);
  });

  it("P29 never offers expired credentials, and keeps good ones while it can", async () => {
    const { clock, seen } = setUp({ iceServers: servers("a"), ttl: 3_600 }, unreachable);
    await clock.advance(3_600_000 - 1);
    expect(seen).toEqual([[0, "a"]]);
    await clock.advance(1);
    expect(seen).toEqual([
      [0, "a"],
      [3_600_000, undefined],
    ]);
  });

  it("P29 waits as long as a homeserver that limits it says", async () => {
    const { clock, asked } = setUp(new TrunklineError("rate_limited", "slow", { retryAfter: 20_000 }));
    await clock.advance(19_999);
    expect(asked()).toBe(1);
    await clock.advance(1);
    expect(asked()).toBe(2);
  });

  it.each([0, -1, Number.NaN, 1e12])("does not run wild with a ttl of %d s", async (ttl) => {
    const { clock, asked } = setUp({ iceServers: servers("a"), ttl });
    await clock.advance(3 * 60_000);
    expect(asked()).toBeLessThan(6);
    await clock.advance(ttl > 0 ? 86_400_000 : 600_000);
    expect(asked()).toBeGreaterThan(1);
  });

  it("stops with its subscriber", async () => {
    const { clock, subscription, asked } = setUp({ iceServers: servers("a"), ttl: 3_600 });
    await clock.advance(0);
    subscription.unsubscribe();
    await clock.advance(86_400_000);
    expect(asked()).toBe(1);
    expect(clock.pending).toBe(0);
  });
});

describe("an engine's ICE servers", () => {
  it("P29 are never handed out after they lapsed, not even before the engine itself has woken", async () => {
    const clock = virtualClock();
    const transport = createMemoryRooms({ clock }).connect({ userId: "@alice:test", deviceId: "A" });
    let asked = 0;
    transport.turnServers = async () => ({ iceServers: servers(`${++asked}`), ttl: 3_600 });
    const engine = createEngine({ transport, clock });
    await clock.advance(0);
    const names = () => {
      const seen: unknown[] = [];
      engine.iceServers$.subscribe(([server]) => seen.push(server?.username));
      return seen;
    };
    expect(names()).toEqual(["1"]);
    clock.sleep(2 * 3_600_000);
    const seen = names();
    expect(seen).toEqual([]);
    await clock.advance(0);
    expect(seen).toEqual(["2"]);
    await engine.close();
    expect(clock.pending).toBe(0);
  });
});
