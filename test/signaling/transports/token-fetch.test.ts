import { NEVER, Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { MatrixToken } from "../../../src/signaling/transports/matrix-token.ts";
import { freshSync, tokenFetch } from "../../../src/signaling/transports/token-fetch.ts";
import type { TokenRefresh } from "../../../src/streams/contract.ts";
import { coded, said } from "./scripted.ts";

const URL_ = "https://hs.test/_matrix/client/v3/keys/upload";
const authorized = { headers: { Authorization: "Bearer of the client's" } };

/** A homeserver that takes one token, and what was asked with which. */
function homeserver(good: string, refusal = Response.json(said("M_UNKNOWN_TOKEN"), { status: 401 })) {
  const asked: (string | null)[] = [];
  const fetch = async (_resource: unknown, init?: RequestInit) => {
    asked.push(new Headers(init?.headers).get("Authorization"));
    return asked.at(-1) === `Bearer ${good}` ? Response.json({}) : refusal.clone();
  };
  return { asked, fetch: fetch as typeof globalThis.fetch };
}

describe("a client's requests", () => {
  const stage = (refresh?: TokenRefresh, server = homeserver("fresh")) => {
    const token = new MatrixToken("stale", refresh);
    return { ...server, token, ask: tokenFetch(token, server.fetch) };
  };

  it("go with the token in force, and once more with a new one where that is refused", async () => {
    const { ask, asked, token } = stage(async () => "fresh");
    expect((await ask(URL_, authorized)).status).toBe(200);
    expect((await ask(URL_, authorized)).status).toBe(200);
    expect(asked).toEqual(["Bearer stale", "Bearer fresh", "Bearer fresh"]);
    expect(token.current).toBe("fresh");
  });

  it("are refused where the login is over: the client learns of it", async () => {
    const { ask, asked } = stage(async () => undefined);
    const response = await ask(URL_, authorized);
    expect([response.status, await response.json()]).toEqual([401, said("M_UNKNOWN_TOKEN")]);
    expect(asked).toEqual(["Bearer stale"]);
  });

  it("fail as where nothing answers while the app cannot get a token", async () => {
    const { ask } = stage(() => Promise.reject(new TypeError("Failed to fetch")));
    await expect(ask(URL_, authorized)).rejects.toEqual(coded("homeserver_unreachable"));
  });

  it("are let through without a token where they have none, and where something else refuses them", async () => {
    const page = new Response("<h1>Log in to the proxy</h1>", { status: 401 });
    const { ask, asked } = stage(async () => "never", homeserver("fresh", page));
    expect((await ask(URL_, {})).status).toBe(401);
    expect(await (await ask(URL_, authorized)).text()).toContain("proxy");
    expect(asked).toEqual([null, "Bearer stale"]);
  });
});

describe("a client's poll", () => {
  const SYNC = "https://hs.test/_matrix/client/v3/sync?timeout=30000";
  const held = ((_resource: unknown, init?: RequestInit) =>
    new Promise((_, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    })) as typeof fetch;

  it("is given up when the network comes back, as where nothing answers", async () => {
    const back = new Subject<void>();
    const poll = freshSync(held, back)(SYNC, {});
    back.next();
    await expect(poll).rejects.toBeInstanceOf(TypeError);
    expect(back.observed).toBe(false);
  });

  it("is aborted as the client says, and says so", async () => {
    const aborter = new AbortController();
    const poll = freshSync(held, NEVER)(SYNC, { signal: aborter.signal });
    aborter.abort();
    await expect(poll).rejects.toMatchObject({ name: "AbortError" });
  });

  it("has the answer whole, and no other request is touched", async () => {
    const back = new Subject<void>();
    const fetch = (async () => Response.json({ next_batch: "s1" })) as unknown as typeof globalThis.fetch;
    const response = await freshSync(fetch, back)(SYNC, {});
    expect(await response.json()).toEqual({ next_batch: "s1" });
    void freshSync(held, back)(URL_, {}).catch(() => {});
    expect(back.observed).toBe(false);
  });
});
