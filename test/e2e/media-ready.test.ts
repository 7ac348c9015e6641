import { describe, expect, it } from "vitest";
import type { MediaPage } from "../media/page.ts";
import { mediaStage, told } from "./media-stage.ts";

declare const mediaPage: MediaPage;

const stage = mediaStage();

describe("what is ready in Chromium", () => {
  it("P45 is made anew where the browser gives up on the path while it rings, and nobody hears of it", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.givesUpWhileRinging()))).toEqual({
      path: ["new", "connecting", "connected"],
      open: 2,
      prepared: ["prepared"],
    });
  });

  it("is not made where a sender cannot name its stream, and the call is answered as ever", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.withoutSetStreams()))).toEqual({
      prepared: "media_failed",
      kinds: ["audio", "video"],
      told: ["unprepared"],
    });
  });

  it("is an answer that leaves before the browser is busy with the peer's candidates", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.answersFirst()))).toEqual(["answer", "candidate"]);
  });

  it("P24 is an answer with all candidates in it, where a connection was kept ready", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.warmAnswer()))).toBe(true);
  });

  it("is a connection for the next call: one at a time, renewed with the servers, and none is left behind", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.warm()))).toEqual({
      story: [2, 5, 6, 7],
      used: true,
      left: 0,
    });
  });
});

describe("P19 an offer that nobody answers", () => {
  it("is undone after a minute, and all that came up is offered then", async () => {
    const timed = await stage.open();
    await timed.clock.install();
    await timed.exposeFunction("letTimePass", () => timed.clock.fastForward(60_000));
    expect(await told(timed.evaluate(() => mediaPage.unanswered()))).toEqual({
      before: 1,
      shown: ["m.usermedia", "m.screenshare"],
    });
    await timed.context().close();
  });
});
