import type { ErrorCode } from "../../src/streams/errors.ts";
import type { FakeMedia } from "../../src/testing/fake-media.ts";

/** From now on the devices of this half open once the user has answered a prompt, as in a browser at first. */
export function prompting(media: FakeMedia) {
  media.knowDevices(false);
  media.holdPrompts(true);
  const answer = () => media.holdPrompts(false);
  return {
    allow: answer,
    deny(code: ErrorCode = "media_denied", kind?: "audio" | "video") {
      media.refuseDevices(code, kind);
      answer();
    },
  };
}
