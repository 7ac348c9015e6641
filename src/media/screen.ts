import type { ScreenOptions } from "../streams/contract.ts";
import type { Devices } from "./capture.ts";
import { deviceError } from "./device-failure.ts";
import type { Tools } from "./tools.ts";

/** Asks the user what to share. Rejects with `invalid_option`, `media_denied`, `media_busy` or `media_failed`. */
export async function openScreen(
  tools: Tools,
  devices: Partial<Devices> | undefined,
  { audio = false, frameRate }: ScreenOptions,
): Promise<MediaStream> {
  if (frameRate !== undefined && !(frameRate > 0)) {
    throw new tools.TrunklineError(
      "invalid_option",
      `Screen frameRate is ${frameRate}: use a number above 0.`,
    );
  }
  if (!devices?.getDisplayMedia) {
    throw new tools.TrunklineError("media_failed", "This device cannot share its screen.");
  }
  try {
    return await devices.getDisplayMedia({ audio, video: frameRate === undefined ? true : { frameRate } });
  } catch (thrown) {
    if (!(thrown instanceof Error && thrown.name === "NotAllowedError"))
      throw deviceError(tools, thrown, "video");
    const message = "Sharing the screen was declined: choose what to share, and allow it.";
    throw new tools.TrunklineError("media_denied", message, { cause: thrown });
  }
}
