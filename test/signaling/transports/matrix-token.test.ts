import { describe, expect, it } from "vitest";
import { matrixTransport } from "../../../src/signaling/transports/matrix.ts";
import type { EventBatch, TokenRefresh, Transport } from "../../../src/streams/contract.ts";
import { TrunklineError } from "../../../src/streams/errors.ts";
import { virtualClock } from "../../../src/testing/clock.ts";
import { createHomeserver } from "../../../src/testing/homeserver/index.ts";
import { type Asked, coded, said, scripted, watched } from "./scripted.ts";

const expired = (request: Asked) => request.json(said("M_UNKNOWN_TOKEN", { soft_logout: true }), 401);
const bearer = ({ headers }: Asked) => headers.get("Authorization");

/** An app that is asked for tokens, and gives them when the test says so. */
function app() {
  const asked: { give(token: string): void; fail(): void }[] = [];
  const tokenRefresh = () =>
    new Promise<string>((give, reject) => {
      asked.push({ give, fail: () => reject(new TypeError("Failed to fetch")) });
    });
  return { asked, tokenRefresh };
}

/** Two requests at once, both refused. */
async function refusedTwice(tokenRefresh?: TokenRefresh) {
  const script = scripted(tokenRefresh && { tokenRefresh });
  const outcomes = [script.transport.turnServers(), script.transport.identity()].map((outcome) =>
    outcome.then(
      () => "done",
      (error: unknown) => error,
    ),
  );
  expired(await script.next("/voip/turnServer"));
  expired(await script.next("/account/whoami"));
  await script.clock.advance(0);
  return { ...script, outcomes };
}

describe("a token that has expired", () => {
  it("is asked for once by all who wait, who then go on with the new one", async () => {
    const { asked, tokenRefresh } = app();
    const { next, outcomes, identify } = await refusedTwice(tokenRefresh);
    expect(asked).toHaveLength(1);
    asked[0]?.give("fresh");
    const again = await next("/voip/turnServer");
    expect(bearer(again)).toBe("Bearer fresh");
    again.json({});
    await identify();
    expect(await Promise.all(outcomes)).toEqual(["done", "done"]);
    expect(asked).toHaveLength(1);
  });

  it("is not asked for again by whoever is refused late with the old one", async () => {
    const { asked, tokenRefresh } = app();
    const { transport, next, clock } = scripted({ tokenRefresh });
    const outcomes = [transport.turnServers(), transport.identity()];
    const late = await next("/account/whoami");
    expired(await next("/voip/turnServer"));
    await clock.advance(0);
    asked[0]?.give("fresh");
    (await next("/voip/turnServer")).json({});
    expired(late);
    const again = await next("/account/whoami");
    expect([bearer(again), asked.length]).toEqual(["Bearer fresh", 1]);
    again.json({ user_id: "@us:hs.test", device_id: "OURS" });
    (await next("/keys/query")).json({ device_keys: {} });
    await Promise.all(outcomes);
  });

  it("is asked for anew when the next one expires", async () => {
    const { asked, tokenRefresh } = app();
    const { transport, next, clock } = scripted({ tokenRefresh });
    for (const token of ["second", "third"]) {
      const servers = transport.turnServers();
      expired(await next());
      await clock.advance(0);
      asked.at(-1)?.give(token);
      const again = await next();
      expect(bearer(again)).toBe(`Bearer ${token}`);
      again.json({});
      await servers;
    }
    expect(asked).toHaveLength(2);
  });

  it.each([
    ["there is nobody to ask", undefined],
    ["the app gives the one that was refused", async () => "s3cret"],
    ["the app gives nothing", async () => undefined],
    ["the app gives null", async () => null],
    ["the app gives an empty one", async () => ""],
    ["the app gives what cannot be one", async () => "two words"],
    ["the app says so", () => Promise.reject(new TrunklineError("unknown_token", "signed out"))],
  ])("ends with unknown_token where %s", async (_what, tokenRefresh) => {
    const { outcomes, asked } = await refusedTwice(tokenRefresh);
    for (const outcome of await Promise.all(outcomes)) expect(outcome).toEqual(coded("unknown_token"));
    expect(asked).toHaveLength(0);
  });

  it("is asked for no more once the app has none, and ends the sync that waits at the homeserver", async () => {
    let count = 0;
    const { transport, next, clock } = scripted({
      tokenRefresh: async () => {
        count += 1;
        return count === 1 ? undefined : "fresh";
      },
    });
    let ended: unknown;
    transport.batches$.subscribe({
      error: (error) => {
        ended = error;
      },
    });
    await next("/sync");
    const refusal = transport.turnServers().catch((error: unknown) => error);
    expired(await next("/voip/turnServer"));
    expect(await refusal).toEqual(coded("unknown_token"));
    await clock.advance(0);
    expect(ended).toEqual(coded("unknown_token"));
    const later = transport.turnServers().catch((error: unknown) => error);
    expired(await next("/voip/turnServer"));
    expect(await later).toEqual(coded("unknown_token"));
    expect(count).toBe(1);
  });

  it("ends with unknown_token where the new one is refused, too", async () => {
    const { asked, tokenRefresh } = app();
    const { next, outcomes } = await refusedTwice(tokenRefresh);
    asked[0]?.give("fresh");
    expired(await next("/voip/turnServer"));
    expired(await next("/account/whoami"));
    for (const outcome of await Promise.all(outcomes)) expect(outcome).toEqual(coded("unknown_token"));
    expect(asked).toHaveLength(1);
  });

  it.each<[string, TokenRefresh]>([
    ["rejects", () => Promise.reject(new TypeError("Failed to fetch"))],
    [
      "throws",
      () => {
        throw new Error("no storage");
      },
    ],
  ])("fails the requests, and is asked for again by the next, where the app %s", async (_, failing) => {
    let count = 0;
    const tokenRefresh = async () => {
      count += 1;
      return count === 1 ? failing() : "fresh";
    };
    const { transport, next, outcomes } = await refusedTwice(tokenRefresh);
    for (const outcome of await Promise.all(outcomes)) {
      expect(outcome).toEqual(coded("homeserver_unreachable"));
    }
    const servers = transport.turnServers();
    expired(await next("/voip/turnServer"));
    (await next("/voip/turnServer")).json({});
    await servers;
    expect(count).toBe(2);
  });

  it("does not end a sync while the app cannot get another one, whatever it takes", async () => {
    const { asked, tokenRefresh } = app();
    const { next, clock, connected, error, subscription } = await watched({ tokenRefresh });
    (await next("/sync")).json({ next_batch: "s1" });
    for (let count = 1; count <= 20; count += 1) {
      expired(await next("/sync"));
      await clock.advance(0);
      expect(asked).toHaveLength(count);
      asked.at(-1)?.fail();
      await clock.advance(5_000);
    }
    expect([error(), connected.at(-1)]).toEqual([undefined, false]);
    expired(await next("/sync"));
    await clock.advance(0);
    asked.at(-1)?.give("fresh");
    const again = await next("/sync");
    expect([bearer(again), again.query.get("since")]).toEqual(["Bearer fresh", "s1"]);
    again.json({ next_batch: "s2" });
    await next("/sync");
    expect(connected.at(-1)).toBe(true);
    subscription.unsubscribe();
  });

  it("takes a token that comes late", async () => {
    const { asked, tokenRefresh } = app();
    const { transport, next, clock } = await refusedTwice(tokenRefresh);
    await clock.advance(30_000);
    asked[0]?.give("fresh");
    await clock.advance(0);
    const servers = transport.turnServers();
    const request = await next("/voip/turnServer");
    expect(bearer(request)).toBe("Bearer fresh");
    request.json({});
    await servers;
  });

  it("does not hang on an app that never answers", async () => {
    const { outcomes, clock } = await refusedTwice(() => new Promise(() => {}));
    await clock.advance(30_000);
    expect(await Promise.all(outcomes)).toEqual([
      coded("homeserver_unreachable"),
      coded("homeserver_unreachable"),
    ]);
  });

  it("loses nothing on a homeserver whose tokens are short-lived", async () => {
    const clock = virtualClock();
    const server = createHomeserver({ clock, tokenLifetime: 1_000 });
    const ask = async (path: string, token: string | undefined, body: object) => {
      const request = new Request(`https://homeserver.test/_matrix/client/v3${path}`, {
        method: "POST",
        body: JSON.stringify(body),
        ...(token !== undefined && { headers: { Authorization: `Bearer ${token}` } }),
      });
      return (await (await server.fetch(request)).json()) as Record<string, string>;
    };
    const { userId: user, password } = server.createUser("alice");
    const login = { type: "m.login.password", refresh_token: true, identifier: { type: "m.id.user", user } };
    const session = await ask("/login", undefined, { ...login, password });
    let refreshes = 0;
    const transport: Transport = matrixTransport({
      homeserver: "https://homeserver.test",
      accessToken: String(session.access_token),
      async tokenRefresh() {
        refreshes += 1;
        Object.assign(session, await ask("/refresh", undefined, { refresh_token: session.refresh_token }));
        return String(session.access_token);
      },
      clock,
      fetch: (resource, init) => server.fetch(new Request(resource, init)),
    });
    const { room_id: roomId = "" } = await ask("/createRoom", session.access_token, {});
    const batches: EventBatch[] = [];
    const subscription = transport.batches$.subscribe((batch) => batches.push(batch));
    await clock.advance(100);
    for (let count = 0; count < 20; count += 1) {
      const sent = transport.send(roomId, "m.call.hangup", { count }, `t${count}`);
      await clock.advance(700);
      await sent;
    }
    await clock.advance(100);
    const calls = batches.flatMap(({ events }) => events).filter(({ type }) => type === "m.call.hangup");
    expect(calls.map(({ content }) => content)).toEqual(
      Array.from({ length: 20 }, (_, count) => ({ count })),
    );
    expect(refreshes).toBeGreaterThan(5);
    subscription.unsubscribe();
    server.close();
  });
});
