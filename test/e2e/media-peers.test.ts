import { describe, expect, it } from "vitest";
import type { MediaPage } from "../media/page.ts";
import { mediaStage, told } from "./media-stage.ts";

declare const mediaPage: MediaPage;

const stage = mediaStage();

describe("a call in Chromium with a peer that does not bundle", () => {
  it.each([false, true])(
    "connects by a transport for each kind, not by the one kept ready; prepared: %s",
    async (prepares) => {
      expect(await told(stage.page.evaluate((each) => mediaPage.unbundledCall(each), prepares))).toEqual({
        transports: [2, 2],
        policies: ["balanced", "balanced"],
        places: [
          [0, 1],
          [0, 1],
        ],
        tookSpare: false,
      });
    },
  );

  it.each([{ audio: true }, { audio: true, video: true }])(
    "ends with a coded error that names what to do where it was placed by default: %o",
    async (capture) => {
      expect(
        await told(stage.page.evaluate((each) => mediaPage.unbundledAnswer(each), capture)),
      ).toMatchObject({ code: "media_failed", message: expect.stringContaining("bundlePolicy") });
    },
  );
});

it("P29 ICE servers that Chromium refuses are left out and reported, at first, by what is kept ready, and later", async () => {
  const { first, after, used } = await told(stage.page.evaluate(() => mediaPage.unusableServers()));
  const reported = "media_failed ICE servers left out, since they cannot be used: ";
  expect(first).toEqual([`${reported}turn://127.0.0.1, stun:127.0.0.1:port, turn:127.0.0.1:9`]);
  expect(after).toEqual([`${reported}turn://127.0.0.2, turn:127.0.0.1:9`]);
  expect(used).toEqual([["stun:127.0.0.1:9"], ["stun:127.0.0.1:9"]]);
});
