import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openSharedStage, type Scene, type SharedTab, withoutSharedWorker } from "./shared-stage.ts";

const voice = { audio: true };

describe("tabs that share the worker of one that leads, when that one goes", () => {
  let stage: Awaited<ReturnType<typeof openSharedStage>>;
  let scene: Scene;

  beforeAll(async () => {
    stage = await openSharedStage(withoutSharedWorker);
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

  /** Waits until another tab has taken over, and all are online again. */
  const takenOver = (tabs: readonly SharedTab[]) =>
    Promise.all(
      tabs.map(({ phone }) =>
        expect
          .poll(phone.statuses, { timeout: 20_000 })
          .toEqual(["starting", "online", "reconnecting", "online"]),
      ),
    );

  async function connected({ phone }: SharedTab) {
    const ours = await phone.place({ roomId: scene.roomId, ...voice });
    const theirs = await scene.peer.rings();
    await scene.peer.answer(theirs, voice);
    expect(await phone.reaches(ours, "connected")).toBe("connected");
    return { ours, theirs };
  }

  it("keep their calls, with one sync", async () => {
    const [leading, second, third] = await threeTabs();
    const { ours, theirs } = await connected(third);
    await leading.page.close();
    await takenOver([second, third]);
    expect(scene.syncs()).toBe(1);
    await scene.peer.mute(theirs, { audio: true });
    await third.phone.remoteMuted(ours, true);
    await third.phone.hangup(ours);
    expect(await scene.peer.ends(theirs)).toEqual({ by: "peer", reason: "user_hangup" });
    expect(await third.phone.ends(ours)).toEqual({ by: "us", reason: "user_hangup" });
  });

  it("have its own call hung up by the one that takes over", async () => {
    const [leading] = await threeTabs();
    const { theirs } = await connected(leading);
    await leading.page.close();
    expect(await scene.peer.ends(theirs)).toEqual({ by: "peer", reason: "user_hangup" });
  });

  it("ring on, also in a tab that comes after, and are answered in one", async () => {
    const [leading, second, third] = await threeTabs();
    const theirs = await scene.peer.place({ roomId: scene.roomId, ...voice });
    const [ours, also] = [await second.phone.rings(), await third.phone.rings()];
    await leading.page.close();
    await takenOver([second, third]);
    const late = await scene.tab();
    const lately = await late.phone.rings();
    await third.phone.answer(also, voice);
    expect(await scene.peer.reaches(theirs, "connected")).toBe("connected");
    const elsewhere = { by: "other_device", reason: "answered_elsewhere" };
    expect(await second.phone.ends(ours)).toEqual(elsewhere);
    expect(await late.phone.ends(lately)).toEqual(elsewhere);
  });

  it("go on where its process is stopped: a call keeps its path, a new one rings within 10 s", async () => {
    const [leading, second, third] = await threeTabs();
    const { ours, theirs } = await connected(second);
    const pid = await rendererOf(leading.page);
    process.kill(pid, "SIGSTOP");
    try {
      const begin = performance.now();
      await scene.peer.place({ roomId: scene.roomId, ...voice });
      await third.phone.rings();
      expect(performance.now() - begin).toBeLessThan(10_000);
      await scene.peer.mute(theirs, { audio: true });
      await second.phone.remoteMuted(ours, true);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    // The one that led follows, and its engine does not sync beside the other's.
    await leading.phone.rings();
    await expect.poll(scene.syncs).toBe(1);
    await second.phone.mute(ours, { audio: true });
    await scene.peer.remoteMuted(theirs, true);
    await second.phone.hangup(ours);
    expect(await scene.peer.ends(theirs)).toEqual({ by: "peer", reason: "user_hangup" });
  });

  it("go on where it is frozen: it lets go before, and follows when it wakes", async () => {
    const [leading, second, third] = await threeTabs();
    const { ours, theirs } = await connected(second);
    // Headless Chromium freezes no page that is to be seen: its events alone.
    const says = (event: string) =>
      leading.page.evaluate((type) => void document.dispatchEvent(new Event(type)), event);
    await says("freeze");
    await takenOver([second, third]);
    await scene.peer.mute(theirs, { audio: true });
    await second.phone.remoteMuted(ours, true);
    await says("resume");
    await scene.peer.place({ roomId: scene.roomId, ...voice });
    await leading.phone.rings();
    await expect.poll(scene.syncs).toBe(1);
  });
});

/** The process that a page runs in: the one that works while the page does. */
async function rendererOf(page: Page): Promise<number> {
  const devtools = await (page.context().browser() as Browser).newBrowserCDPSession();
  const times = async () => {
    const { processInfo } = await devtools.send("SystemInfo.getProcessInfo");
    const renderers = processInfo.filter(({ type }) => type === "renderer");
    return new Map(renderers.map(({ id, cpuTime }) => [id, cpuTime]));
  };
  const before = await times();
  await page.evaluate(() => {
    const until = performance.now() + 1_000;
    while (performance.now() < until);
  });
  const after = [...(await times())].map(([id, time]) => [id, time - (before.get(id) ?? 0)] as const);
  return after.reduce((most, each) => (each[1] > most[1] ? each : most))[0];
}
