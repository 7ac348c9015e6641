import { NEVER, Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { armHangup, type DelayedHangupRef } from "../../src/signaling/dead-man.ts";
import { encode } from "../../src/signaling/encode.ts";
import { MemoryDelayed } from "../../src/signaling/transports/memory-delayed.ts";
import type { DelayedEvents } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { type VirtualClock, virtualClock } from "../../src/testing/clock.ts";
import { callsWorld, endOf, inviteBy, said } from "./calls-world.ts";
import { alice, answer, bob, ref } from "./support.ts";

const hangup = encode.delayedHangup({ ...ref, partyId: "A1" });

/** The first that a homeserver is asked, in ms from the beginning. */
const SETTLED = 2_000;

type Fault = TrunklineError | "gone" | "silent";

/**
 * What a homeserver was asked to do with delayed events, and when, in ms from the first moment that it may be asked. It
 * does as it is asked, but for its faults: `gone`, the event no longer waits; `silent`, no answer ever comes.
 */
function homeserver(clock: VirtualClock) {
  const asked: string[] = [];
  const faults: Fault[] = [];
  const held: (() => void)[] = [];
  const txnIds: string[] = [];
  const byTxn = new Map<string, string>();
  let holding = false;
  const request = async (what: string) => {
    asked.push(`${clock.now() - SETTLED} ${what}`);
    if (holding) await new Promise<void>((resolve) => held.push(resolve));
    const fault = faults.shift();
    if (fault === "silent") await new Promise(() => {});
    if (fault instanceof TrunklineError) throw fault;
    return fault !== "gone";
  };
  const events: DelayedEvents = {
    async schedule(roomId, type, content, txnId, delay) {
      txnIds.push(txnId);
      expect([roomId, type, content, delay]).toEqual([ref.roomId, hangup.type, hangup.content, 50_000]);
      await request("schedule");
      const id = byTxn.get(txnId) ?? `D${byTxn.size + 1}`;
      byTxn.set(txnId, id);
      return id;
    },
    restart: (id) => request(`restart ${id}`),
    cancel: (id) => request(`cancel ${id}`).then(() => {}),
  };
  return {
    events,
    asked,
    faults,
    txnIds,
    hold() {
      holding = true;
    },
    release() {
      holding = false;
      for (const go of held.splice(0)) go();
    },
  };
}

function setUp(
  options: { delayed?: () => Promise<DelayedEvents | undefined>; earlier?: DelayedHangupRef } = {},
) {
  const clock = virtualClock();
  const server = homeserver(clock);
  const reconnected$ = new Subject<void>();
  const scheduled: DelayedHangupRef[] = [];
  const make = () =>
    armHangup({
      delayed: options.delayed ?? (async () => server.events),
      roomId: ref.roomId,
      event: hangup,
      txnId: "txn",
      earlier: options.earlier,
      onScheduled: (made) => scheduled.push(made),
      reconnected$,
      clock,
      random: () => 0,
    });
  const begin = async () => {
    const armed = make();
    await clock.advance(SETTLED);
    return armed;
  };
  return { clock, make, begin, reconnected$, scheduled, ...server };
}
const error = (code: TrunklineError["code"], retryAfter?: number) =>
  new TrunklineError(code, code, retryAfter === undefined ? {} : { retryAfter });
const away = () => error("homeserver_unreachable");

describe("a delayed hangup", () => {
  it("P34 is not asked for in the first 2 s: what is over by then costs the homeserver nothing", async () => {
    const { clock, make, asked } = setUp();
    const armed = make();
    await clock.advance(SETTLED - 1);
    await armed.cancel();
    await clock.advance(60_000);
    expect(asked).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("P34 is scheduled and put off every 10 s, until it is called off", async () => {
    const { clock, begin, asked } = setUp();
    const armed = await begin();
    await clock.advance(25_000);
    expect(asked).toEqual(["0 schedule", "10000 restart D1", "20000 restart D1"]);
    await armed.cancel();
    expect(asked.at(-1)).toBe("25000 cancel D1");
    await clock.advance(60_000);
    expect(asked).toHaveLength(4);
    expect(clock.pending).toBe(0);
  });

  it("P34 goes out where it is stopped and not called off", async () => {
    const { clock, begin, asked, reconnected$ } = setUp();
    const armed = await begin();
    await clock.advance(5_000);
    armed.stop();
    await clock.advance(60_000);
    expect(asked).toEqual(["0 schedule"]);
    expect(clock.pending).toBe(0);
    expect(reconnected$.observed).toBe(false);
  });

  it("P34 is called off even while it is being scheduled", async () => {
    const { clock, begin, asked, hold, release } = setUp();
    hold();
    const armed = await begin();
    await clock.advance(1);
    const gone = armed.cancel();
    await clock.advance(1);
    release();
    await gone;
    expect(asked).toEqual(["0 schedule", "2 cancel D1"]);
    expect(clock.pending).toBe(0);
  });

  it("P34 is not scheduled for a call that is over before it is known whether it can be", async () => {
    let tell: (events: DelayedEvents) => void = () => {};
    const { clock, begin, asked, events } = setUp({
      delayed: () =>
        new Promise((resolve) => {
          tell = resolve;
        }),
    });
    (await begin()).stop();
    tell(events);
    await clock.advance(60_000);
    expect(asked).toEqual([]);
  });

  it.each<[string, () => Promise<DelayedEvents | undefined>]>([
    ["cannot", async () => undefined],
    ["will not say", () => Promise.reject(error("forbidden"))],
  ])("P34 does nothing where the homeserver %s", async (_what, delayed) => {
    const { clock, begin } = setUp({ delayed });
    const armed = await begin();
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
    await armed.cancel();
  });

  it("P30 P34 schedules again under the same transaction id, when the homeserver allows it, and puts it off at once", async () => {
    const { clock, begin, asked, faults, txnIds } = setUp();
    faults.push(error("rate_limited", 45_000), away());
    await begin();
    await clock.advance(46_000);
    // The first attempt may have scheduled it, 46 s ago.
    expect(asked).toEqual(["0 schedule", "45000 schedule", "46000 schedule", "46000 restart D1"]);
    expect(new Set(txnIds).size).toBe(1);
  });

  it("P30 P34 calls it off where the homeserver limits us for longer than it waits, and has another after that", async () => {
    const { clock, begin, asked, faults, txnIds } = setUp();
    await begin();
    await clock.advance(9_999);
    faults.push(error("rate_limited", 50_000));
    await clock.advance(52_000);
    expect(asked).toEqual([
      "0 schedule",
      "10000 restart D1",
      "10000 cancel D1",
      "60000 schedule",
      "60000 restart D2",
    ]);
    expect(new Set(txnIds).size).toBe(2);
  });

  it.each(["forbidden", "unknown_token"] as const)("P34 gives up after %s", async (code) => {
    for (const healthy of [0, 1]) {
      const { clock, begin, asked, faults } = setUp();
      if (healthy === 0) faults.push(error(code));
      const armed = await begin();
      await clock.advance(1);
      faults.push(error(code), error(code));
      await clock.advance(120_000);
      expect(asked).toEqual(healthy ? ["0 schedule", "10000 restart D1", "10000 cancel D1"] : ["0 schedule"]);
      await armed.cancel();
      expect(clock.pending).toBe(0);
    }
  });
});

describe("P34 a homeserver that is away", () => {
  it("never has it called off: it is tried again, every 4 s at the longest", async () => {
    const { clock, begin, asked, faults } = setUp();
    await begin();
    faults.push(...Array.from({ length: 200 }, away));
    await clock.advance(300_000);
    expect(asked.filter((what) => what.includes("cancel"))).toEqual([]);
    expect(asked.length).toBeGreaterThan(300_000 / 4_000 - 5);
    expect(asked.length).toBeLessThan(300_000 / 4_000 + 5);
  });

  it("is tried at once when the connection is back, if that had failed", async () => {
    const { clock, begin, asked, faults, reconnected$ } = setUp();
    await begin();
    reconnected$.next();
    await clock.advance(9_999);
    expect(asked).toHaveLength(1);
    faults.push(...Array.from({ length: 5 }, away));
    await clock.advance(8_001);
    expect(asked.at(-1)).toBe("17500 restart D1");
    await clock.advance(500);
    faults.splice(0);
    reconnected$.next();
    await clock.advance(1);
    expect(asked.at(-1)).toBe("18500 restart D1");
    await clock.advance(10_000);
    expect(asked.at(-1)).toBe("28500 restart D1");
    expect(asked).toHaveLength(8);
  });

  it("P30 is not tried before the time that it gave, connected or not", async () => {
    const { clock, begin, asked, faults, reconnected$ } = setUp();
    await begin();
    faults.push(error("rate_limited", 20_000));
    await clock.advance(11_000);
    reconnected$.next();
    await clock.advance(18_999);
    expect(asked).toHaveLength(2);
    await clock.advance(1);
    expect(asked.at(-1)).toBe("30000 restart D1");
  });

  it("has a request that is never answered given up after 5 s", async () => {
    const { clock, begin, asked, faults } = setUp();
    const armed = await begin();
    faults.push("silent", "silent");
    await clock.advance(21_500);
    expect(asked).toEqual(["0 schedule", "10000 restart D1", "15500 restart D1", "21500 restart D1"]);
    faults.push("silent");
    await clock.advance(10_000);
    const gone = armed.cancel();
    await clock.advance(5_000);
    await gone;
    expect(asked.at(-1)).toBe("36500 cancel D1");
    expect(clock.pending).toBe(0);
  });

  /** The worst moments for it to go, to the quarter of a second, each way that a request can fail. */
  const outages = [9_750, 10_000, 10_250, 11_000, 12_000, 15_000, 19_750].flatMap((from) =>
    [0, 0.5, 0.99].flatMap((chance) => [true, false].map((isSilent) => [from, chance, isSilent] as const)),
  );
  it.each(outages)(
    "for 30 s, from %d ms on, ends nothing (chance %d, silent: %s)",
    async (from, chance, isSilent) => {
      const clock = virtualClock();
      const waiting = new MemoryDelayed(clock);
      let isAway = false;
      let sent = 0;
      const ask = async <T>(work: () => T): Promise<T> => {
        if (isAway && isSilent) await new Promise(() => {});
        if (isAway) throw away();
        return work();
      };
      const armed = armHangup({
        delayed: async () => ({
          schedule: (_room, _type, _content, _txn, delay) =>
            ask(() =>
              waiting.schedule(delay, () => {
                sent += 1;
              }),
            ),
          restart: (id) => ask(() => waiting.restart(id)),
          cancel: (id) => ask(() => waiting.cancel(id)),
        }),
        roomId: ref.roomId,
        event: hangup,
        txnId: "txn",
        earlier: undefined,
        onScheduled: () => {},
        // The sync never notices.
        reconnected$: NEVER,
        clock,
        random: () => chance,
      });
      await clock.advance(SETTLED + from);
      isAway = true;
      await clock.advance(30_000);
      isAway = false;
      await clock.advance(120_000);
      expect(sent).toBe(0);
      armed.stop();
      await clock.advance(60_000);
      expect(sent).toBe(1);
    },
  );
});

describe("P34 a delayed hangup that went out", () => {
  it("is followed by another, of another transaction id", async () => {
    const { clock, begin, asked, faults, txnIds, scheduled } = setUp();
    await begin();
    await clock.advance(10_000);
    faults.push("gone");
    await clock.advance(21_000);
    expect(asked).toEqual([
      "0 schedule",
      "10000 restart D1",
      "20000 restart D1",
      "20000 schedule",
      "30000 restart D2",
    ]);
    expect(txnIds).toEqual(["txn.0", "txn.1"]);
    expect(scheduled).toEqual([
      { id: "D1", renewals: 0 },
      { id: "D2", renewals: 1 },
    ]);
  });

  it("is followed by another though it was never put off, if that was its time", async () => {
    const { clock, begin, faults, txnIds } = setUp();
    await begin();
    faults.push(...Array.from({ length: 13 }, away), "gone");
    await clock.advance(70_000);
    expect(txnIds).toEqual(["txn.0", "txn.1"]);
  });

  it("is followed by none where the homeserver loses them: they may all be sent", async () => {
    const { clock, begin, asked, faults } = setUp();
    await begin();
    faults.push("gone");
    await clock.advance(120_000);
    expect(asked).toEqual(["0 schedule", "10000 restart D1"]);
    expect(clock.pending).toBe(0);
  });

  it("is not followed by another in a call that is over", async () => {
    const { clock, begin, asked, faults, hold, release } = setUp();
    const armed = await begin();
    await clock.advance(9_999);
    hold();
    faults.push("gone");
    await clock.advance(1);
    armed.stop();
    release();
    await clock.advance(60_000);
    expect(asked).toEqual(["0 schedule", "10000 restart D1"]);
  });
});

describe("P34 a delayed hangup of an engine that was lost", () => {
  it("is put off at once, by its id", async () => {
    const { clock, make, asked } = setUp({ earlier: { id: "D7", renewals: 2 } });
    make();
    await clock.advance(10_000);
    expect(asked).toEqual(["-2000 restart D7", "8000 restart D7"]);
  });

  it("is found by its transaction id where its own is not known, and put off", async () => {
    const { clock, make, asked, txnIds, scheduled } = setUp({ earlier: {} });
    make();
    await clock.advance(0);
    expect(asked).toEqual(["-2000 schedule", "-2000 restart D1"]);
    expect([txnIds, scheduled]).toEqual([["txn.0"], [{ id: "D1", renewals: 0 }]]);
  });

  it("is followed by another where it has gone out meanwhile", async () => {
    const { clock, make, faults, asked, txnIds } = setUp({ earlier: { id: "D7", renewals: 2 } });
    faults.push("gone");
    make();
    await clock.advance(0);
    expect(asked).toEqual(["-2000 restart D7", "-2000 schedule", "-2000 restart D1"]);
    expect(txnIds).toEqual(["txn.3"]);
  });

  it.each([
    [{ id: "D7" }, ["-2000 cancel D7"]],
    [{}, ["-2000 schedule", "-2000 cancel D1"]],
  ])("is called off, %j, in a call that is over", async (earlier, expected) => {
    const { clock, make, asked } = setUp({ earlier });
    await make().cancel();
    await clock.advance(60_000);
    expect(asked).toEqual(expected);
    expect(clock.pending).toBe(0);
  });
});

describe("a call's delayed hangup", () => {
  function world(us = alice) {
    const asked: string[] = [];
    const scheduled: object[] = [];
    const own = callsWorld(us, {
      async schedule(_roomId, type, content, _txnId, delay) {
        asked.push(`schedule ${type} ${delay}`);
        scheduled.push(content);
        return "D";
      },
      restart: async () => {
        asked.push("restart");
        return true;
      },
      cancel: async () => {
        asked.push("cancel");
      },
    });
    return { ...own, asked, scheduled };
  }

  it("P34 is armed when the homeserver has our invite, and cancelled after our hangup", async () => {
    const { place, calls, clock, asked, scheduled, party } = world();
    const mine = await place("mine", { invite: false });
    await clock.advance(0);
    expect(asked).toEqual([]);
    await calls.dispatch({ ...mine, type: "invite", description: { type: "offer", sdp: "offer" } });
    await clock.advance(12_000);
    expect(asked).toEqual(["schedule m.call.hangup 50000", "restart"]);
    expect(scheduled).toMatchObject([
      {
        call_id: "mine",
        party_id: party("mine").partyId,
        version: "1",
        reason: "unknown_error",
        "trunkline.delayed_hangup": { version: 1 },
      },
    ]);
    await calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup" });
    await clock.advance(60_000);
    expect(asked).toEqual(["schedule m.call.hangup 50000", "restart", "cancel"]);
    expect(clock.pending).toBe(0);
  });

  it("P34 is armed when we have answered, and cancelled when the peer hangs up", async () => {
    const { read, calls, clock, asked } = world();
    read([inviteBy(bob, "theirs")]);
    await clock.advance(1_000);
    expect(asked).toEqual([]);
    await calls.dispatch({ roomId: ref.roomId, callId: "theirs", type: "answer", ...answer });
    await clock.advance(2_000);
    read([said(bob, encode.hangup(endOf(bob, "theirs"), "user_hangup"))]);
    await clock.advance(60_000);
    expect(asked).toEqual(["schedule m.call.hangup 50000", "cancel"]);
  });

  it("P34 stays, and is no longer put off, where our hangup does not get through", async () => {
    const { place, calls, clock, asked, faults } = world();
    const mine = await place("mine");
    await clock.advance(2_000);
    faults.push(error("forbidden"));
    await expect(calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup" })).rejects.toThrow();
    await clock.advance(60_000);
    expect(asked).toEqual(["schedule m.call.hangup 50000"]);
  });

  it("P34 is cancelled before all calls count as hung up", async () => {
    const { place, calls, clock, asked } = world();
    await place("mine");
    await clock.advance(2_000);
    await calls.hangUpAll();
    expect(asked.at(-1)).toBe("cancel");
    calls.close();
  });

  it("P34 that went out ends the call here too: the peer has gone by it", async () => {
    const { place, read, news, party, clock } = world();
    const mine = await place("mine");
    read([said(alice, encode.hangup(endOf(party("mine"), "mine"), "unknown_error"))]);
    expect(news(mine).at(-1)).toMatchObject({
      type: "ended",
      end: { by: "system", reason: "unknown_error" },
    });
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
  });

  it("P34 is nobody's concern where the homeserver cannot delay events", async () => {
    const { place, clock, news, calls } = callsWorld();
    const mine = await place("mine");
    await clock.advance(50_000);
    expect(news(mine).map(({ type }) => type)).toEqual(["invited"]);
    calls.close();
    expect(clock.pending).toBe(0);
  });
});
