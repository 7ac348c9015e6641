import { describe, expect, it } from "vitest";
import type { MediaPage } from "../media/page.ts";
import { mediaStage, told } from "./media-stage.ts";

declare const mediaPage: MediaPage;

const stage = mediaStage();

describe("a call in Chromium goes on", () => {
  it("P19 hold sends and plays nothing; resuming restores each direction, and media flows", async () => {
    const { before, meanwhile, after, leaked, plays } = await told(
      stage.page.evaluate(() => mediaPage.hold()),
    );
    expect(before).toEqual([
      ["sendrecv sendrecv", "sendrecv sendrecv", "sendonly sendonly"],
      ["sendrecv sendrecv", "sendrecv sendrecv", "recvonly recvonly"],
    ]);
    expect(meanwhile[0]).toEqual(["sendonly sendonly", "sendonly sendonly", "sendonly sendonly"]);
    expect(after).toEqual(before);
    expect({ leaked, plays }).toEqual({ leaked: 0, plays: 0 });
  });

  it("P47 hold with a peer that cannot negotiate is silence on this side, and resuming ends it", async () => {
    const { before, after, leaked, plays, peer } = await told(
      stage.page.evaluate(() => mediaPage.localHold()),
    );
    expect(after).toEqual(before);
    expect({ leaked, plays, peer }).toEqual({ leaked: 0, plays: 0, peer: false });
  });

  it("P26 a screen goes in place of the camera to a peer that does not negotiate, and the camera returns", async () => {
    const { before, after, shown } = await told(stage.page.evaluate(() => mediaPage.screenInPlace()));
    expect(after).toEqual(before);
    expect(shown).toBe(1);
  });

  it.each(["offer", "answer"] as const)("P19 an offer is made again where its %s was lost", async (lost) => {
    expect(await told(stage.page.evaluate((each) => mediaPage.unansweredOffer(each), lost))).toBe(
      lost === "offer",
    );
  });

  it("P20 video comes and goes on both sides at once, by one section", async () => {
    const { sections, cameras } = await told(stage.page.evaluate(() => mediaPage.video()));
    expect(sections).toEqual([2, 2]);
    expect(cameras).toEqual(["ended", "ended"]);
  });

  it("P25 a screen comes in beside the camera, and goes when the user ends it", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.screen()))).toEqual({
      purpose: "m.screenshare",
      kinds: ["video"],
      end: "ended",
    });
  });

  it("P25 a camera has a section of its own beside the peer's screen", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.screenAndCamera()))).toEqual([3, 3]);
  });

  it("switches the camera without a gap, the old one stopped after", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.switchCamera()))).toEqual({
      story: ["old stopped, sending new"],
      gaps: [],
      grew: true,
      frameRate: 15,
      signalled: "closed",
    });
  });

  it("plays keys, those added later after those before", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.keys()))).toBe("12#");
  });

  it("P29 restarts ICE with the newest servers on both sides, none that have expired, and media goes on", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.restart()))).toEqual({
      milestones: ["ice_restarted"],
      servers: [1, 1],
    });
  });

  it("tells how good the call is, about once a second", async () => {
    const [first, second] = await told(stage.page.evaluate(() => mediaPage.stats()));
    if (!first || !second) throw new Error("two readings");
    expect(second.at - first.at).toBeGreaterThan(900);
    expect(second.at - first.at).toBeLessThan(3_000);
    expect(second.path).toMatchObject({ local: "host", protocol: "udp", relayed: false });
    expect(second.roundTrip).toBeGreaterThanOrEqual(0);
    expect(second.roundTrip).toBeLessThan(500);
    for (const { audio, video } of [second.sent, second.received]) {
      expect(audio).toMatchObject({ codec: "opus" });
      expect(video?.codec).toMatch(/^(VP8|VP9|AV1|H264)$/);
      expect(audio?.bitrate).toBeGreaterThan(5_000);
      expect(audio?.bitrate).toBeLessThan(200_000);
      expect(video?.bitrate).toBeGreaterThan(20_000);
      expect(video?.bitrate).toBeLessThan(20_000_000);
      for (const flow of [audio, video]) expect(flow?.loss).toBeLessThan(0.5);
    }
    expect(second.score).toBeGreaterThan(2);
    expect(second.score).toBeLessThan(4.5);
    console.log(`stats: ${JSON.stringify(second)}`);
  });

  it("P21 an offer gives way with the devices it has opened, and media flows", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.glare()))).toEqual({ opened: 1, live: 4 });
  });
});
