import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorkerStage, type WorkerStage } from "../../e2e/worker-stage.ts";
import type { WorkerPage } from "../../worker/page.ts";

declare const workerPage: WorkerPage;

let stage: WorkerStage;
let page: Page;

beforeAll(async () => {
  stage = await openWorkerStage();
  page = await stage.page();
});
afterAll(() => stage?.close());

describe("a worker that dies, in Chromium", () => {
  it.each([
    // What it was asked at the moment of its death may have been answered still.
    ["is terminated", "terminate", /has ended/, 2_000, ["worker_lost"]],
    ["closes itself", "close", /has ended/, 2_000, ["worker_lost"]],
    ["throws where nobody catches", "throw", /not today/, 2_000, ["worker_lost", "resolved"]],
    ["hangs", "hang", /has not answered/, 8_000, ["worker_lost"]],
  ] as const)("is told of in time and made anew when it %s", async (_, death, why, limit, underWay) => {
    const restarted = await page.evaluate(([d, o]) => workerPage.restarted(d, o), [
      death,
      stage.login("alice"),
    ] as const);
    console.log(
      `${death}: told after ${restarted.told.toFixed(1)} ms, online after ${restarted.online.toFixed(0)} ms`,
    );
    expect(restarted.error).toMatchObject({ code: "worker_lost", message: expect.stringMatching(why) });
    expect(underWay).toContain(restarted.codes[0]);
    expect(restarted.codes[1]).toBe("worker_lost");
    expect(restarted.told).toBeLessThan(limit);
    expect(restarted.online - restarted.told).toBeLessThan(limit);
    expect(restarted.states).toEqual(["starting", "starting", "online", "reconnecting", "online"]);
    await expect
      .poll(() => page.workers().length, { message: "workers left running", timeout: 5_000 })
      .toBe(0);
  });

  it("is worker_lost for good within 2 s when it was given as such, with everything that was pending", async () => {
    const ended = await page.evaluate(([s, o]) => workerPage.terminated(s, o), [
      "/dist/worker/entry.js",
      stage.login("alice"),
    ] as const);
    expect(ended.codes).toEqual(["worker_lost", "worker_lost", "worker_lost"]);
    expect(ended.after).toBeLessThan(2_000);
  });

  it("is not told by a lock that cannot be seen from here", async () => {
    expect(await page.evaluate(() => workerPage.mistakesLock())).toBe(false);
  });
});

describe("a page that does not run, in Chromium", () => {
  it("does not take its worker for lost when it was blocked for 8 s", () =>
    page.evaluate((options) => workerPage.blocked(8_000, options), stage.login("alice")));

  it("does not take its worker for lost when it was frozen and wakes", async () => {
    const sleeper = await stage.page();
    await sleeper.evaluate((options) => workerPage.keep(options), stage.login("alice"));
    const devtools = await sleeper.context().newCDPSession(sleeper);
    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    // The time that it sleeps, told by a page that does not.
    await page.evaluate((options) => workerPage.blocked(8_000, options), stage.login("bob"));
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    expect(await sleeper.evaluate(() => workerPage.awake())).not.toContain("reconnecting");
    await sleeper.close();
  });
});

describe("afterwards", () => {
  it("nothing was thrown or rejected unseen", () => {
    expect(stage.troubles).toEqual([]);
  });
});
