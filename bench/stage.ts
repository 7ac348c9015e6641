/** The browser in which calls are measured, and the site that its pages come from. */
import type { Page } from "puppeteer-core";
import { launchUnwatched } from "./browser/chromium.ts";
import { bundleFiles } from "./browser/files.ts";
import { openSite } from "./browser/site.ts";

const PAGES = {
  trunkline: "bench/pages/trunkline-page.ts",
  rival: "bench/pages/rival-page.ts",
  floor: "bench/pages/floor-page.ts",
};
const WORKERS = { "bench-worker": "bench/pages/worker.ts" };

export interface Stage {
  readonly url: string;
  /** Opens a page in a browser profile of its own; resolves when its script has run. */
  tab(page: keyof typeof PAGES): Promise<Page>;
  /** Errors that no page caught, so far. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** `matrix` answers under `/_matrix`. */
export async function openStage(matrix?: (request: Request) => Promise<Response>): Promise<Stage> {
  const site = await openSite(await bundleFiles(PAGES, WORKERS), matrix);
  const browser = await launchUnwatched().catch(async (error: unknown) => {
    await site.close();
    throw error;
  });
  const errors: string[] = [];
  return {
    url: site.url,
    errors,
    async tab(name) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.goto(`${site.url}/${name}`);
      return page;
    },
    async close() {
      await browser.close();
      await site.close();
    },
  };
}
