import type { Browser, Page } from "puppeteer-core";
import { type NodeServer, serve } from "../../demo/node-server.ts";
import type { Files } from "./files.ts";

/** Apart from all other origins a page gets clocks that tick every 5 µs instead of every 100. */
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** Serves files, and what `matrix` answers under `/_matrix`. */
export function openSite(
  files: Files,
  matrix?: (request: Request) => Promise<Response>,
): Promise<NodeServer> {
  return serve((request) => {
    const { pathname } = new URL(request.url);
    if (matrix && pathname.startsWith("/_matrix/")) return matrix(request);
    const file = files.get(pathname);
    return new Response(file?.body ?? null, {
      status: file ? 200 : 404,
      headers: { "content-type": file?.type ?? "text/plain", ...ISOLATED },
    });
  });
}

/** Opens an address in a browser profile of its own, lets `work` have the page, and closes it. An error on it rejects. */
export async function withPage<T>(
  browser: Browser,
  url: string,
  work: (page: Page) => Promise<T>,
): Promise<T> {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    const broken = new Promise<never>((_resolve, reject) => page.on("pageerror", reject));
    return await Promise.race([broken, page.goto(url).then(() => work(page))]);
  } finally {
    await context.close();
  }
}
