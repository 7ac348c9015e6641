/** Built apps, served as an app's own server would, and Chromium to run them in. */
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import type { Browser, Page } from "playwright-core";
import { serve } from "../../demo/node-server.ts";
import { launchChromium } from "../../scripts/chromium.ts";
import { type Account, createHomeserver } from "../../src/testing/homeserver/index.ts";
import { directRoom } from "../e2e/rooms.ts";

/** Two users with a room of their own. */
export interface Couple {
  readonly alice: Account;
  readonly bob: Account;
  readonly roomId: string;
}

export interface Site {
  readonly url: string;
  couple(): Promise<Couple>;
  close(): Promise<void>;
}

export interface Stage extends Site {
  /**
   * Opens an address of ours, or of another server, in a context of its own; `homeserver` is among its parameters.
   * With a `csp` among them, our pages come with it as their Content-Security-Policy.
   */
  open(address: string, parameters: Readonly<Record<string, string>>): Promise<Page>;
  /** Closes the pages opened so far. */
  clear(): Promise<void>;
}

/** Serves the files of `folder`, and a homeserver beside them. */
export async function openSite(folder: string): Promise<Site> {
  const homeserver = createHomeserver();
  const files = new Hono();
  files.use(async (ask, next) => {
    await next();
    const csp = ask.req.query("csp");
    if (csp) ask.header("content-security-policy", csp);
  });
  files.use(serveStatic({ root: folder }));
  const server = await serve((request) =>
    new URL(request.url).pathname.startsWith("/_matrix/") ? homeserver.fetch(request) : files.fetch(request),
  );
  return {
    url: server.url,
    async couple() {
      const id = crypto.randomUUID().slice(0, 8);
      const [alice, bob] = [homeserver.createUser(`alice-${id}`), homeserver.createUser(`bob-${id}`)];
      return { alice, bob, roomId: await directRoom(server.url, alice, bob) };
    },
    async close() {
      await server.close();
      homeserver.close();
    },
  };
}

/** The same with a browser. */
export async function openStage(folder: string): Promise<Stage> {
  const site = await openSite(folder);
  const browser: Browser = await launchChromium();
  return {
    ...site,
    async open(address, parameters) {
      const page = await (await browser.newContext()).newPage();
      const url = new URL(address, site.url);
      for (const [name, value] of Object.entries({ homeserver: site.url, ...parameters })) {
        url.searchParams.set(name, value);
      }
      await page.goto(url.href);
      return page;
    },
    async clear() {
      await Promise.all(browser.contexts().map((context) => context.close()));
    },
    async close() {
      await browser.close();
      await site.close();
    },
  };
}
