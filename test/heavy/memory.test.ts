/** Five hundred calls in a row in one page, and what they leave behind: nothing. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import "./meta.ts";
import { census, censusOfAll, heapOf, launchMeasured } from "./heap.ts";
import { openSite, type Site } from "./stage.ts";

const CALLS = 500;
/** Until then, all that is made once has been made. */
const WARM = 50;
/**
 * Chromium holds on to some of the connections that are closed while they gather, with a stream and two tracks each: it
 * does so on a page without Trunkline. Of these calls 9 to 15, in four runs. Ours would be a hundred or more.
 */
const OF_CHROMIUM = CALLS / 20;
/** What each of those holds on to: objects of any one class, and bytes of the browser's own. */
const KEPT_WITH = { objects: 4, bytes: 8_000 };
/** Chromium lists the first 200 long tasks of a page, and its long frames: the slower the machine, the sooner. */
const LONG_TASKS_LISTED = 200;
/** An engine keeps the names of its last thousand calls, so that nothing late revives them (P44): 269 bytes each of 90. */
const NAMES_OF_A_CALL = 400;

const folder = mkdtempSync(join(tmpdir(), "trunkline-memory-"));
const errors: string[] = [];
let site: Site;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  await build({
    entryPoints: ["test/heavy/memory-page.ts"],
    outfile: join(folder, "page.js"),
    bundle: true,
    format: "esm",
  });
  copyFileSync("dist/worker/entry.js", join(folder, "worker.js"));
  writeFileSync(join(folder, "index.html"), `<!doctype html><script type="module" src="page.js"></script>`);
  site = await openSite(folder);
  browser = await launchMeasured();
  page = await browser.newPage();
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(site.url);
  const { alice, bob, roomId } = await site.couple();
  const accounts = [alice, bob].map(({ accessToken }) => ({ homeserver: site.url, accessToken }));
  await page.evaluate((both, room) => memory.start(both, room), accounts, roomId);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true });
  expect(errors).toEqual([]);
});

const objects = () => census(page, "memory.kinds");
const calls = (from: number, to: number) => page.evaluate((a, b) => memory.calls(a, b), from, to);

/** Chromium keeps what getUserMedia gave for some seconds, to tell how long it took. */
const streamsGone = () =>
  expect
    .poll(objects, { timeout: 60_000, interval: 1_000 })
    .toSatisfy(({ MediaStream, MediaStreamTrack }) => MediaStream + MediaStreamTrack <= 3 * OF_CHROMIUM);

async function heaps() {
  const session = await page.createCDPSession();
  const { script, browser: native } = await heapOf(session);
  await session.detach();
  const workers = await Promise.all(page.workers().map(({ client }) => heapOf(client)));
  return { script, native, workers: workers.map((heap) => heap.script) };
}

it(`${CALLS} calls leave the heaps as they were, and nothing open`, { timeout: 900_000 }, async ({
  task,
}) => {
  await page.evaluate((count) => memory.longTasks(count), LONG_TASKS_LISTED);
  await calls(0, WARM);
  await streamsGone();
  const early = await objects();
  const earlier = await censusOfAll(page);
  const before = await heaps();

  const started = performance.now();
  await calls(WARM, CALLS);
  const perCall = (performance.now() - started) / (CALLS - WARM);

  await streamsGone();
  const left = await objects();
  const later = await censusOfAll(page);
  const after = await heaps();
  task.meta.figures = [
    `page ${kB(before.script)} to ${kB(after.script)} kB, ${kB(before.native)} to ${kB(after.native)} kB in the browser's objects`,
    `worker ${kB(before.workers[0])} to ${kB(after.workers[0])} kB`,
    `${left.RTCPeerConnection} connections kept by the browser`,
    `${Math.round(perCall)} ms a call`,
  ];

  expect(left.RTCPeerConnection).toBeLessThanOrEqual(OF_CHROMIUM);
  expect(left).toMatchObject({ MessagePort: early.MessagePort, Subscription: early.Subscription });
  const kept = (left.RTCPeerConnection ?? 0) - (early.RTCPeerConnection ?? 0);
  const grown = Object.entries(later).filter(
    ([name, count]) => count - (earlier[name] ?? 0) > kept * KEPT_WITH.objects + OF_CHROMIUM,
  );
  expect(grown).toEqual([]);
  expect(after.script).toBeLessThan(before.script * 1.05);
  expect(after.native).toBeLessThan(before.native * 1.05 + kept * KEPT_WITH.bytes);
  expect(after.workers).toHaveLength(2);
  for (const [index, worker] of after.workers.entries()) {
    expect(worker - (before.workers[index] ?? 0)).toBeLessThan((CALLS - WARM) * NAMES_OF_A_CALL);
  }
});

it("milestones reach a PerformanceObserver, and do not pile up in the page", async () => {
  const { observed, listed } = await page.evaluate(() => memory.marks());
  expect(observed).toContain("trunkline.connected");
  expect(listed).toBe(0);
});

it("closed phones leave no worker and no port", async () => {
  await page.evaluate(() => memory.close());
  await expect.poll(() => page.workers().length).toBe(0);
  expect(await objects()).toMatchObject({ MessagePort: 0 });
});

const kB = (bytes = 0) => Math.round(bytes / 1000);
