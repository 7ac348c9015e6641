import type { Browser, Page } from "puppeteer-core";
import { serveStore } from "../../src/testing/homeserver/serve.ts";
import type { Files } from "../browser/files.ts";
import { openSite, withPage } from "../browser/site.ts";
import { busyAccount } from "./account.ts";
import { remembering } from "./remembering.ts";
import type { ThreadSide } from "./turns.ts";
import { sidesIn } from "./turns.ts";
import type { Waits } from "./waits.ts";

export const START_PAGES = {
  ours: "bench/mainthread/start-ours.ts",
  rival: "bench/mainthread/start-rival.ts",
  floor: "bench/mainthread/start-floor.ts",
};

/** One start-up, in ms. */
export interface StartUp extends Waits {
  readonly ready: number;
  /** The processor time of the main thread's tasks, by the browser's own count. */
  readonly busy: number;
}

export type StartUps = { readonly [S in ThreadSide]: readonly StartUp[] };

/** Start-ups of every side, in turns, for a user in so many rooms. The first of each warms up and does not count. */
export async function startUps(
  browser: Browser,
  files: Files,
  { rooms, turns, say }: { rooms: number; turns: number; say: (progress: string) => void },
): Promise<StartUps> {
  say(`making ${rooms} rooms`);
  const { store, devices } = busyAccount(rooms);
  const homeserver = serveStore(store);
  const matrix = remembering(homeserver.fetch);
  const site = await openSite(files, matrix.fetch);
  const found: Record<ThreadSide, StartUp[]> = { ours: [], rival: [], floor: [] };

  const measure = (side: ThreadSide) =>
    withPage(browser, `${site.url}/${side}`, async (page) => {
      const device = devices[side === "rival" ? 1 : 0];
      const login = {
        homeserver: site.url,
        userId: device.user.id,
        deviceId: device.id,
        accessToken: device.token,
        ...(side === "floor" && { firstSync: matrix.firstSync(device.token) }),
      };
      const busyTime = await busyClock(page);
      const before = await busyTime();
      const { took, ...waits } = await page.evaluate((it) => startPage.startUp(it), login);
      return { ...waits, ready: took, busy: (await busyTime()) - before };
    });

  try {
    for (let turn = 0; turn <= turns; turn++) {
      for (const side of sidesIn(turn)) {
        say(`${rooms} rooms, turn ${turn} of ${turns}: ${side}`);
        const startUp = await measure(side);
        if (turn > 0) found[side].push(startUp);
      }
    }
    return found;
  } finally {
    homeserver.close();
    await site.close();
  }
}

/** Tells how much processor time the page's main thread has used for tasks, in ms. */
async function busyClock(page: Page): Promise<() => Promise<number>> {
  const session = await page.createCDPSession();
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN) * 1_000;
  };
}
