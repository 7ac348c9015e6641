import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchUnwatched } from "../../bench/browser/chromium.ts";
import { bundleFiles } from "../../bench/browser/files.ts";
import { openSite, withPage } from "../../bench/browser/site.ts";
import type { NodeServer } from "../../demo/node-server.ts";
import type {} from "./bench-probe-page.ts";

let browser: Browser;
let site: NodeServer;

beforeAll(async () => {
  const files = await bundleFiles(
    { page: "test/e2e/bench-probe-page.ts" },
    { probe: "bench/mainthread/probe-worker.ts" },
  );
  browser = await launchUnwatched();
  site = await openSite(files);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

const block = (...spans: readonly number[]) =>
  withPage(browser, `${site.url}/page`, (page) => page.evaluate((all) => globalThis.block(all), spans));

it("the benchmark's probe sees for how long a main thread is blocked, in short tasks too", async () => {
  // A task is seen from the first ping on that it keeps waiting.
  const { blocked, longest } = await block(40, 150, 30);
  expect(longest).toBeGreaterThan(140);
  expect(blocked).toBeGreaterThan(190);
  expect((await block()).blocked).toBeLessThan(blocked);
});

it("an error on a benchmark's page ends the measure", async () => {
  const failing = withPage(browser, `${site.url}/page`, (page) =>
    page.evaluate(() => {
      setTimeout(() => {
        throw new Error("not today");
      });
      return new Promise<never>(() => {});
    }),
  );
  await expect(failing).rejects.toThrow("not today");
});
