import { describe, expect, it } from "vitest";
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
  const servers$ = turnServers$(fetch, clock, () => 0);
  const subscription = servers$.subscribe((now) => seen.push([clock.now(), now[0]?.username]));
  return { clock, seen, asked: () => asked, servers$, subscription };
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

  it("emits none at once where the first fetch fails, and goes on trying", async () => {
    const { clock, seen } = setUp(unreachable, unreachable, { iceServers: servers("a"), ttl: 3_600 });
    await clock.advance(10_000);
    expect(seen.map(([, name]) => name)).toEqual([undefined, "a"]);
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

  it("replays the last to whoever comes, and stops with the last subscriber", async () => {
    const { clock, servers$, subscription, asked } = setUp({ iceServers: servers("a"), ttl: 3_600 });
    await clock.advance(0);
    let late: readonly IceServer[] = [];
    servers$
      .subscribe((now) => {
        late = now;
      })
      .unsubscribe();
    expect(late).toEqual(servers("a"));
    subscription.unsubscribe();
    await clock.advance(86_400_000);
    expect(asked()).toBe(1);
  });
});
