import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { type Account, registerUser } from "../../scripts/synapse.ts";
import { directRoom } from "../e2e/rooms.ts";
import { openStage, type RemotePhone, remote, type Stage } from "../e2e/stage.ts";
import { withoutSharedWorker } from "../heavy/tabs/shared-stage.ts";

const synapse = inject("synapseUrl");
const voice = { audio: true };
const RINGS_WITHIN_MS = 10_000;

/** The process that a page runs in: the one that works while the page does. */
async function processOf(page: Page): Promise<number> {
  const browser = page.context().browser();
  if (!browser) throw new Error("The page has no browser");
  const devtools = await browser.newBrowserCDPSession();
  const used = async () => {
    const { processInfo } = await devtools.send("SystemInfo.getProcessInfo");
    return new Map(
      processInfo.filter(({ type }) => type === "renderer").map(({ id, cpuTime }) => [id, cpuTime]),
    );
  };
  const before = await used();
  await page.evaluate(() => {
    for (const end = performance.now() + 1_000; performance.now() < end; );
  });
  const after = [...(await used())].map(([id, time]) => [id, time - (before.get(id) ?? 0)] as const);
  await devtools.detach();
  const [busiest] = after.sort(([, a], [, b]) => b - a);
  if (!busiest) throw new Error("The browser names no process of a page");
  return busiest[0];
}

describe("tabs on Synapse that share the worker of one that leads, which is stopped by the system", () => {
  let stage: Stage;
  let context: BrowserContext;
  let us: Account;
  let them: Account;
  let roomId: string;
  let peer: RemotePhone;

  beforeAll(async () => {
    stage = await openStage();
  });
  beforeEach(async () => {
    [us, them] = [await registerUser(synapse, "us"), await registerUser(synapse, "peer")];
    roomId = await directRoom(synapse, us, them);
    context = await stage.context();
    await withoutSharedWorker(context);
    peer = await stage.phone({ homeserver: synapse, accessToken: them.accessToken });
  });
  afterEach(async () => {
    await peer.close();
    await context.close();
  });
  afterAll(async () => {
    await stage.close();
    expect(stage.errors).toEqual([]);
  });

  const tab = async () => {
    const page = await stage.tab("", context);
    const phone = remote(page);
    const { accessToken, userId, deviceId } = us;
    const shared = { userId, deviceId, script: "/worker/shared-entry.js" };
    await phone.start({ homeserver: synapse, accessToken, shared });
    return { page, phone };
  };

  it("keeps the call of another tab, rings there for a new one within 10 s, and thaws without harm", async () => {
    const leading = await tab();
    const other = await tab();
    const leader = await processOf(leading.page);
    expect(await processOf(other.page)).not.toBe(leader);
    const ours = await other.phone.place({ roomId, ...voice });
    const theirs = await peer.rings();
    await peer.answer(theirs, voice);
    expect(await other.phone.reaches(ours, "connected")).toBe("connected");

    process.kill(leader, "SIGSTOP");
    try {
      await peer.mute(theirs, { audio: true });
      await other.phone.remoteMuted(ours, true);
      expect(await other.phone.state(ours)).toBe("connected");
      expect(await peer.state(theirs)).toBe("connected");
      await other.phone.hangup(ours);
      expect(await peer.ends(theirs)).toEqual({ by: "peer", reason: "user_hangup" });
    } finally {
      process.kill(leader, "SIGCONT");
    }
    const again = await peer.place({ roomId, ...voice });
    const rings = await other.phone.rings();
    await other.phone.answer(rings, voice);
    expect(await peer.reaches(again, "connected")).toBe("connected");
    expect(await other.phone.state(rings)).toBe("connected");
  });

  it("rings in another tab within 10 s of being stopped", async () => {
    const leading = await tab();
    const other = await tab();
    const leader = await processOf(leading.page);
    process.kill(leader, "SIGSTOP");
    try {
      const stoppedAt = performance.now();
      const call = await peer.place({ roomId, ...voice });
      const rings = await other.phone.rings();
      expect(performance.now() - stoppedAt).toBeLessThan(RINGS_WITHIN_MS);
      await other.phone.answer(rings, voice);
      expect(await peer.reaches(call, "connected")).toBe("connected");
    } finally {
      process.kill(leader, "SIGCONT");
    }
  });
});
