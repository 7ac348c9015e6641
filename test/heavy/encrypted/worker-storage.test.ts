/** What becomes of an encrypted device whose IndexedDB is in use, full or gone, in Chromium. */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { openStage, type Stage } from "../../e2e/stage.ts";
import { createUser, type Device } from "../../interop/accounts.ts";
import { proxyTo } from "../../interop/gate.ts";
import { eventually } from "../../interop/meeting.ts";
import { encryptedWorker, publishedKeys } from "./cast.ts";

let stage: Stage;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  const pages = { phone: "test/heavy/encrypted/worker-page.ts" };
  stage = await openStage(proxyTo(inject("synapseUrl")), pages, encryptedWorker());
});
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
});
afterAll(() => stage?.close());

async function browserOf() {
  const context = await stage.context();
  contexts.push(context);
  const user = await createUser(stage.url, "alice");
  return { context, device: await user.logIn(), open: () => stage.tab("phone", context) };
}

const start = (tab: Page, device: Device) =>
  tab.evaluate((options) => peer.start(options), { homeserver: stage.url, ...device });
const stateOf = (tab: Page) => tab.evaluate(() => (peer as unknown as { state(): Promise<string> }).state());

describe("an encrypted device", () => {
  it("ends with storage_blocked where another tab uses it, and starts once that has gone", async () => {
    const { device, open } = await browserOf();
    const [first, second] = [await open(), await open()];
    await start(first, device);
    await expect(start(second, device)).rejects.toThrow("another tab");
    expect(await stateOf(second)).toBe("stopped: storage_blocked");
    expect(await stateOf(first)).toBe("online");
    await first.close();
    await start(second, device);
    expect(await stateOf(second)).toBe("online");
  });

  it("ends with storage_full where there is no room for its keys", async () => {
    const { context, device, open } = await browserOf();
    const tab = await open();
    const devtools = await context.newCDPSession(tab);
    await devtools.send("Storage.overrideQuotaForOrigin", { origin: stage.url, quotaSize: 1 });
    await expect(start(tab, device)).rejects.toThrow("no room");
    expect(await stateOf(tab)).toBe("stopped: storage_full");
    await devtools.send("Storage.overrideQuotaForOrigin", { origin: stage.url });
    await start(tab, device);
    expect(await stateOf(tab)).toBe("online");
  });

  it("ends with storage_lost where its keys are deleted as it runs, and does not make others", async () => {
    const { context, device, open } = await browserOf();
    const tab = await open();
    await start(tab, device);
    await eventually(() => publishedKeys(stage.url, device)).toBeDefined();
    const devtools = await context.newCDPSession(tab);
    await devtools.send("Storage.clearDataForOrigin", { origin: stage.url, storageTypes: "indexeddb" });
    await eventually(() => stateOf(tab)).toBe("stopped: storage_lost");
    const again = await open();
    await expect(start(again, device)).rejects.toThrow("Log in again");
    expect(await stateOf(again)).toBe("stopped: storage_lost");
  });
});
