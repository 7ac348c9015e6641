import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { launchChromium } from "../../scripts/chromium.ts";
import { bundle } from "../../scripts/lib/bundle.ts";

export interface MediaStage {
  /** A page with the media half. */
  readonly page: Page;
  /** Another one. */
  open(headers?: Record<string, string>): Promise<Page>;
}

/** Gives a test file its Chromium, and sees to it that nothing was thrown or rejected in it unseen. */
export function mediaStage(): MediaStage {
  let browser: Browser;
  let script: string;
  let page: Page;
  const troubles: string[] = [];

  // From a secure origin that no server has.
  const open = async (headers: Record<string, string> = {}) => {
    const context = await browser.newContext();
    await context.grantPermissions(["microphone", "camera"]);
    const opened = await context.newPage();
    opened.on("pageerror", (error) => troubles.push(String(error)));
    const body = `<!doctype html><script type="module">${script}</script>`;
    await opened.route("https://media.test/**", (route) =>
      route.fulfill({ contentType: "text/html", headers, body }),
    );
    await opened.goto("https://media.test/");
    return opened;
  };

  beforeAll(async () => {
    const bundled = await bundle({ entryPoints: ["test/media/page.ts"] });
    script = bundled.replaceAll("</script", "<\\/script");
    browser = await launchChromium();
    page = await open();
  });

  afterAll(async () => {
    await browser?.close();
    expect(troubles).toEqual([]);
  });

  return {
    get page() {
      return page;
    },
    open,
  };
}

/**
 * What the page resolved with, or its error by its message alone: the page's stack names URLs, which the test runner
 * takes for files and stumbles over, so that the failure would go unreported.
 */
export async function told<T>(evaluated: Promise<T>): Promise<T> {
  try {
    return await evaluated;
  } catch (thrown) {
    const [message] = (thrown instanceof Error ? thrown.message : String(thrown)).split("\n    at ");
    throw new Error(message);
  }
}
