import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openSharedStage, type Scene } from "./shared-stage.ts";

const MODES: Record<string, (context: BrowserContext) => Promise<void>> = {
  "in a SharedWorker": async () => undefined,
  "in the worker of the tab that leads": async (context) => {
    await context.addInitScript(() => void Reflect.deleteProperty(globalThis, "SharedWorker"));
  },
};
const voice = { audio: true };

describe.each(Object.entries(MODES))("tabs that share an engine, %s", (_mode, prepare) => {
  let stage: Awaited<ReturnType<typeof openSharedStage>>;
  let scene: Scene;

  beforeAll(async () => {
    stage = await openSharedStage(prepare);
  });
  afterAll(async () => {
    await stage.close();
    expect(stage.errors).toEqual([]);
  });
  beforeEach(async () => {
    scene = await stage.scene();
  });
  afterEach(async () => {
    await scene.peer.close();
    await scene.close();
  });

  const threeTabs = async () => [await scene.tab(), await scene.tab(), await scene.tab()] as const;
  const calls = () => scene.peer.place({ roomId: scene.roomId, ...voice });
  const syncs = (count: number) =>
    expect.poll(scene.syncs, { message: "syncs that wait", timeout: 10_000 }).toBe(count);

  it("are one sync, which ends with the last of them", async () => {
    const tabs = await threeTabs();
    await syncs(1);
    const [first, ...others] = tabs;
    for (const { page } of others) await page.close();
    await syncs(1);
    await first.page.close();
    await syncs(0);
  });

  it("P9 all ring, answering in one stops the others, and media comes in", async () => {
    const tabs = await threeTabs();
    const theirs = await calls();
    const ours = await Promise.all(tabs.map(({ phone }) => phone.rings()));
    const [first, answering, third] = tabs;
    await answering.phone.answer(ours[1] as string, voice);
    expect(await answering.phone.reaches(ours[1] as string, "connected")).toBe("connected");
    await Promise.all([answering.phone.receives({ video: false }), scene.peer.receives({ video: false })]);
    const elsewhere = { by: "other_device", reason: "answered_elsewhere" };
    expect(await first.phone.ends(ours[0] as string)).toEqual(elsewhere);
    expect(await third.phone.ends(ours[2] as string)).toEqual(elsewhere);
    await answering.phone.hangup(ours[1] as string);
    expect(await scene.peer.ends(theirs)).toEqual({ by: "peer", reason: "user_hangup" });
  });

  it("P16 all stop ringing when one rejects", async () => {
    const [first, second] = [await scene.tab(), await scene.tab()];
    const theirs = await calls();
    const [ours, also] = [await first.phone.rings(), await second.phone.rings()];
    await second.phone.reject(also);
    expect(await first.phone.ends(ours)).toEqual({ by: "other_device", reason: "rejected" });
    expect(await scene.peer.ends(theirs)).toMatchObject({ by: "peer", reason: "rejected" });
  });

  it("ring in a tab that is reloaded meanwhile, and in one that is new", async () => {
    const [first, second] = [await scene.tab(), await scene.tab()];
    const theirs = await calls();
    await Promise.all([first.phone.rings(), second.phone.rings()]);
    await second.page.reload();
    const { phone } = await scene.restart(second.page);
    const third = await scene.tab();
    await third.phone.rings();
    const ours = await phone.rings();
    await phone.answer(ours, voice);
    expect(await scene.peer.reaches(theirs, "connected")).toBe("connected");
  });

  it("have the call of one that is closed hung up, and keep the call of another", async () => {
    const [leading, second, third] = await threeTabs();
    const placed = await second.phone.place({ roomId: scene.roomId, ...voice });
    const taken = await scene.peer.rings();
    await scene.peer.answer(taken, voice);
    expect(await second.phone.reaches(placed, "connected")).toBe("connected");
    await third.page.close();
    await second.phone.mute(placed, { audio: true });
    await scene.peer.remoteMuted(taken, true);
    expect(await leading.phone.story(placed)).toEqual([]);
    await second.page.close();
    expect(await scene.peer.ends(taken)).toEqual({ by: "peer", reason: "user_hangup" });
    await syncs(1);
  });

  it("have the call of one that crashes, or goes to another page, hung up", async () => {
    const [, crashing, leaving] = await threeTabs();
    for (const [tab, end] of [
      [crashing, crash],
      [leaving, (page: Page) => page.goto("about:blank")],
    ] as const) {
      const placed = await tab.phone.place({ roomId: scene.roomId, ...voice });
      const taken = await scene.peer.rings();
      await scene.peer.answer(taken, voice);
      expect(await tab.phone.reaches(placed, "connected")).toBe("connected");
      await end(tab.page);
      expect(await scene.peer.ends(taken)).toEqual({ by: "peer", reason: "user_hangup" });
    }
  });

  it("keep the call of one that is frozen, which goes on with it when it wakes", async () => {
    const [, frozen, third] = await threeTabs();
    const placed = await frozen.phone.place({ roomId: scene.roomId, ...voice });
    const taken = await scene.peer.rings();
    await scene.peer.answer(taken, voice);
    expect(await frozen.phone.reaches(placed, "connected")).toBe("connected");
    const devtools = await frozen.page.context().newCDPSession(frozen.page);
    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    await third.page.close();
    await scene.peer.receives({ video: false });
    await scene.peer.mute(taken, { audio: true });
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    await frozen.phone.remoteMuted(placed, true);
    await frozen.phone.hangup(placed);
    expect(await scene.peer.ends(taken)).toEqual({ by: "peer", reason: "user_hangup" });
  });

  it("close within a second, the first one too, and leave no lock", async () => {
    const [first, second] = [await scene.tab(), await scene.tab()];
    for (const { phone } of [second, first]) {
      const begin = performance.now();
      await phone.close();
      expect(performance.now() - begin).toBeLessThan(1_000);
    }
    await syncs(0);
    // A worker that was terminated lets go of its lock when it has ended.
    const locks = () => first.page.evaluate(async () => (await navigator.locks.query()).held);
    await expect.poll(locks, { message: "locks that are held", timeout: 10_000 }).toEqual([]);
  });

  it("are told when the script of the worker is not there", async () => {
    await expect(scene.tab({ script: "/no-such-file.js" })).rejects.toThrow(/could not be loaded/);
  });
});

describe("tabs that share an engine in a SharedWorker", () => {
  it("end with invalid_option where the token is another user's, and harm no other tab", async () => {
    const stage = await openSharedStage(async () => undefined);
    const scene = await stage.scene();
    const first = await scene.tab();
    await expect(scene.tab({ accessToken: stage.stranger() })).rejects.toThrow(/of one login/);
    await scene.peer.place({ roomId: scene.roomId, ...voice });
    await first.phone.rings();
    await stage.close();
  });

  it("go on when the one that made it is closed", async () => {
    const stage = await openSharedStage(async () => undefined);
    const scene = await stage.scene();
    const [first, second] = [await scene.tab(), await scene.tab()];
    const theirs = await scene.peer.place({ roomId: scene.roomId, ...voice });
    const ours = await second.phone.rings();
    await first.page.close();
    await second.phone.answer(ours, voice);
    expect(await scene.peer.reaches(theirs, "connected")).toBe("connected");
    await stage.close();
  });
});

async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent("crash");
  const devtools = await page.context().newCDPSession(page);
  devtools.send("Page.crash").catch(() => {}); // there is nobody left to answer
  await crashed;
}
