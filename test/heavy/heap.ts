/** What a page and its workers keep in memory, once all that can be collected has been. */
import puppeteer, { type CDPSession, type Page } from "puppeteer-core";
import { chromiumArgs, ensureChromium } from "../../scripts/chromium.ts";

/**
 * Chromium under Puppeteer, which reaches into workers too. Its scripts are interpreted only: compiled code would be
 * counted as heap, and there is more of it the longer a page runs.
 */
export async function launchMeasured() {
  return puppeteer.launch({
    executablePath: await ensureChromium(),
    args: [...chromiumArgs, "--js-flags=--no-opt --no-maglev --no-sparkplug"],
    protocolTimeout: 900_000,
  });
}

/** Bytes in use: of JavaScript, and of the browser's own objects that hang on it. */
export interface Heap {
  readonly script: number;
  readonly browser: number;
}

export async function heapOf(session: CDPSession): Promise<Heap> {
  await session.send("HeapProfiler.enable");
  // Objects of the browser may be freed only in the collection after that of their JavaScript side.
  for (let round = 0; round < 3; round += 1) await session.send("HeapProfiler.collectGarbage");
  const { usedSize, embedderHeapUsedSize } = await session.send("Runtime.getHeapUsage");
  return { script: usedSize, browser: embedderHeapUsedSize };
}

/** How many objects there are of each class in `kinds`, an expression for an object of classes in the page. */
export async function census(page: Page, kinds: string): Promise<Readonly<Record<string, number>>> {
  const names = (await page.evaluate(`Object.keys(${kinds})`)) as readonly string[];
  const counts: [string, number][] = [];
  for (const name of names) {
    const prototype = await page.evaluateHandle(`${kinds}.${name}.prototype`);
    const found = await page.queryObjects(prototype as Parameters<Page["queryObjects"]>[0]);
    counts.push([name, await page.evaluate((objects) => objects.length, found)]);
    await found.dispose();
    await prototype.dispose();
  }
  return Object.fromEntries(counts);
}

/** How many objects there are in the page of each class, by the name of the class. */
export async function censusOfAll(page: Page): Promise<Readonly<Record<string, number>>> {
  const prototype = await page.evaluateHandle("Object.prototype");
  const found = await page.queryObjects(prototype as Parameters<Page["queryObjects"]>[0]);
  const counts = await page.evaluate((objects) => {
    const counted: Record<string, number> = {};
    for (const object of objects as unknown as readonly object[]) {
      const name = String(object.constructor?.name);
      counted[name] = (counted[name] ?? 0) + 1;
    }
    return counted;
  }, found);
  await found.dispose();
  await prototype.dispose();
  return counts;
}
