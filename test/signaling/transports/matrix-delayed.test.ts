import { describe, expect, it } from "vitest";
import { type Asked, coded, said, scripted } from "./scripted.ts";

const VERSIONS = "/_matrix/client/versions";
const UNSTABLE = "/_matrix/client/unstable/org.matrix.msc4140";
const STABLE = "/_matrix/client/v1";

const UNKNOWN = said("M_UNRECOGNIZED");
const limits = { max_delay_ms: 60_000, max_scheduled: 10 };

type Script = ReturnType<typeof scripted>;

/** Answers what a transport asks before it has delayed events. */
async function advertise({ next }: Script, capabilities: object, features?: object) {
  const first = await next();
  expect([first.method, first.path]).toEqual(["GET", "/capabilities"]);
  first.json({ capabilities });
  if (!features) return;
  const second = await next();
  expect([second.method, second.path]).toEqual(["GET", VERSIONS]);
  second.json({ unstable_features: features });
}

/** A transport whose homeserver has delayed events, as it says. */
async function offered(capabilities: object, features?: object) {
  const script = scripted();
  const asked = script.transport.delayed?.();
  await advertise(script, capabilities, features);
  const delayed = await asked;
  if (!delayed) throw new Error("not offered");
  /** Begins to schedule, past the question whether the room is encrypted. */
  const schedule = async (txnId = "t/1", delay = 49_999.6) => {
    const scheduled = delayed.schedule("!r:x", "m.call.hangup", { call_id: "c" }, txnId, delay);
    scheduled.catch(() => {});
    if (delay <= 60_000 && encryptionIsUnknown) (await script.next()).json(said("M_NOT_FOUND"), 404);
    encryptionIsUnknown = false;
    return scheduled;
  };
  let encryptionIsUnknown = true;
  return {
    ...script,
    delayed,
    schedule: (...args: Parameters<typeof schedule>) => ({ done: schedule(...args) }),
  };
}

const named = ({ method, path }: Asked) => `${method} ${path}`;
const merged = { "m.delayed_events": limits };
const old = { "org.matrix.msc4140": true };

describe("P34 delayed events", () => {
  it.each<[string, object, object | undefined]>([
    ["none", {}, { "org.matrix.msc3030": true }],
    ["them switched off", {}, { "org.matrix.msc4140": false }],
    ["them as a text", {}, { "org.matrix.msc4140": "true" }],
    ["no delay", { "m.delayed_events": { ...limits, max_delay_ms: 0 } }, undefined],
    ["no number", { "m.delayed_events": { ...limits, max_scheduled: 0 } }, undefined],
    ["no delay yet", { "org.matrix.msc4140.delayed_events": { ...limits, max_delay_ms: 0 } }, undefined],
    ["rubbish", { "m.delayed_events": { max_delay_ms: "long" } }, undefined],
  ])("are not there where the homeserver allows %s; asks once", async (_, capabilities, features) => {
    const script = scripted();
    const first = script.transport.delayed?.();
    await advertise(script, capabilities, features);
    expect(await first).toBeUndefined();
    expect(await script.transport.delayed?.()).toBeUndefined();
    expect(script.asked).toHaveLength(0);
  });

  it("are asked for by the flag where the homeserver knows no capabilities", async () => {
    const { transport, next } = scripted();
    const asked = transport.delayed?.();
    (await next()).json(UNKNOWN, 404);
    (await next()).json({ unstable_features: old });
    expect(await asked).toBeDefined();
  });

  it("are asked for again where that failed", async () => {
    const { transport, next } = scripted();
    const failed = transport.delayed?.();
    (await next()).answer(new Response("<html>", { status: 200 }));
    await expect(failed).rejects.toEqual(coded("server_error"));
    const asked = transport.delayed?.();
    (await next()).json({ capabilities: merged });
    expect(await asked).toBeDefined();
  });

  it.each<[string, object, object | undefined, string]>([
    ["the capability", merged, undefined, ""],
    ["its flag", {}, { ...old, "org.matrix.msc4140.stable": true }, ""],
    ["the unstable capability", { "org.matrix.msc4140.delayed_events": limits }, undefined, UNSTABLE],
    ["the old flag", {}, old, UNSTABLE],
  ])("are put to an endpoint of their own, in whole ms, by %s", async (_, capabilities, features, prefix) => {
    const { next, schedule } = await offered(capabilities, features);
    const { done } = schedule();
    const request = await next(`${prefix}/rooms/!r%3Ax/delayed_event/m.call.hangup/t%2F1`);
    expect([request.method, request.body]).toEqual(["PUT", { delay_ms: 50_000, content: { call_id: "c" } }]);
    request.json({ delay_id: "d/1" });
    expect(await done).toBe("d/1");
  });

  it("are refused, and not put anywhere, for longer than the homeserver allows", async () => {
    const { schedule, asked } = await offered(merged);
    await expect(schedule("t", 60_001).done).rejects.toEqual(coded("forbidden"));
    expect(asked).toEqual([]);
  });

  it("are sent with a parameter only where the homeserver was seen to heed it, in no room at all", async () => {
    const { next, schedule } = await offered({}, old);
    const { done } = schedule();
    (await next(`${UNSTABLE}/rooms/!r%3Ax/delayed_event/m.call.hangup/t%2F1`)).json(UNKNOWN, 404);
    const probe = await next();
    expect(named(probe)).toBe("PUT /rooms/!none%3Atrunkline.invalid/send/m.call.hangup/probe");
    expect(probe.query.get("org.matrix.msc4140.delay")).toBe("none");
    probe.json(said("M_INVALID_PARAM"), 400);
    const request = await next();
    expect([named(request), request.body]).toEqual([
      "PUT /rooms/!r%3Ax/send/m.call.hangup/t%2F1",
      { call_id: "c" },
    ]);
    expect(Object.fromEntries(request.query)).toEqual({ "org.matrix.msc4140.delay": "50000" });
    request.json({ delay_id: "d" });
    expect(await done).toBe("d");
    // And from now on at once.
    const { done: second } = schedule("u");
    (await next("/rooms/!r%3Ax/send/m.call.hangup/u")).json({ delay_id: "e" });
    expect(await second).toBe("e");
  });

  it.each([
    ["refuses us", said("M_FORBIDDEN"), 403],
    ["does not know the room", said("M_NOT_FOUND"), 404],
    ["has taken it", { event_id: "$1" }, 200],
  ])("are not sent where the homeserver %s, for then it ignores the parameter", async (_, body, status) => {
    const { next, schedule, transport, asked } = await offered({}, old);
    const { done } = schedule();
    (await next(`${UNSTABLE}/rooms/!r%3Ax/delayed_event/m.call.hangup/t%2F1`)).json(UNKNOWN, 405);
    (await next()).json(body, status);
    await expect(done).rejects.toEqual(coded("forbidden"));
    expect(asked).toEqual([]);
    await expect(schedule("u").done).rejects.toEqual(coded("forbidden"));
    expect(asked).toEqual([]);
    expect(await transport.delayed?.()).toBeUndefined();
  });

  it.each([
    [said("M_LIMIT_EXCEEDED"), 429, "rate_limited"],
    [said("M_UNKNOWN"), 500, "server_error"],
    [said("M_UNKNOWN_TOKEN"), 401, "unknown_token"],
  ])("are not decided upon by %j with %d", async (body, status, code) => {
    const { next, schedule } = await offered({}, old);
    const { done } = schedule();
    (await next()).json(UNKNOWN, 404);
    (await next()).json(body, status);
    await expect(done).rejects.toEqual(coded(code));
    void schedule("u");
    expect((await next()).path).toContain("/probe");
  });

  it("are never asked of a homeserver again that has sent one at once", async () => {
    const { next, schedule, transport, asked } = await offered({}, old);
    const { done } = schedule();
    (await next()).json(UNKNOWN, 404);
    (await next()).json(said("M_INVALID_PARAM"), 400);
    (await next()).json({ event_id: "$1" });
    await expect(done).rejects.toEqual(coded("forbidden"));
    await expect(schedule("u").done).rejects.toEqual(coded("forbidden"));
    expect(await transport.delayed?.()).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it("are worth another try where the answer is no answer", async () => {
    const { next, schedule } = await offered(merged);
    const { done } = schedule();
    (await next("/rooms/!r%3Ax/delayed_event/m.call.hangup/t%2F1")).json({});
    await expect(done).rejects.toEqual(coded("server_error"));
  });

  it.each(["restart", "cancel"] as const)("%s by one request", async (action) => {
    const { delayed, next } = await offered(merged);
    const updated = delayed[action]("d/1");
    const request = await next();
    expect([named(request), request.body]).toEqual([`POST ${STABLE}/delayed_events/d%2F1/${action}`, {}]);
    expect(request.headers.get("Authorization")).toBe("Bearer s3cret");
    request.json({});
    expect(await updated).toBe(action === "restart" ? true : undefined);
  });

  it("restart in the older forms where the homeserver does not know the newer, each tried once", async () => {
    const { delayed, next } = await offered({}, { "org.matrix.msc4140.stable": true });
    const updated = delayed.restart("d/1");
    (await next(`${STABLE}/delayed_events/d%2F1/restart`)).json(UNKNOWN, 404);
    (await next(`${UNSTABLE}/delayed_events/d%2F1/restart`)).json(UNKNOWN, 404);
    const request = await next(`${UNSTABLE}/delayed_events/d%2F1`);
    expect([request.method, request.body]).toEqual(["POST", { action: "restart" }]);
    request.json({});
    expect(await updated).toBe(true);
    const again = delayed.restart("d/2");
    (await next()).json({});
    expect(await again).toBe(true);
  });

  it.each([
    [404, said("M_NOT_FOUND"), false],
    [409, said("M_UNKNOWN"), false],
    [403, said("M_FORBIDDEN"), "forbidden"],
    [401, said("M_UNKNOWN_TOKEN"), "unknown_token"],
    [429, said("M_LIMIT_EXCEEDED"), "rate_limited"],
    [500, said("M_UNKNOWN"), "server_error"],
    // A proxy's, while the homeserver behind it restarts.
    [404, {}, "server_error"],
  ])("%d %j to a restart is %s", async (status, body, outcome) => {
    const { delayed, next } = await offered(merged);
    const restarted = delayed.restart("d");
    (await next()).json(body, status);
    if (outcome === false) expect(await restarted).toBe(false);
    else await expect(restarted).rejects.toEqual(coded(String(outcome)));
  });

  it.each([404, 409])("%d to a cancel is as good as done", async (status) => {
    const { delayed, next } = await offered(merged);
    const cancelled = delayed.cancel("d");
    (await next()).json(said(status === 404 ? "M_NOT_FOUND" : "M_UNKNOWN"), status);
    await cancelled;
  });
});
