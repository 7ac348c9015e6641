import { describe, expect, it } from "vitest";
import { constraintsOf, kindsOf } from "../../src/media/capture.ts";
import type { Capture } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";

describe("kindsOf", () => {
  it("names what is asked for, audio first", () => {
    expect(kindsOf({ video: true, audio: { echoCancellation: false } })).toEqual(["audio", "video"]);
    expect(kindsOf({ video: {} })).toEqual(["video"]);
    expect(kindsOf({ audio: false })).toEqual([]);
  });

  it.each([
    [{ audio: "yes" }, 'Capture audio must be a boolean or an object; got "yes"'],
    [{ video: null }, "Capture video must be a boolean or an object; got null"],
    [{ video: { width: "640" } }, 'video.width must be a number above 0; got "640"'],
    [{ video: { frameRate: 0 } }, "video.frameRate must be a number above 0; got 0"],
    [{ video: { height: Number.NaN } }, "video.height must be a number above 0; got NaN"],
    [
      { video: { widht: 640 } },
      "video.widht must be left out: there are deviceId, width, height, frameRate, facingMode",
    ],
    [{ audio: { deviceId: 7 } }, "audio.deviceId must be a string; got 7"],
    [{ audio: { toString: true } }, "audio.toString must be left out"],
    [{ audio: { autoGainControl: 1 } }, "audio.autoGainControl must be a boolean; got 1"],
  ])("refuses %j and says what was wrong", (capture, message) => {
    const error = catchError(() => kindsOf(capture as unknown as Capture));
    expect(error).toMatchObject({ code: "invalid_option", message: expect.stringContaining(message) });
  });
});

describe("constraintsOf", () => {
  it("asks for nothing that was not named", () => {
    expect(constraintsOf({ audio: true })).toEqual({ audio: true, video: false });
    expect(constraintsOf({ audio: false, video: true })).toEqual({ audio: false, video: true });
  });

  it("wants the named device and no other, and the rest as near as may be", () => {
    expect(
      constraintsOf({
        audio: { deviceId: "mic", echoCancellation: true, noiseSuppression: false, autoGainControl: false },
        video: { deviceId: "cam", width: 1280, height: 720, frameRate: 30, facingMode: "user" },
      }),
    ).toEqual({
      audio: {
        deviceId: { exact: "mic" },
        echoCancellation: true,
        noiseSuppression: false,
        autoGainControl: false,
      },
      video: { deviceId: { exact: "cam" }, width: 1280, height: 720, frameRate: 30, facingMode: "user" },
    });
  });
});

function catchError(run: () => unknown): TrunklineError | undefined {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof TrunklineError) return thrown;
  }
  return undefined;
}
