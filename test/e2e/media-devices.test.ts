import { describe, expect, it } from "vitest";
import type { MediaPage } from "../media/page.ts";
import { mediaStage, told } from "./media-stage.ts";

declare const mediaPage: MediaPage;

const stage = mediaStage();

describe("devices in Chromium", () => {
  it("whose permission is revoked are muted, and not asked for again", async () => {
    const page = await stage.open();
    await page.exposeFunction("revokeCamera", async () => {
      const cdp = await page.context().newCDPSession(page);
      await cdp.send("Browser.setPermission", {
        permission: { name: "camera" },
        setting: "denied",
        origin: "https://media.test",
      });
    });
    expect(await told(page.evaluate(() => mediaPage.revoked()))).toEqual({
      seen: ["true true", "true false"],
      code: "media_denied",
      kind: "video",
      changed: "media_denied video",
    });
    await page.context().close();
  });

  it("that open after the call has ended are stopped", async () => {
    expect(await told(stage.page.evaluate(() => mediaPage.unanswered()))).toEqual({
      code: "closed",
      open: 0,
    });
  });
});
