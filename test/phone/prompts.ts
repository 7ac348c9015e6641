import type { ErrorCode } from "../../src/streams/errors.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import type { FakeMedia } from "../../src/testing/fake-media.ts";

/** From now on the devices of this half open once the user has answered a prompt, as in a browser at first. */
export function prompting(media: FakeMedia) {
  let decide = () => {};
  const decided = new Promise<void>((resolve) => {
    decide = resolve;
  });
  const { open } = media;
  media.open = (options) => {
    const session = open(options);
    const [offer, answer, close] = [session.offer, session.answer, session.close].map((method) =>
      (method as (...args: unknown[]) => unknown).bind(session),
    ) as [typeof session.offer, typeof session.answer, typeof session.close];
    let end = (_error: TrunklineError) => {};
    const closed = new Promise<never>((_, reject) => {
      end = reject;
    });
    closed.catch(() => {});
    const asked = () => Promise.race([decided, closed]);
    return Object.assign(session, {
      offer: (...args: Parameters<typeof offer>) => asked().then(() => offer(...args)),
      answer: async (...args: Parameters<typeof answer>) => {
        await asked();
        // One that was prepared waits for the microphone, too.
        session.unprepare();
        return answer(...args);
      },
      close() {
        close();
        end(new TrunklineError("closed", "The call has ended."));
      },
    });
  };
  return {
    allow: () => decide(),
    deny(code: ErrorCode = "media_denied", kind?: "audio" | "video") {
      media.refuseDevices(code, kind);
      decide();
    },
  };
}
