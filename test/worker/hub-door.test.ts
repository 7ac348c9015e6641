import { describe, expect, it } from "vitest";
import type { Memory } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { createDoor, type Login, type TabStart } from "../../src/worker/hub-door.ts";
import { rememberingEngine, settled, tabLocks, watch } from "./hub-world.ts";

const START: TabStart = {
  homeserver: "https://example.org/",
  accessToken: "one",
  userId: "@me:example.org",
  deviceId: "DEVICE",
  tab: "a",
};

type Engine = ReturnType<typeof rememberingEngine>;

function world(identify: (login: Login) => Promise<unknown> = async () => undefined) {
  const clock = virtualClock();
  const locks = tabLocks();
  const engines: Engine[] = [];
  const made: { readonly login: Login; readonly memory: Memory | undefined; refresh(): Promise<string> }[] =
    [];
  const asked: string[] = [];
  const enter = createDoor({
    createEngine(login, memory, refresh) {
      made.push({ login, memory, refresh });
      const engine = rememberingEngine();
      engines.push(engine);
      return engine;
    },
    identify(login) {
      asked.push(login.accessToken);
      return identify(login);
    },
    gone: locks.gone,
    clock,
    random: () => 0,
  });
  const tab = (start: Partial<TabStart>) => {
    const half = enter({ ...START, ...start });
    return { half, seen: watch(half) };
  };
  return { ...locks, clock, engines, made, asked, tab };
}

const fail = (code: TrunklineError["code"]) => async () => {
  throw new TrunklineError(code, "No");
};

describe("the door to the hub", () => {
  it("makes one engine for all tabs of a login, and asks nobody about a token that is in use", async () => {
    const { tab, made, asked } = world();
    tab({});
    tab({ tab: "b" });
    await settled();
    const { tab: _tab, ...login } = START;
    expect(made.map(({ login }) => login)).toEqual([login]);
    expect(asked).toEqual([]);
  });

  it("makes another engine for the tab that comes after the last, or after the engine's own end", async () => {
    const { tab, made, engines } = world();
    const { half } = tab({});
    const closing = half.close();
    tab({ tab: "b", accessToken: "two" });
    await closing;
    expect(made.map(({ login }) => login.accessToken)).toEqual(["one", "two"]);
    await settled();
    engines[1]?.signals.error(new TrunklineError("unknown_token", "Who are you?"));
    tab({ tab: "c", accessToken: "three" });
    expect(made).toHaveLength(3);
  });

  it("hands the memory of a lost hub to the engine that it makes", () => {
    const { tab, made } = world();
    tab({ memory: { position: "s1", calls: [] } });
    expect(made[0]?.memory).toEqual({ position: "s1", calls: [] });
  });

  it.each([{ userId: "@you:example.org" }, { deviceId: "OTHER" }, { homeserver: "https://example.com/" }])(
    "refuses another login with invalid_option: %o",
    async (other) => {
      const { tab } = world();
      const { seen } = tab({});
      expect(() => tab({ tab: "b", ...other })).toThrow(
        expect.objectContaining({ code: "invalid_option", message: expect.stringContaining("of one login") }),
      );
      await settled();
      expect(seen.end).toBeUndefined();
    },
  );
});

describe("the door to the hub, and a tab with another token", () => {
  it("lets it in once the homeserver knows the token, and keeps that for when the one in use expires", async () => {
    const { tab, made, asked } = world();
    tab({});
    await expect(made[0]?.refresh()).rejects.toMatchObject({ code: "unknown_token" });
    const { seen } = tab({ tab: "b", accessToken: "two" });
    await settled();
    expect([asked, made.length, seen.end]).toEqual([["two"], 1, undefined]);
    expect(await made[0]?.refresh()).toBe("two");
    await expect(made[0]?.refresh()).rejects.toMatchObject({ code: "unknown_token" });
    tab({ tab: "c", accessToken: "two" });
    await settled();
    expect(asked).toEqual(["two"]);
  });

  it.each([
    ["invalid_option", "of one login"],
    ["unknown_token", "No"],
  ] as const)("ends that tab alone with %s where the homeserver does not", async (code, remedy) => {
    const { tab, engines, made } = world(fail(code));
    const { seen } = tab({});
    const stranger = tab({ tab: "b", accessToken: "two" }).seen;
    await settled();
    expect(stranger.end).toMatchObject({ code, message: expect.stringContaining(remedy) });
    expect([seen.end, engines[0]?.closed]).toEqual([undefined, 0]);
    await expect(made[0]?.refresh()).rejects.toMatchObject({ code: "unknown_token" });
  });

  it("asks again for as long as the homeserver cannot be reached", async () => {
    let up = false;
    const { tab, clock, asked } = world(async () => up || fail("homeserver_unreachable")());
    tab({});
    const { seen } = tab({ tab: "b", accessToken: "two" });
    await clock.advance(1_000);
    up = true;
    await clock.advance(1_000);
    expect([asked, seen.end]).toEqual([["two", "two", "two"], undefined]);
    expect(clock.pending).toBe(0);
  });

  it("gives up asking when the tab goes", async () => {
    const { tab, clock, crash } = world(fail("homeserver_unreachable"));
    tab({});
    tab({ tab: "b", accessToken: "two" });
    await clock.advance(100);
    expect(clock.pending).toBe(1);
    crash("b");
    await settled();
    expect(clock.pending).toBe(0);
  });
});
