import { describe, expect, it } from "vitest";
import { virtualClock } from "../../src/testing/clock.ts";
import { createHomeserver, type HomeserverOptions } from "../../src/testing/homeserver/index.ts";
import { asker, createClient, directRoom, typesIn } from "./homeserver-client.ts";

const DELAY = "org.matrix.msc4140.delay";
const UPDATE = "/_matrix/client/unstable/org.matrix.msc4140/delayed_events";

/** Alice and Bob in a room, and what Alice does with delayed events; `types` is what has come to Bob since. */
async function world(options: HomeserverOptions = {}) {
  const clock = virtualClock();
  const homeserver = createHomeserver({ clock, ...options });
  const [alice, bob] = [createClient(homeserver, "alice"), createClient(homeserver, "bob")];
  const roomId = await directRoom(alice, bob);
  const { next_batch: since } = await bob.sync();
  return {
    clock,
    homeserver,
    alice,
    bob,
    roomId,
    since,
    schedule: (type: string, delay: number | string, body: unknown = {}) =>
      alice.ask("PUT", `${alice.at(roomId)}/send/${type}/${type}?${DELAY}=${delay}`, { body }),
    update: (id: unknown, action: unknown) =>
      alice.ask("POST", `${UPDATE}/${String(id)}`, { body: { action } }),
    types: async () => typesIn(await bob.sync({ since }), roomId),
  };
}

const outcome = ({ status, body }: { status: number; body: { errcode?: string } }) => [status, body.errcode];

describe("P34 a delayed event", () => {
  it("is offered", async () => {
    const { alice } = await world();
    const { body } = await alice.ask("GET", "/_matrix/client/versions");
    expect(body.unstable_features).toEqual({ "org.matrix.msc4140": true });
  });

  it("is sent on time, and ends a poll", async () => {
    const { clock, bob, roomId, since, schedule, types } = await world();
    await schedule("m.a", 1_000);
    const poll = bob.sync({ since, timeout: 30_000 });
    await clock.advance(999);
    expect(await types()).toEqual([]);
    await clock.advance(1);
    expect(typesIn(await poll, roomId)).toEqual(["m.a"]);
    expect(clock.pending).toBe(0);
  });

  it("waits again as long once it is restarted", async () => {
    const { clock, schedule, update, types } = await world();
    const { delay_id } = (await schedule("m.a", 1_000)).body;
    await clock.advance(900);
    expect((await update(delay_id, "restart")).status).toBe(200);
    await clock.advance(999);
    expect(await types()).toEqual([]);
    await clock.advance(1);
    expect(await types()).toEqual(["m.a"]);
  });

  it("is sent at once, or never, where that is asked for, and then is gone", async () => {
    const { clock, schedule, update, types } = await world();
    const now = (await schedule("m.now", 1_000)).body.delay_id;
    const never = (await schedule("m.never", 1_000)).body.delay_id;
    expect((await update(now, "send")).status).toBe(200);
    expect(await types()).toEqual(["m.now"]);
    expect((await update(never, "cancel")).status).toBe(200);
    expect(clock.pending).toBe(0);
    for (const id of [now, never]) {
      for (const action of ["restart", "cancel", "send"]) {
        expect(outcome(await update(id, action))).toEqual([404, "M_NOT_FOUND"]);
      }
    }
  });

  it("shares its transaction id with events that are sent at once", async () => {
    const { clock, alice, roomId, schedule, types } = await world();
    const { body } = await schedule("m.a", 1_000);
    expect((await schedule("m.a", 5_000)).body).toEqual(body);
    expect((await alice.send(roomId, "m.a", "m.a")).body).toEqual(body);
    await clock.advance(1_000);
    expect(await types()).toEqual(["m.a"]);
  });

  it.each([
    ["m.a", "soon", {}, 400, "M_INVALID_PARAM"],
    ["m.a", -1, {}, 400, "M_INVALID_PARAM"],
    ["m.a", 1.5, {}, 400, "M_INVALID_PARAM"],
    ["m.a", 3_600_001, {}, 403, "M_FORBIDDEN"],
    ["m.a", 1, [], 400, "M_BAD_JSON"],
  ])("is refused: %s in %s ms, %j", async (type, delay, body, status, errcode) => {
    const { schedule, clock } = await world();
    expect(outcome(await schedule(type, delay, body))).toEqual([status, errcode]);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ["x", "M_INVALID_PARAM"],
    [5, "M_BAD_JSON"],
    [undefined, "M_MISSING_PARAM"],
  ])("knows no action %s", async (action, errcode) => {
    const { update } = await world();
    expect(outcome(await update("x", action))).toEqual([400, errcode]);
  });

  it("belongs to who knows its id, with no token or a good one", async () => {
    const { homeserver, schedule } = await world();
    const { delay_id } = (await schedule("m.a", 1_000)).body;
    const path = `${UPDATE}/${String(delay_id)}`;
    const update = (token?: string) =>
      asker(homeserver, token)("POST", path, { body: { action: "restart" } });
    expect(outcome(await update("nonsense"))).toEqual([401, "M_UNKNOWN_TOKEN"]);
    expect((await update()).status).toBe(200);
  });

  it("is dropped, as in Synapse, where it may not be sent when it is due", async () => {
    const { clock, alice, bob, roomId, since } = await world();
    const asBob = (type: string) =>
      bob.ask("PUT", `${bob.at(roomId)}/send/${type}/${type}?${DELAY}=1000`, { body: {} });
    expect((await asBob("m.a")).status).toBe(200);
    await bob.leave(roomId);
    expect((await asBob("m.b")).status).toBe(200);
    const path = `${bob.at("!none:x")}/send/m.a/t?${DELAY}=1000`;
    expect(outcome(await bob.ask("PUT", path, { body: {} }))).toEqual([404, "M_NOT_FOUND"]);
    await clock.advance(1_000);
    expect(typesIn(await alice.sync({ since }), roomId)).toEqual(["m.room.member"]);
    expect(clock.pending).toBe(0);
  });

  it("P30 counts twice against the limit, as in Synapse: when it is scheduled and when it is sent", async () => {
    const { clock, alice, roomId, schedule, types } = await world({
      rateLimit: { burst: 10, perSecond: 0.2 },
    });
    await clock.advance(60_000);
    await schedule("m.soon", 1_000);
    await schedule("m.late", 11_000);
    for (let n = 0; n < 8; n += 1) await alice.send(roomId, "m.x", String(n));
    expect(outcome(await schedule("m.more", 1_000))).toEqual([429, "M_LIMIT_EXCEEDED"]);
    await clock.advance(11_000);
    expect((await types()).filter((type) => type !== "m.x")).toEqual(["m.late"]);
  });

  it("is dropped when the homeserver closes", async () => {
    const { clock, homeserver, schedule } = await world();
    await schedule("m.a", 1_000);
    homeserver.close();
    expect(clock.pending).toBe(0);
  });
});

describe("P34 delayed events in the form", () => {
  const UNSTABLE = "/_matrix/client/unstable/org.matrix.msc4140";
  const limits = { max_delay_ms: 3_600_000, max_scheduled: 100 };
  const put = (
    { alice, roomId }: Awaited<ReturnType<typeof world>>,
    prefix: string,
    txn: string,
    body: object,
  ) => alice.ask("PUT", `${prefix}/rooms/${roomId}/delayed_event/m.a/${txn}`, { body });

  it.each([
    ["merged", {}, { "m.delayed_events": limits }],
    ["unstable", { "org.matrix.msc4140": true }, { "org.matrix.msc4140.delayed_events": limits }],
    ["parameter", { "org.matrix.msc4140": true }, { "org.matrix.msc4140.delayed_events": limits }],
    ["ignored", { "org.matrix.msc4140": true }, {}],
    ["none", {}, {}],
  ] as const)("%s are advertised as such", async (delayedEvents, features, capabilities) => {
    const { alice } = await world({ delayedEvents });
    const versions = await alice.ask("GET", "/_matrix/client/versions");
    expect(versions.body.unstable_features).toEqual(features);
    const { body } = await alice.ask("GET", "/_matrix/client/v3/capabilities");
    const told = Object.entries(body.capabilities as object).filter(([name]) => name.includes("delayed"));
    expect(Object.fromEntries(told)).toEqual(capabilities);
  });

  it.each([
    ["merged", "/_matrix/client/v3", "/_matrix/client/v1"],
    ["unstable", UNSTABLE, UNSTABLE],
  ] as const)("%s wait at an endpoint of their own", async (delayedEvents, prefix, actions) => {
    const stage = await world({ delayedEvents });
    const { clock, alice, types } = stage;
    const body = { delay_ms: 1_000, content: {} };
    const { delay_id } = (await put(stage, prefix, "t", body)).body;
    expect((await put(stage, prefix, "t", body)).body).toEqual({ delay_id });
    const act = (action: string) =>
      alice.ask("POST", `${actions}/delayed_events/${String(delay_id)}/${action}`, { body: {} });
    await clock.advance(900);
    expect((await act("restart")).status).toBe(200);
    await clock.advance(999);
    expect(await types()).toEqual([]);
    await clock.advance(1);
    expect(await types()).toEqual(["m.a"]);
    const isMerged = delayedEvents === "merged";
    expect(outcome(await act("restart"))).toEqual(isMerged ? [409, "M_UNKNOWN"] : [404, "M_NOT_FOUND"]);
    expect((await act("send")).status).toBe(isMerged ? 200 : 404);
    expect(await types()).toEqual(["m.a"]);
  });

  it.each([
    [{ content: {} }, 400, "M_MISSING_PARAM"],
    [{ delay_ms: 1_000 }, 400, "M_MISSING_PARAM"],
    [{ delay_ms: 0, content: {} }, 400, "M_INVALID_PARAM"],
    [{ delay_ms: 3_600_001, content: {} }, 400, "M_DELAY_TOO_LARGE"],
  ])("merged refuse %j", async (body, status, errcode) => {
    const stage = await world({ delayedEvents: "merged" });
    expect(outcome(await put(stage, "/_matrix/client/v3", "t", body))).toEqual([status, errcode]);
    expect(stage.clock.pending).toBe(0);
  });

  it("merged are nobody's but their sender's, whose token is asked for", async () => {
    const { homeserver } = await world({ delayedEvents: "merged" });
    const ask = asker(homeserver);
    const path = "/_matrix/client/v1/delayed_events/d/restart";
    expect(outcome(await ask("POST", path, { body: {} }))).toEqual([401, "M_MISSING_TOKEN"]);
  });

  it.each(["merged", "ignored", "none"] as const)(
    "%s heed no parameter: what has one is sent at once",
    async (form) => {
      const { schedule, types } = await world({ delayedEvents: form });
      expect((await schedule("m.a", 60_000)).body).toHaveProperty("event_id");
      expect(await types()).toEqual(["m.a"]);
    },
  );

  it.each(["parameter", "ignored", "none"] as const)(
    "%s have no endpoint of their own",
    async (delayedEvents) => {
      const stage = await world({ delayedEvents });
      for (const prefix of [UNSTABLE, "/_matrix/client/v3"]) {
        const { status, body } = await put(stage, prefix, "t", { delay_ms: 1, content: {} });
        expect([status, body.errcode]).toEqual([404, "M_UNRECOGNIZED"]);
      }
    },
  );
});
