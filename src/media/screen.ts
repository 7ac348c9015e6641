import type { ScreenOptions } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { type Devices, TOOLS } from "./capture.ts";

/** Asks the user what to share. Rejects with `invalid_option`, `media_denied`, `media_busy` or `media_failed`. */
export async function openScreen(
  devices: Partial<Devices> | undefined,
  { audio = false, frameRate }: ScreenOptions,
): Promise<MediaStream> {
  if (frameRate !== undefined && !(frameRate > 0)) {
    throw new TrunklineError("invalid_option", `Screen frameRate is ${frameRate}: use a number above 0.`);
  }
  if (!devices?.getDisplayMedia) {
    throw new TrunklineError("media_failed", "This device cannot share its screen.");
  }
  try {
    return await devices.getDisplayMedia({ audio, video: frameRate === undefined ? true : { frameRate } });
  } catch (thrown) {
    if (!(thrown instanceof Error && thrown.name === "NotAllowedError")) {
      throw (await import("./device-failure.ts")).deviceError(TOOLS, thrown, "video");
    }
    const message = "Sharing the screen was declined: choose what to share, and allow it.";
    throw new TrunklineError("media_denied", message, { cause: thrown });
  }
}
