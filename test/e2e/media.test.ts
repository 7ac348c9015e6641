import { describe, expect, it } from "vitest";
import { mediaSuite } from "../../src/testing/media-suite.ts";
import type { MediaPage } from "../media/page.ts";
import { mediaStage, told } from "./media-stage.ts";

declare const mediaPage: MediaPage;

const stage = mediaStage();

describe("browserMedia in Chromium", () => {
  for (const { name } of mediaSuite) {
    it(name, () => told(stage.page.evaluate((each) => mediaPage.run(each), name)));
  }

  for (const capture of [{ audio: true }, { audio: true, video: true }]) {
    it(`media comes in on both sides, and nothing is left open: ${Object.keys(capture).join(" and ")}`, async () => {
      const { counts, tracks, connections } = await told(
        stage.page.evaluate((each) => mediaPage.traffic(each), capture),
      );
      expect(counts).toHaveLength(2);
      for (const { audioPackets, videoFrames } of counts) {
        expect(audioPackets).toBeGreaterThanOrEqual(10);
        expect(videoFrames).toBeGreaterThanOrEqual("video" in capture ? 5 : 0);
      }
      expect(tracks).toEqual(Array(Object.keys(capture).length * 4).fill("ended"));
      expect(connections).toEqual(["closed", "closed"]);
    });
  }

  it("muted audio goes out as silence", async () => {
    const [before = 0, muted = 0, after = 0] = await told(stage.page.evaluate(() => mediaPage.loudness()));
    // The tail of a beep that muting cut off is still there; unmuted, each of the three would be as loud.
    expect(before).toBeGreaterThan(muted * 10);
    expect(after).toBeGreaterThan(muted * 10);
  });

  it("reaches every milestone of the media half at both ends", async () => {
    const names = ["connected", "description_made", "first_media", "ice_connected", "media_opened"];
    for (const reached of await told(stage.page.evaluate(() => mediaPage.milestones()))) {
      expect([...reached].sort()).toEqual(names);
    }
  });

  it("stops devices that open after the session was closed", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.closedWhileOpening()))).toEqual(["ended", "ended"]);
  });

  it("names the browser's own refusals", async () => {
    const unknown = { video: { deviceId: "none" } };
    const missing = await told(stage.page.evaluate((each) => mediaPage.refusal(each), unknown));
    expect(missing).toMatchObject({
      code: "media_missing",
      kind: "video",
      message: expect.stringContaining("deviceId"),
    });
    const forbidding = await stage.open({
      "permissions-policy": "camera=(), microphone=()",
    });
    const denied = await told(forbidding.evaluate(() => mediaPage.refusal({ audio: true, video: true })));
    expect(denied).toMatchObject({ code: "media_denied", message: expect.stringContaining("allow it") });
    await forbidding.context().close();
  });

  it("P23 makes an offer without a flat wait", async () => {
    const times = [...(await told(stage.page.evaluate(() => mediaPage.offerTimes(11))))].sort(
      (a, b) => a - b,
    );
    console.log(`offer(): p50 ${times[5]?.toFixed(1)} ms, worst ${times[10]?.toFixed(1)} ms`);
    expect(times[5]).toBeLessThan(150);
  });
});
