import type { Browser, Page } from "playwright-core";
import { bundle } from "../../scripts/lib/bundle.ts";

/** The script of test/media/page.ts, as it may stand inside a script element. */
export async function buildMediaPage(): Promise<string> {
  const script = await bundle({ entryPoints: ["test/media/page.ts"] });
  return script.replaceAll("</script", "<\\/script");
}

/** A page with the media half, from a secure origin that no server has; what it does not catch is a trouble. */
export async function openMediaPage(
  browser: Browser,
  script: string,
  troubles: string[],
  headers: Record<string, string> = {},
): Promise<Page> {
  const opened = await (await browser.newContext()).newPage();
  opened.on("pageerror", (error) => troubles.push(String(error)));
  const body = `<!doctype html><script type="module">${script}</script>`;
  await opened.route("https://media.test/**", (route) =>
    route.fulfill({ contentType: "text/html", headers, body }),
  );
  await opened.goto("https://media.test/");
  return opened;
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
