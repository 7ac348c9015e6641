/** A little of the benchmark, so that it cannot rot, and proof that it sees what is slow. */
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alternate } from "../../bench/alternate.ts";
import { type Cast, createCast, PHONE_SIDES } from "../../bench/cast.ts";
import { duelRow } from "../../bench/duel-row.ts";
import { timeConnect, timeHop } from "../../bench/floor.ts";
import { flowing } from "../../bench/flowing.ts";
import { openWorld, type World } from "../../bench/world.ts";
import { type NodeServer, serve } from "../../demo/node-server.ts";
import { ringTime, sinceAccept, type TimedCall } from "../../src/bench/call.ts";
import { createHomeserver } from "../../src/testing/homeserver/index.ts";

/** What every event takes longer, in ms. */
const SLOWNESS = 150;

const homeserver = createHomeserver();
let server: NodeServer;
let world: World;
let cast: Cast;

beforeAll(async () => {
  server = await serve(async (request) => {
    if (request.method === "PUT" && request.url.includes("/send/")) await wait(SLOWNESS);
    return homeserver.fetch(request);
  });
  world = await openWorld({ homeserver: server.url, accounts: [], turn: false });
  cast = createCast(world, { relay: false });
});

afterAll(async () => {
  await cast.close();
  await world.close();
  await server.close();
  homeserver.close();
  expect(world.stage.errors).toEqual([]);
});

const rounds = 1;
const say = () => {};

describe("the benchmark, on a homeserver that is slow to send", () => {
  it("sees it in the hop, and connects without one", async () => {
    const floor = await cast.floor();
    expect(await timeHop(floor)).toBeGreaterThanOrEqual(SLOWNESS);
    expect(await timeConnect(floor, { relay: false, video: true })).toBeGreaterThan(0);
  });

  it("sees it in ringing and in picking up, ours and the rival's alike, and tells both phase by phase", async () => {
    const calls = [{ video: true, accept: 100, until: flowing(true) }];
    const [duel] = await alternate({ rounds, cast, calls, say });
    const told =
      duel && duelRow("pickup", "ms", duel, (call) => sinceAccept(call, "first frame"), { what: "" });
    for (const side of PHONE_SIDES) {
      expect(told?.[side], side).toBeGreaterThanOrEqual(SLOWNESS);
      for (const call of duel?.[side] ?? []) expectWhole(call);
      expect(told?.waterfall?.[side]?.[0]).toEqual({ by: "caller", name: "place", at: 0 });
    }
  });
});

function expectWhole(call: TimedCall): void {
  expect(ringTime(call)).toBeGreaterThanOrEqual(SLOWNESS);
  expect(sinceAccept(call, "connected")).toBeLessThanOrEqual(sinceAccept(call, "first frame"));
  expect(call.events.caller).toMatchObject({ invite: 1, select_answer: 1, hangup: 1 });
  expect(call.events.callee).toMatchObject({ answer: 1 });
}
