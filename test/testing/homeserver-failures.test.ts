import { describe, expect, it } from "vitest";
import { virtualClock } from "../../src/testing/clock.ts";
import { createHomeserver } from "../../src/testing/homeserver/index.ts";
import { asker, createClient, directRoom, typesIn } from "./homeserver-client.ts";

function world() {
  const clock = virtualClock();
  const homeserver = createHomeserver({ clock });
  return {
    clock,
    homeserver,
    alice: createClient(homeserver, "alice"),
    bob: createClient(homeserver, "bob"),
  };
}

describe("a rate limit", () => {
  it("P30 lets a burst through, then one event every so often, and says when", async () => {
    const clock = virtualClock();
    const homeserver = createHomeserver({ clock, rateLimit: { burst: 10, perSecond: 0.2 } });
    const [alice, bob] = [createClient(homeserver, "alice"), createClient(homeserver, "bob")];
    const roomId = await alice.createRoom({ invite: [bob.userId] });
    await clock.advance(60_000);
    const send = (n: number) => alice.send(roomId, "m.x", String(n));
    for (let n = 0; n < 10; n++) expect((await send(n)).status).toBe(200);
    await clock.advance(1000);
    const limited = await send(10);
    expect(limited.status).toBe(429);
    expect(limited.body).toMatchObject({ errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 4000 });
    expect(limited.headers.get("Retry-After")).toBe("4");
    await clock.advance(3999);
    expect((await send(10)).status).toBe(429);
    await clock.advance(1);
    expect((await send(10)).status).toBe(200);
    expect((await send(11)).status).toBe(429);
    // What was sent before comes back, and others are not held up.
    expect((await send(10)).status).toBe(200);
    expect((await bob.join(roomId)).status).toBe(200);
  });

  it("is off unless asked for", async () => {
    const { alice } = world();
    const roomId = await alice.createRoom();
    for (let n = 0; n < 30; n++) expect((await alice.send(roomId, "m.x", String(n))).status).toBe(200);
  });
});

describe("a failure", () => {
  it("P30 answers 429 with the wait where it is told to put it", async () => {
    const { homeserver, alice } = world();
    homeserver.fail({ type: "rate_limited", retryAfter: 3, times: 1 });
    homeserver.fail({ type: "rate_limited", retryAfterMs: 2500, times: 1 });
    const [header, body, none] = [
      await alice.ask("GET", "/login"),
      await alice.ask("GET", "/login"),
      await alice.ask("GET", "/login"),
    ];
    expect([header.status, header.headers.get("Retry-After"), header.body.retry_after_ms]).toEqual([
      429,
      "3",
      undefined,
    ]);
    expect([body.status, body.headers.get("Retry-After"), body.body.retry_after_ms]).toEqual([
      429,
      null,
      2500,
    ]);
    expect(none.status).toBe(200);
  });

  it("answers as a broken homeserver, or a proxy before it", async () => {
    const { homeserver, alice } = world();
    homeserver.fail({ type: "status", status: 500, times: 1 });
    homeserver.fail({ type: "status", status: 502, times: 1 });
    homeserver.fail({ type: "status", status: 200, body: '{"next_batch":5}', times: 1 });
    const [broken, proxy, odd] = [
      await alice.ask("GET", "/login"),
      await alice.ask("GET", "/login"),
      await alice.sync(),
    ];
    expect([broken.status, broken.body.errcode]).toEqual([500, "M_UNKNOWN"]);
    expect([proxy.status, proxy.headers.get("Content-Type")]).toEqual([502, "text/html"]);
    expect(proxy.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(odd.next_batch).toBe(5);
  });

  it("drops the connection before the request is handled", async () => {
    const { homeserver, alice, bob } = world();
    const roomId = await directRoom(alice, bob);
    const { next_batch: since } = await bob.sync();
    homeserver.fail({ method: "PUT", path: "/send/", type: "dropped" });
    await expect(alice.send(roomId, "m.x", "1")).rejects.toThrow(TypeError);
    expect((await bob.sync({ since })).rooms).toBeUndefined();
    homeserver.heal();
    expect((await alice.send(roomId, "m.x", "1")).status).toBe(200);
  });

  it("P30 loses the answer, after which the same transaction id finds the event stored", async () => {
    const { homeserver, alice, bob } = world();
    const roomId = await directRoom(alice, bob);
    const { next_batch: since } = await bob.sync();
    const poll = bob.sync({ since, timeout: 1000 });
    homeserver.fail({ path: /\/send\/m\.call\./, type: "answer_lost", times: 1 });
    await expect(alice.send(roomId, "m.call.invite", "1")).rejects.toThrow(TypeError);
    const event = (await poll).rooms?.join?.[roomId]?.timeline.events[0];
    expect((await alice.send(roomId, "m.call.invite", "1")).body.event_id).toBe(event?.event_id);
    expect(typesIn(await bob.sync({ since }), roomId)).toEqual(["m.call.invite"]);
  });

  it("is slow by the clock, and lets go of who does not wait", async () => {
    const { clock, homeserver, alice } = world();
    const roomId = await alice.createRoom();
    homeserver.fail({ path: "/send/", type: "slow", ms: 5000 });
    const sent = alice.send(roomId, "m.x", "1");
    const { next_batch: since } = await alice.sync();
    await clock.advance(4999);
    expect((await alice.sync({ since })).rooms).toBeUndefined();
    await clock.advance(1);
    expect((await sent).status).toBe(200);
    const abort = new AbortController();
    const path = `${alice.at(roomId)}/send/m.x/2`;
    const given = alice.ask("PUT", path, { body: {}, signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(given).rejects.toThrow("enough");
    expect(clock.pending).toBe(0);
  });

  it("answers a sync at once that wants to be held, with what there is", async () => {
    const { homeserver, alice, bob } = world();
    const roomId = await directRoom(alice, bob);
    const { next_batch: since } = await bob.sync();
    homeserver.fail({ path: "/sync", type: "unheld" });
    expect((await bob.sync({ since, timeout: 30_000 })).rooms).toBeUndefined();
    await alice.send(roomId, "m.x", "1");
    expect((await bob.sync({ since, timeout: 30_000 })).rooms).toBeDefined();
  });

  it("has the headers that it is given", async () => {
    const { homeserver, alice } = world();
    homeserver.fail({ type: "status", status: 429, headers: { "Retry-After": "3" } });
    const { status, headers } = await alice.ask("GET", "/login");
    expect([status, headers.get("Retry-After"), headers.get("Content-Type")]).toEqual([
      429,
      "3",
      "text/html",
    ]);
  });

  it("touches only the requests that it names", async () => {
    const { homeserver, alice } = world();
    homeserver.fail({ method: "POST", path: "/login", type: "dropped" });
    expect((await alice.ask("GET", "/login")).status).toBe(200);
    expect((await alice.ask("POST", "/logout")).status).toBe(200);
    await expect(alice.ask("POST", "/login", { body: {} })).rejects.toThrow(TypeError);
  });
});

describe("any request", () => {
  it("may come from a page of any origin, and its failure can be read there", async () => {
    const { homeserver } = world();
    const ask = asker(homeserver);
    for (const [method, path, status] of [
      ["OPTIONS", "/sync", 204],
      ["OPTIONS", "/rooms/!a:b/send/m.x/1", 204],
      ["GET", "/sync", 401],
      ["GET", "/nowhere", 404],
    ] as const) {
      const answer = await ask(method, path);
      expect([answer.status, answer.headers.get("Access-Control-Allow-Origin")]).toEqual([status, "*"]);
      expect(answer.headers.get("Access-Control-Allow-Headers")).toContain("Authorization");
      expect(answer.headers.get("Access-Control-Allow-Methods")).toContain("PUT");
    }
  });

  it("is unrecognized where nobody listens, or not for that method", async () => {
    const ask = asker(world().homeserver);
    for (const [method, path, status] of [
      ["GET", "/nowhere", 404],
      ["GET", "/_matrix/federation/v1/version", 404],
      ["DELETE", "/sync", 405],
      ["GET", "/createRoom", 405],
    ] as const) {
      const answer = await ask(method, path);
      expect([answer.status, answer.body.errcode]).toEqual([status, "M_UNRECOGNIZED"]);
    }
  });

  it("P29 may ask for TURN servers, of which there may be none", async () => {
    const turn = { uris: ["turn:127.0.0.1:3478"], username: "u", password: "p", ttl: 60 };
    for (const homeserver of [createHomeserver({ turn }), createHomeserver()]) {
      const { status, body } = await createClient(homeserver, "alice").ask("GET", "/voip/turnServer");
      expect([status, [turn, {}]]).toEqual([200, expect.arrayContaining([body])]);
      expect((await asker(homeserver)("GET", "/voip/turnServer")).body.errcode).toBe("M_MISSING_TOKEN");
    }
  });

  it.each([
    ["/_matrix/client/versions", 200],
    ["/capabilities", 200],
    ["/pushrules/", 200],
    ["/_matrix/client/v1/media/config", 200],
    ["/room_keys/version", 404],
  ])("that a client starts with gets its answer: %s", async (path, status) => {
    expect((await world().alice.ask("GET", path)).status).toBe(status);
  });
});
