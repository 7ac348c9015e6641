/** A page that goes in the midst of a call, over whichever homeserver the stage has. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { StartOptions } from "./phone-page.ts";
import { directRoom } from "./rooms.ts";
import { type RemotePhone, remote, type Stage } from "./stage.ts";

interface Account {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
}

export interface PageCloseStage {
  readonly stage: Stage;
  /** Of another origin than the pages, as homeservers are: the last request needs a preflight. */
  readonly homeserver: string;
  /** Somebody new. */
  login(name: string): Promise<Account>;
}

/** What a sync tells of the timelines of rooms. */
interface Synced {
  readonly rooms?: {
    readonly join?: Record<string, { readonly timeline?: { readonly events?: { readonly type: string }[] } }>;
  };
}

const voice = { audio: true };
/** How soon the peer has to know, in ms: without a last request it is 30 s. */
const SOON_MS = 2_000;

type Half = "spawned" | "shared" | "local";

const startOf: Record<Half, (account: Account) => Partial<StartOptions>> = {
  spawned: () => ({}),
  shared: ({ userId, deviceId }) => ({ shared: { userId, deviceId } }),
  local: () => ({ local: true }),
};

const ways: Record<string, (page: Page) => Promise<unknown>> = {
  "is closed": (page) => page.close(),
  "is closed by its user": (page) => page.close({ runBeforeUnload: true }),
  "is left for another": (page) => page.goto("about:blank"),
  "is loaded again": (page) => page.reload(),
};

export function pageCloseScenarios(world: () => PageCloseStage): void {
  /** Ours, in a tab of its own, and a peer in a room with us. */
  const scene = async (half: Half) => {
    const { stage, homeserver, login } = world();
    const [us, them] = [await login("closing"), await login("peer")];
    const roomId = await directRoom(homeserver, us, them);
    const page = await stage.tab();
    const ours = remote(page);
    await ours.start({ homeserver, accessToken: us.accessToken, ...startOf[half](us) });
    const peer = await stage.phone({ homeserver, accessToken: them.accessToken });
    return { homeserver, roomId, us, them, page, ours, peer };
  };

  /** Resolves with how the peer's call ended, and how long after `leave` that was, in ms. */
  const afterLeaving = async (leave: () => Promise<unknown>, peer: RemotePhone, call: string) => {
    const from = Date.now();
    const left = leave().catch(() => {}); // playwright may miss the page before it says so
    const end = await peer.ends(call);
    const ms = Date.now() - from;
    await left;
    return { end, ms };
  };

  const hangups = async (homeserver: string, roomId: string, { accessToken }: Account) => {
    const filter = JSON.stringify({ room: { timeline: { limit: 50 } } });
    const url = `${homeserver}/_matrix/client/v3/sync?filter=${encodeURIComponent(filter)}`;
    const response = await fetch(url, { headers: { Authorization: `Bearer ${accessToken}` } });
    const { rooms } = (await response.json()) as Synced;
    const events = rooms?.join?.[roomId]?.timeline?.events ?? [];
    return events.filter(({ type }) => type === "m.call.hangup").length;
  };

  it.each([
    ["spawned", "is closed"],
    ["spawned", "is closed by its user"],
    ["spawned", "is left for another"],
    ["spawned", "is loaded again"],
    ["shared", "is closed"],
    ["shared", "is left for another"],
    ["local", "is closed"],
  ] as const)("engine %s: the peer's call ends within 2 s when the page %s", async (half, way) => {
    const { homeserver, roomId, them, page, ours, peer } = await scene(half);
    const theirs = await peer.place({ roomId, ...voice });
    const call = await ours.rings();
    await ours.answer(call, voice);
    expect(await peer.reaches(theirs, "connected")).toBe("connected");
    const { end, ms } = await afterLeaving(() => ways[way]?.(page) ?? Promise.reject(), peer, theirs);
    console.log(`engine ${half}, the page ${way}: the peer's call ended after ${ms} ms`);
    expect(end).toEqual({ by: "peer", reason: "user_hangup" });
    expect(ms).toBeLessThan(SOON_MS);
    expect(await hangups(homeserver, roomId, them)).toBe(1);
  });

  it("a call that is ringing at the callee stops within 2 s when the caller's page is closed", async () => {
    const { roomId, them, page, ours, peer } = await scene("spawned");
    const call = await ours.place({ roomId, invitee: them.userId, ...voice });
    const ringing = await peer.rings();
    expect(await ours.reaches(call, "ringing")).toBe("ringing");
    const { end, ms } = await afterLeaving(() => page.close(), peer, ringing);
    console.log(`it stopped ringing after ${ms} ms`);
    expect(end).toEqual({ by: "peer", reason: "user_hangup" });
    expect(ms).toBeLessThan(SOON_MS);
  });

  it("P48 a call that rings in a page that is closed goes on for the caller, and for our next page", async () => {
    const { stage, homeserver } = world();
    const { roomId, us, page, ours, peer } = await scene("spawned");
    const theirs = await peer.place({ roomId, ...voice });
    await ours.rings();
    await page.close();
    const next = await stage.phone({ homeserver, accessToken: us.accessToken });
    await next.answer(await next.rings(), voice);
    expect(await peer.reaches(theirs, "connected")).toBe("connected");
    await peer.hangup(theirs);
  });
}
