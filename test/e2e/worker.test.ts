import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signalingSuite } from "../../src/testing/signaling-suite.ts";
import type { WorkerPage } from "../worker/page.ts";
import { openWorkerStage, type WorkerStage } from "./worker-stage.ts";

declare const workerPage: WorkerPage;

const ENTRY = "/dist/worker/entry.js";
let stage: WorkerStage;
let page: Page;

beforeAll(async () => {
  stage = await openWorkerStage();
  page = await stage.page();
});
afterAll(() => stage?.close());

const noWorkerLeft = (page: Page) =>
  expect.poll(() => page.workers().length, { message: "workers left running" }).toBe(0);

describe("signalling suite, engines in workers of Chromium", () => {
  for (const { name } of signalingSuite) {
    it(name, async () => {
      const { accounts, roomId } = await stage.pair();
      await page.evaluate(([name, accounts, room]) => workerPage.suite(name, accounts, room), [
        name,
        accounts,
        roomId,
      ] as const);
      await noWorkerLeft(page);
    });
  }
});

describe("a worker that does not start, in Chromium", () => {
  it.each([
    ["is not there", "/no-such-file.js", /could not be loaded or parsed/],
    ["has a syntax error", "/syntax-error.js", /could not be loaded or parsed/],
    ["throws", "/throws.js", /not today/],
  ])(
    "is told of within 2 s, and worker_failed for good within 8 s, when its script %s",
    async (_, script, why) => {
      const ended = await page.evaluate(([s, o]) => workerPage.failing(s, o), [
        script,
        stage.login("alice"),
      ] as const);
      console.log(`told after ${ended.told.toFixed(0)} ms, given up after ${ended.after.toFixed(0)} ms`);
      expect(ended).toMatchObject({
        codes: ["worker_failed", "worker_failed", "worker_failed"],
        message: expect.stringMatching(why),
      });
      expect(ended.told).toBeLessThan(2_000);
      expect(ended.after).toBeLessThan(8_000);
      await noWorkerLeft(page);
    },
  );

  it("is told of within 2 s when the page's CSP forbids it", async () => {
    const forbidding = await stage.page("worker-src 'none'");
    const ended = await forbidding.evaluate(([s, o]) => workerPage.failing(s, o), [
      ENTRY,
      stage.login("alice"),
    ] as const);
    expect(ended).toMatchObject({
      codes: ["worker_failed", "worker_failed", "worker_failed"],
      message: expect.stringContaining("CSP"),
    });
    expect(ended.told).toBeLessThan(2_000);
    await forbidding.close();
  });
});

describe("where a worker's script may come from, in Chromium", () => {
  /** All that a page with a phone needs but for its worker, and no more. */
  const strict = (workers: string) =>
    `default-src 'none'; script-src 'self' 'unsafe-inline'; connect-src 'self'; worker-src ${workers}`;

  it.each([
    ["the URL that the package knows", "url", "'self'"],
    ["the text that the package holds", "inline", "blob:"],
  ] as const)("%s: a call under a CSP that allows no more than that", async (_, kind, workers) => {
    const { accounts, roomId } = await stage.pair();
    const opened = await stage.page(strict(workers));
    await opened.evaluate(
      ([kind, accounts, room]) =>
        workerPage.suite("carries a whole call, from place to hangup", accounts, room, kind),
      [kind, accounts, roomId] as const,
    );
    await noWorkerLeft(opened);
    await opened.close();
  });

  it("no Blob where the CSP allows none: worker_failed, which names worker-src", async () => {
    const opened = await stage.page(strict("'self'"));
    const ended = await opened.evaluate(
      (options) => workerPage.failing("inline", options),
      stage.login("alice"),
    );
    expect(ended.codes).toContain("worker_failed");
    expect(ended.message).toContain("worker-src");
    await opened.close();
  });
});

describe("a worker that runs, in Chromium", () => {
  it("answers a command in well under a frame", async () => {
    const times = await page.evaluate((options) => workerPage.roundTrips(500, options), stage.login("alice"));
    times.sort((a, b) => a - b);
    console.log(
      `dispatch to a worker and back: p50 ${times[250]?.toFixed(2)} ms, p95 ${times[475]?.toFixed(2)} ms`,
    );
    expect(times[250]).toBeLessThan(16);
  });
});

describe("signalling suite, engines in workers of Chromium over a transport on the page", () => {
  for (const { name } of signalingSuite) {
    it(name, async () => {
      await page.evaluate((name) => workerPage.suiteOfPage(name), name);
      await noWorkerLeft(page);
    });
  }
});

describe("afterwards", () => {
  it("nothing was thrown or rejected unseen", () => {
    expect(stage.troubles).toEqual([]);
  });
});
