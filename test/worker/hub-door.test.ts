import { lastValueFrom, Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Memory } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { createDoor, type Login, type TabStart } from "../../src/worker/hub-door.ts";
import { rememberingEngine, settled, tabLocks, watch } from "./hub-world.ts";
import { code } from "./stand-in.ts";

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
    const { tab, made, asked, clock } = world();
    tab({});
    const { seen } = tab({ tab: "b", accessToken: "two" });
    await settled();
    expect([asked, made.length, seen.end]).toEqual([["two"], 1, undefined]);
    expect(await made[0]?.refresh()).toBe("two");
    const refused = code(made[0]?.refresh() as Promise<string>);
    await clock.advance(5_000);
    expect(await refused).toBe("unknown_token");
    for (const accessToken of ["two", "one"]) tab({ tab: "c", accessToken });
    await settled();
    expect([asked, clock.pending]).toEqual([["two"], 0]);
  });

  it("ends that tab alone with invalid_option where it is another login's", async () => {
    const { tab, engines, made, clock } = world(fail("invalid_option"));
    const { seen } = tab({});
    const stranger = tab({ tab: "b", accessToken: "two" }).seen;
    await settled();
    expect(stranger.end).toMatchObject({
      code: "invalid_option",
      message: expect.stringContaining("of one login"),
    });
    expect([seen.end, engines[0]?.closed]).toEqual([undefined, 0]);
    const refused = code(made[0]?.refresh() as Promise<string>);
    await clock.advance(5_000);
    expect(await refused).toBe("unknown_token");
  });

  it("lets in a tab whose token has expired, and uses that token for nothing", async () => {
    const { tab, engines, made, clock } = world(fail("unknown_token"));
    const { seen } = tab({ accessToken: "two" });
    const returning = tab({ tab: "b", accessToken: "one", memory: { calls: [] } });
    await settled();
    expect([seen.end, returning.seen.end, engines[0]?.closed]).toEqual([undefined, undefined, 0]);
    const place = { roomId: "!room:example.org", callId: "call", type: "place" } as const;
    await returning.half.dispatch(place);
    expect(engines[0]?.dispatched).toEqual([place]);
    const refused = code(made[0]?.refresh() as Promise<string>);
    await clock.advance(5_000);
    expect(await refused).toBe("unknown_token");
  });

  it("has the engine whose token is refused wait for the one that is being verified", async () => {
    const verified = new Subject<void>();
    const { tab, made, clock } = world(() => lastValueFrom(verified, { defaultValue: undefined }));
    tab({});
    tab({ tab: "b", accessToken: "two" });
    const renewed = made[0]?.refresh();
    await clock.advance(20_000);
    verified.complete();
    expect(await renewed).toBe("two");
  });

  it("has the engine whose token is refused wait for a tab that brings another", async () => {
    const { tab, made, clock } = world();
    tab({});
    const renewed = made[0]?.refresh();
    await clock.advance(4_999);
    tab({ tab: "b", accessToken: "two" });
    expect(await renewed).toBe("two");
    await clock.advance(1);
    expect(clock.pending).toBe(0);
  });

  it("gives the engine a token once, though several tabs bring it at the same time", async () => {
    const answers: Subject<void>[] = [];
    const { tab, made } = world(() => {
      const answer = new Subject<void>();
      answers.push(answer);
      return lastValueFrom(answer, { defaultValue: undefined });
    });
    tab({});
    for (const name of ["b", "c"]) tab({ tab: name, accessToken: "two" });
    const renewed = made[0]?.refresh();
    answers[0]?.complete();
    expect(await renewed).toBe("two");
    answers[1]?.complete();
    await settled();
    // That is refused in turn, and a tab brings the next a moment later.
    const next = made[0]?.refresh();
    tab({ tab: "d", accessToken: "three" });
    answers[2]?.complete();
    expect(await next).toBe("three");
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
