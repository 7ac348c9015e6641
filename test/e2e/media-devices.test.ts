import { describe, expect, it } from "vitest";
import type { MediaPage } from "../media/page.ts";
import { mediaStage, told } from "./media-stage.ts";

declare const mediaPage: MediaPage;

const stage = mediaStage();

describe("devices in Chromium", () => {
  it("whose permission is revoked are muted, and not asked for again", async () => {
    const page = await stage.open();
    await page.exposeFunction("revokeCamera", async () => {
      await page.context().clearPermissions();
      await page.context().grantPermissions(["microphone"]);
    });
    expect(await told(page.evaluate(() => mediaPage.revoked()))).toEqual({
      before: false,
      after: true,
      code: "media_denied",
      cameras: 1,
    });
    await page.context().close();
  });

  it("that open after the call has ended are stopped", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.ignoredPrompt()))).toEqual({
      code: "closed",
      open: 0,
    });
  });
});
