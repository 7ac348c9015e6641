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
});
