import { describe, expect, it } from "vitest";
import { deadMan } from "../../src/signaling/dead-man.ts";
import { encode } from "../../src/signaling/encode.ts";
import type { DelayedEvents } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { type VirtualClock, virtualClock } from "../../src/testing/clock.ts";
import { callsWorld, endOf, inviteBy, said } from "./calls-world.ts";
import { alice, answer, bob, ref } from "./support.ts";

const hangup = encode.hangup({ ...ref, partyId: "A1" }, "unknown_error");

/** The first that a homeserver is asked, in ms from the beginning. */
const SETTLED = 2_000;

/**
 * What a homeserver was asked to do with delayed events, and when, in ms from the first moment that it may be asked; it
 * does as it is told.
 */
function homeserver(clock: VirtualClock) {
  const asked: string[] = [];
  const faults: TrunklineError[] = [];
  const held: (() => void)[] = [];
  const txnIds: string[] = [];
  let holding = false;
  let ids = 0;
  const request = async (what: string) => {
    asked.push(`${clock.now() - SETTLED} ${what}`);
    if (holding) await new Promise<void>((resolve) => held.push(resolve));
    const fault = faults.shift();
    if (fault) throw fault;
  };
  const events: DelayedEvents = {
    async schedule(roomId, type, content, txnId, delay) {
      txnIds.push(txnId);
      expect([roomId, type, content, delay]).toEqual([ref.roomId, hangup.type, hangup.content, 30_000]);
      await request("schedule");
      ids += 1;
      return `D${ids}`;
    },
    restart: (id) => request(`restart ${id}`),
    cancel: (id) => request(`cancel ${id}`),
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

function setUp(delayed?: () => Promise<DelayedEvents | undefined>) {
  const clock = virtualClock();
  const server = homeserver(clock);
  const make = () =>
    deadMan({
      delayed: delayed ?? (async () => server.events),
      roomId: ref.roomId,
      event: hangup,
      txnId: "dead man",
      earlier: undefined,
      onScheduled: () => {},
      clock,
      random: () => 0,
    });
  const begin = async () => {
    const man = make();
    await clock.advance(SETTLED);
    return man;
  };
  return { clock, make, begin, ...server };
}
const error = (code: TrunklineError["code"], retryAfter?: number) =>
  new TrunklineError(code, code, retryAfter === undefined ? {} : { retryAfter });

describe("the dead man's hangup", () => {
  it("P34 is not asked for in the first 2 s: what is over by then costs the homeserver nothing", async () => {
    const { clock, make, asked } = setUp();
    const man = make();
    await clock.advance(SETTLED - 1);
    await man.cancel();
    await clock.advance(60_000);
    expect(asked).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("P34 is scheduled and put off every 10 s, until it is called off", async () => {
    const { clock, begin, asked } = setUp();
    const man = await begin();
    await clock.advance(25_000);
    expect(asked).toEqual(["0 schedule", "10000 restart D1", "20000 restart D1"]);
    await man.cancel();
    expect(asked.at(-1)).toBe("25000 cancel D1");
    await clock.advance(60_000);
    expect(asked).toHaveLength(4);
    expect(clock.pending).toBe(0);
  });

  it("P34 goes out where it is stopped and not called off", async () => {
    const { clock, begin, asked } = setUp();
    const man = await begin();
    await clock.advance(5_000);
    man.stop();
    await clock.advance(60_000);
    expect(asked).toEqual(["0 schedule"]);
    expect(clock.pending).toBe(0);
  });

  it("P34 is called off even while it is being scheduled", async () => {
    const { clock, begin, asked, hold, release } = setUp();
    hold();
    const man = await begin();
    await clock.advance(1);
    const gone = man.cancel();
    await clock.advance(1);
    release();
    await gone;
    expect(asked).toEqual(["0 schedule", "2 cancel D1"]);
    expect(clock.pending).toBe(0);
  });

  it("P34 is not scheduled for a call that is over before it is known whether it can be", async () => {
    let tell: (events: DelayedEvents) => void = () => {};
    const { clock, begin, asked, events } = setUp(
      () =>
        new Promise((resolve) => {
          tell = resolve;
        }),
    );
    (await begin()).stop();
    tell(events);
    await clock.advance(60_000);
    expect(asked).toEqual([]);
  });

  it.each<[string, () => Promise<DelayedEvents | undefined>]>([
    ["cannot", async () => undefined],
    ["will not say", () => Promise.reject(error("forbidden"))],
  ])("P34 does nothing where the homeserver %s", async (_what, delayed) => {
    const { clock, begin } = setUp(delayed);
    const man = await begin();
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
    await man.cancel();
  });

  it("P30 P34 schedules again under the same transaction id, when the homeserver allows it", async () => {
    const { clock, begin, asked, faults, txnIds } = setUp();
    faults.push(error("rate_limited", 45_000), error("homeserver_unreachable"));
    await begin();
    await clock.advance(46_000);
    expect(asked).toEqual(["0 schedule", "45000 schedule", "46000 schedule"]);
    expect(new Set(txnIds).size).toBe(1);
  });

  it("P34 survives restarts that fail, as long as it can still be put off in time", async () => {
    const { clock, begin, asked, faults } = setUp();
    const man = await begin();
    await clock.advance(9_999);
    faults.push(error("server_error"), error("rate_limited", 12_000));
    await clock.advance(30_001);
    expect(asked).toEqual([
      "0 schedule",
      "10000 restart D1",
      "10500 restart D1",
      "22500 restart D1",
      "32500 restart D1",
    ]);
    await man.cancel();
  });

  it("P30 P34 calls it off where it cannot be put off in time: the call is alive", async () => {
    const { clock, begin, asked, faults } = setUp();
    await begin();
    await clock.advance(9_999);
    faults.push(error("rate_limited", 20_000));
    await clock.advance(120_000);
    expect(asked).toEqual(["0 schedule", "10000 restart D1", "10000 cancel D1"]);
    expect(clock.pending).toBe(0);
  });

  it.each(["forbidden", "unknown_token"] as const)("P34 gives up after %s", async (code) => {
    for (const healthy of [0, 1]) {
      const { clock, begin, asked, faults } = setUp();
      if (healthy === 0) faults.push(error(code));
      const man = await begin();
      await clock.advance(1);
      faults.push(error(code), error(code));
      await clock.advance(120_000);
      expect(asked).toEqual(healthy ? ["0 schedule", "10000 restart D1", "10000 cancel D1"] : ["0 schedule"]);
      await man.cancel();
      expect(clock.pending).toBe(0);
    }
  });
});

describe("a call's dead man's hangup", () => {
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
    expect(asked).toEqual(["schedule m.call.hangup 30000", "restart"]);
    expect(scheduled).toMatchObject([
      { call_id: "mine", party_id: party("mine").partyId, version: "1", reason: "unknown_error" },
    ]);
    await calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup" });
    await clock.advance(60_000);
    expect(asked).toEqual(["schedule m.call.hangup 30000", "restart", "cancel"]);
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
    expect(asked).toEqual(["schedule m.call.hangup 30000", "cancel"]);
  });

  it("P34 stays, and is no longer put off, where our hangup does not get through", async () => {
    const { place, calls, clock, asked, faults } = world();
    const mine = await place("mine");
    await clock.advance(2_000);
    faults.push(error("forbidden"));
    await expect(calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup" })).rejects.toThrow();
    await clock.advance(60_000);
    expect(asked).toEqual(["schedule m.call.hangup 30000"]);
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
