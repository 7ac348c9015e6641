import { describe, expect, it } from "vitest";
import { matrixTransport } from "../../../src/signaling/transports/matrix.ts";
import type { TrunklineError } from "../../../src/streams/errors.ts";
import { coded, said, scripted } from "./scripted.ts";

describe("options", () => {
  const valid = { homeserver: "https://hs.test", accessToken: "t" };
  const bad: [string, object][] = [
    ["no homeserver", { homeserver: undefined }],
    ["a homeserver that is no URL", { homeserver: "hs.test" }],
    ["a homeserver that is not http(s)", { homeserver: "ws://hs.test" }],
    ["a homeserver with a password", { homeserver: "https://me:secret@hs.test" }],
    ["a homeserver with a query", { homeserver: "https://hs.test/?x=1" }],
    ["no token", { accessToken: undefined }],
    ["an empty token", { accessToken: "" }],
    ["a token with a line break", { accessToken: "abc\n" }],
  ];
  it.each(bad)("throws invalid_option at %s", (_, options) => {
    const make = () => matrixTransport({ ...valid, ...options } as typeof valid);
    expect(make).toThrow(coded("invalid_option"));
    expect(make).not.toThrow(/abc|secret/);
  });

  it("makes no request before it is used", () => {
    const { transport, asked } = scripted();
    expect(transport).toBeDefined();
    expect(asked).toHaveLength(0);
  });

  it.each([
    [{ userId: "@other:hs.test" }, /userId is @other:hs.test/],
    [{ deviceId: "THEIRS" }, /deviceId is THEIRS/],
  ])("identity rejects with invalid_option where %o is not the token's", async (options, message) => {
    const { transport, next } = scripted(options);
    const identity = transport.identity();
    (await next()).json({ user_id: "@us:hs.test", device_id: "OURS" });
    await expect(identity).rejects.toThrow(message);
    await expect(identity).rejects.toEqual(coded("invalid_option"));
  });

  it("identity rejects with invalid_option where the token belongs to no device", async () => {
    const { transport, next } = scripted();
    const identity = transport.identity();
    (await next()).json({ user_id: "@bridge:hs.test" });
    await expect(identity).rejects.toEqual(coded("invalid_option"));
  });
});

describe("what an answer means", () => {
  const answers: [status: number, body: unknown, code: string][] = [
    [401, said("M_UNKNOWN_TOKEN"), "unknown_token"],
    [401, said("M_MISSING_TOKEN"), "unknown_token"],
    [401, said("M_UNKNOWN_TOKEN", { soft_logout: true }), "unknown_token"],
    [403, said("M_USER_DEACTIVATED"), "unknown_token"],
    [401, said("M_USER_LOCKED", { soft_logout: true }), "server_error"],
    [403, said("M_USER_SUSPENDED"), "forbidden"],
    [403, said("M_RESOURCE_LIMIT_EXCEEDED"), "forbidden"],
    [403, said("M_CONSENT_NOT_GIVEN"), "forbidden"],
    [403, said("constructor"), "forbidden"],
    [400, said("M_BAD_JSON"), "forbidden"],
    [413, said("M_TOO_LARGE"), "event_too_large"],
    [413, "<html>", "event_too_large"],
    [429, said("M_LIMIT_EXCEEDED"), "rate_limited"],
    [429, "", "rate_limited"],
    [429, "<html>", "rate_limited"],
    [400, said("M_LIMIT_EXCEEDED"), "rate_limited"],
    [500, said("M_UNKNOWN"), "server_error"],
    [502, "<html>", "server_error"],
    [503, "null", "server_error"],
    [504, "{", "server_error"],
    [408, said("M_UNKNOWN"), "server_error"],
    // Not the homeserver's own words: something in between, which may pass.
    [200, "<html>", "server_error"],
    [200, {}, "server_error"],
    [200, { event_id: 1 }, "server_error"],
    [200, "null", "server_error"],
    [404, "<html>", "server_error"],
    [401, "<html>", "server_error"],
    [401, said("M_UNKNOWN"), "server_error"],
    [403, "<html>", "server_error"],
    [407, "", "server_error"],
    [403, { errcode: 5 }, "server_error"],
  ];
  it.each(answers)("%d %j to a send is %s", async (status, body, code) => {
    const { transport, next } = scripted();
    const sent = transport.send("!r", "m.call.invite", {}, "t");
    (await next()).json(said("M_NOT_FOUND"), 404); // whether the room is encrypted
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const headers = { "Content-Type": typeof body === "string" ? "text/html" : "application/json" };
    (await next()).answer(new Response(text, { status, headers }));
    const error = await sent.catch((thrown: TrunklineError) => thrown);
    expect(error).toEqual(coded(code));
    expect(JSON.stringify(error) + String(error)).not.toContain("s3cret");
  });

  it.each([
    [200, "<html>"],
    [200, "{}"],
    [404, "<html>"],
    [404, '{"error":"no such path"}'],
  ])("%d %s to whoami is not_a_homeserver", async (status, text) => {
    const { transport, next } = scripted();
    const identity = transport.identity();
    (await next()).answer(new Response(text, { status, headers: { "Content-Type": "application/json" } }));
    await expect(identity).rejects.toEqual(coded("not_a_homeserver"));
  });

  it.each([
    [401, "<h1>Authorization Required</h1>"],
    [403, "<h1>Forbidden</h1>"],
    [407, ""],
    [502, "<html>"],
  ])("%d %s to whoami is a proxy's, and may pass", async (status, text) => {
    const { transport, next } = scripted();
    const identity = transport.identity();
    (await next()).answer(new Response(text, { status }));
    await expect(identity).rejects.toEqual(coded("server_error"));
  });

  it("whoami of what answered as a homeserver before is not another server's", async () => {
    const { transport, next } = scripted({ since: "s7" });
    const identity = transport.identity();
    (await next()).answer(new Response("<html>Welcome to the hotel"));
    await expect(identity).rejects.toEqual(coded("server_error"));
  });

  it.each([
    ["the header before the body", { "Retry-After": "7" }, { retry_after_ms: 100 }, 7_000],
    ["the body where there is no header", {}, { retry_after_ms: 1_234 }, 1_234],
    ["neither", {}, {}, undefined],
    ["nonsense as nothing", {}, { retry_after_ms: "soon" }, undefined],
    ["the past as nothing", {}, { retry_after_ms: -5 }, undefined],
  ])("P30 takes how long to wait from %s", async (_, headers, more, retryAfter) => {
    const { transport, next } = scripted();
    const servers = transport.turnServers();
    (await next()).json(said("M_LIMIT_EXCEEDED", more), 429, headers as Record<string, string>);
    const error = await servers.catch((thrown: TrunklineError) => thrown);
    expect(error).toEqual(coded("rate_limited"));
    expect((error as TrunklineError).retryAfter).toBe(retryAfter);
  });

  it("P30 takes how long to wait from a proxy's 429, too", async () => {
    const { transport, next } = scripted();
    const servers = transport.turnServers();
    (await next()).answer(new Response("<h1>Slow</h1>", { status: 429, headers: { "Retry-After": "3" } }));
    await expect(servers).rejects.toEqual(coded("rate_limited", { retryAfter: 3_000 }));
  });

  it("waits half a minute before another try where the account is locked", async () => {
    const { transport, next } = scripted();
    const servers = transport.turnServers();
    (await next()).json(said("M_USER_LOCKED", { soft_logout: true }), 401);
    await expect(servers).rejects.toEqual(coded("server_error", { retryAfter: 30_000 }));
  });

  it("keeps a stranger's text in a message short", async () => {
    const { transport, next } = scripted();
    const servers = transport.turnServers();
    (await next()).json({ errcode: "M_UNKNOWN", error: "x".repeat(1e6) }, 500);
    const error = await servers.catch((thrown: TrunklineError) => thrown);
    expect((error as TrunklineError).message.length).toBeLessThan(500);
  });
});

describe("time", () => {
  it("gives a request 30 s, then aborts it", async () => {
    const { transport, next, clock } = scripted();
    const outcome = transport.turnServers().catch((error: TrunklineError) => error);
    const { signal } = await next();
    await clock.advance(29_999);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.aborted).toBe(true);
    expect(await outcome).toEqual(coded("homeserver_unreachable"));
  });

  it("gives up on an answer whose body stalls", async () => {
    const { transport, next, clock } = scripted();
    const outcome = transport.turnServers().catch((error: TrunklineError) => error);
    const { answer, signal } = await next();
    answer(
      new Response(new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode("{")) })),
    );
    await clock.advance(30_000);
    expect(signal.aborted).toBe(true);
    expect(await outcome).toEqual(coded("homeserver_unreachable"));
  });

  it("leaves no timer behind", async () => {
    const { transport, next, clock } = scripted();
    const servers = transport.turnServers();
    const { signal, json } = await next();
    json({});
    await servers;
    await clock.advance(60_000);
    expect(signal.aborted).toBe(false);
  });
});

describe("TURN servers", () => {
  const ask = async (body: unknown, status = 200) => {
    const { transport, next } = scripted();
    const servers = transport.turnServers();
    (await next()).json(body, status);
    return servers;
  };
  const credentials = { username: "u", password: "p" };

  it("P29 are one ICE server with the credentials, and hold for the ttl", async () => {
    const uris = ["turn:t.test?transport=udp", "turns:t.test", "stun:t.test"];
    expect(await ask({ ...credentials, uris, ttl: 60 })).toEqual({
      iceServers: [{ urls: uris, username: "u", credential: "p" }],
      ttl: 60,
    });
  });

  it.each([
    ["empty", {}, 200],
    ["no object", [], 200],
    ["without addresses", { ...credentials, uris: [], ttl: 0 }, 200],
    ["unknown to the homeserver", said("M_UNRECOGNIZED"), 404],
    ["not for guests", said("M_GUEST_ACCESS_FORBIDDEN"), 403],
  ])("P29 are none for an hour where the answer is %s", async (_, body, status) => {
    expect(await ask(body, status)).toEqual({ iceServers: [], ttl: 3_600 });
  });

  it("P29 are asked for again in 5 minutes after a 404 that may be a proxy's", async () => {
    expect(await ask({}, 404)).toEqual({ iceServers: [], ttl: 300 });
  });

  it.each([
    ["a suspended account", said("M_USER_SUSPENDED"), 403],
    ["a homeserver at its limit", said("M_RESOURCE_LIMIT_EXCEEDED"), 403],
    ["a proxy's refusal", "<html>", 403],
  ])("P29 are not none for %s", async (_, body, status) => {
    await expect(ask(body, status)).rejects.toEqual(coded("server_error"));
  });

  it("leaves out what a peer connection throws at", async () => {
    const uris = ["turn:t.test", "turn:", "https://t.test", 5, null];
    const { iceServers } = await ask({ ...credentials, uris });
    expect(iceServers).toEqual([{ urls: ["turn:t.test"], username: "u", credential: "p" }]);
    expect((await ask({ uris: ["turn:t.test", "stun:t.test"] })).iceServers).toEqual([
      { urls: ["stun:t.test"] },
    ]);
  });
});
