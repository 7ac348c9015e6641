import { describe, expect, it } from "vitest";
import { coded, said, scripted } from "./scripted.ts";

const VERSIONS = "/_matrix/client/versions";
const UPDATE = "/_matrix/client/unstable/org.matrix.msc4140/delayed_events/d%2F1";

/** A transport whose homeserver has delayed events. */
async function offered() {
  const script = scripted();
  const asked = script.transport.delayed?.();
  const question = await script.next();
  expect([question.method, question.path]).toEqual(["GET", VERSIONS]);
  question.json({ versions: [], unstable_features: { "org.matrix.msc4140": true } });
  const delayed = await asked;
  if (!delayed) throw new Error("not offered");
  return { ...script, delayed };
}

describe("P34 delayed events", () => {
  it.each([
    ["none", { unstable_features: { "org.matrix.msc3030": true } }],
    ["them switched off", { unstable_features: { "org.matrix.msc4140": false } }],
    ["them as a text", { unstable_features: { "org.matrix.msc4140": "true" } }],
    ["no features", { versions: ["v1.1"] }],
    ["nothing", "null"],
  ])("are not there where the homeserver names %s; asks once", async (_, answer) => {
    const { transport, next, asked } = scripted();
    const first = transport.delayed?.();
    (await next()).json(typeof answer === "string" ? JSON.parse(answer) : answer);
    expect(await first).toBeUndefined();
    expect(await transport.delayed?.()).toBeUndefined();
    expect(asked).toHaveLength(0);
  });

  it("are asked for again where that failed", async () => {
    const { transport, next } = scripted();
    const failed = transport.delayed?.();
    (await next()).answer(new Response("<html>", { status: 200 }));
    await expect(failed).rejects.toEqual(coded("server_error"));
    const asked = transport.delayed?.();
    (await next()).json({ unstable_features: { "org.matrix.msc4140": true } });
    expect(await asked).toBeDefined();
    expect(await transport.delayed?.()).toBe(await asked);
  });

  it("are scheduled as a send with a delay, in whole ms", async () => {
    const { delayed, next } = await offered();
    const scheduled = delayed.schedule("!r:x", "m.call.hangup", { call_id: "c" }, "t/1", 29_999.6);
    (await next()).json(said("M_NOT_FOUND"), 404); // whether the room is encrypted
    const request = await next();
    expect([request.method, request.path]).toEqual(["PUT", "/rooms/!r%3Ax/send/m.call.hangup/t%2F1"]);
    expect(Object.fromEntries(request.query)).toEqual({ "org.matrix.msc4140.delay": "30000" });
    expect(request.body).toEqual({ call_id: "c" });
    request.json({ delay_id: "d/1" });
    expect(await scheduled).toBe("d/1");
  });

  it("are not taken for sent where the answer names an event", async () => {
    const { delayed, next } = await offered();
    const scheduled = delayed.schedule("!r", "m.call.hangup", {}, "t", 1);
    (await next()).json(said("M_NOT_FOUND"), 404);
    (await next()).json({ event_id: "$1" });
    await expect(scheduled).rejects.toEqual(coded("server_error"));
  });

  it.each(["restart", "cancel"] as const)("%s by one request", async (action) => {
    const { delayed, next } = await offered();
    const updated = delayed[action]("d/1");
    const request = await next();
    expect([request.method, request.path, request.body]).toEqual(["POST", UPDATE, { action }]);
    expect(request.headers.get("Authorization")).toBe("Bearer s3cret");
    request.json({});
    expect(await updated).toBeUndefined();
  });

  it.each([
    [404, said("M_NOT_FOUND"), "forbidden"],
    [401, said("M_UNKNOWN_TOKEN"), "unknown_token"],
    [429, said("M_LIMIT_EXCEEDED"), "rate_limited"],
    [500, said("M_UNKNOWN"), "server_error"],
    [404, "<html>", "server_error"],
  ])("%d %j to a restart is %s", async (status, body, code) => {
    const { delayed, next } = await offered();
    const restarted = delayed.restart("d");
    const request = await next();
    if (typeof body === "string") request.answer(new Response(body, { status }));
    else request.json(body, status);
    await expect(restarted).rejects.toEqual(coded(code));
  });
});
