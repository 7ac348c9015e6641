import type { Browser, Page } from "puppeteer-core";
import { serveStore } from "../../src/testing/homeserver/serve.ts";
import type { Files } from "../browser/files.ts";
import { openSite, withPage } from "../browser/site.ts";
import { busyAccount } from "./account.ts";
import { remembering } from "./remembering.ts";
import type { Ring } from "./ring-page.ts";
import { sidesIn, THREAD_SIDES, type ThreadSide } from "./turns.ts";

export const RING_PAGES = {
  "ring-ours": "bench/mainthread/ring-ours.ts",
  "ring-rival": "bench/mainthread/ring-rival.ts",
  "ring-floor": "bench/mainthread/ring-floor.ts",
};

const ROOMS = 100;

export type Rings = { readonly [S in ThreadSide]: { readonly unloaded: Ring[]; readonly loaded: Ring[] } };

/**
 * Calls that ring in each side's page, in turns, on a main thread that is free and on one that is kept busy. Each side
 * has an account of its own, so that nobody's call rings twice.
 */
export async function rings(
  browser: Browser,
  files: Files,
  { turns, say }: { turns: number; say: (progress: string) => void },
): Promise<Rings> {
  const found: Rings = {
    ours: { unloaded: [], loaded: [] },
    rival: { unloaded: [], loaded: [] },
    floor: { unloaded: [], loaded: [] },
  };
  const measure = async (pages: ReadonlyMap<ThreadSide, Page>) => {
    for (let turn = 0; turn <= turns; turn++) {
      for (const side of sidesIn(turn)) {
        for (const load of ["unloaded", "loaded"] as const) {
          say(`call ${turn} of ${turns}: ${side}, ${load}`);
          const ring = await pages.get(side)?.evaluate((busy) => ringPage.ring(busy), load === "loaded");
          if (turn > 0 && ring) found[side][load].push(ring);
        }
      }
    }
  };
  await withPages(browser, files, THREAD_SIDES, new Map(), undefined, measure);
  return found;
}

/** Opens the pages of these sides one in the other, so that each is closed however it ends. */
async function withPages(
  browser: Browser,
  files: Files,
  [side, ...others]: readonly ThreadSide[],
  pages: ReadonlyMap<ThreadSide, Page>,
  oursAsked: string | undefined,
  work: (pages: ReadonlyMap<ThreadSide, Page>) => Promise<void>,
): Promise<void> {
  if (side === undefined) return work(pages);
  const { store, devices, friend, directRoomId: roomId } = busyAccount(ROOMS);
  const [{ user, id: deviceId, token: accessToken }] = devices;
  const homeserver = serveStore(store);
  const matrix = remembering(homeserver.fetch);
  const site = await openSite(files, matrix.fetch);
  try {
    await withPage(browser, `${site.url}/ring-${side}`, async (page) => {
      const login = { homeserver: site.url, userId: user.id, deviceId, accessToken };
      await page.evaluate(([mine, theirs]) => ringPage.start(mine, theirs), [
        { ...login, ...(oursAsked !== undefined && { firstSync: oursAsked }) },
        { homeserver: site.url, accessToken: friend.token, roomId },
      ] as const);
      const asked = side === "ours" ? matrix.firstSync(accessToken) : oursAsked;
      await withPages(browser, files, others, new Map([...pages, [side, page]]), asked, work);
    });
  } finally {
    homeserver.close();
    await site.close();
  }
}
