/** What becomes of real devices in a call in a browser. */
import { filter, firstValueFrom } from "rxjs";
import { browserMedia } from "../../src/media/browser.ts";
import type { TrunklineError } from "../../src/streams/errors.ts";
import { noServers, stillOpen, tracks } from "./watched.ts";

declare global {
  /** The test takes the permission for the camera away. */
  var revokeCamera: () => Promise<void>;
}

export const deviceScenes = {
  /** The user revokes the permission for a camera that is on: the warning, our stream, and how often one was opened. */
  async revoked() {
    let cameras = 0;
    const getUserMedia = (constraints?: MediaStreamConstraints) => {
      if (constraints?.video) cameras++;
      return navigator.mediaDevices.getUserMedia(constraints);
    };
    const session = browserMedia({ mediaDevices: { getUserMedia } }).open({ iceServers$: noServers });
    await session.offer({ audio: true, video: true });
    const [before] = await firstValueFrom(session.localStreams$);
    const warning = firstValueFrom(session.warnings$.pipe(filter(({ kind }) => kind === "video")));
    await revokeCamera();
    const { code } = await warning;
    const [after] = await firstValueFrom(session.localStreams$);
    session.close();
    return { before: before?.videoMuted, after: after?.videoMuted, code, cameras };
  },

  /** A prompt that the user never answers, and one that is answered after the call: what is left open. */
  async ignoredPrompt() {
    tracks.length = 0;
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const getUserMedia = async (constraints?: MediaStreamConstraints) => {
      await answered;
      const stream = await navigator.mediaDevices.getUserMedia(constraints);
      tracks.push(...stream.getTracks());
      return stream;
    };
    const session = browserMedia({ mediaDevices: { getUserMedia } }).open({ iceServers$: noServers });
    const offered = session.offer({ audio: true, video: true }).catch(({ code }: TrunklineError) => code);
    session.close();
    answer();
    const code = await offered;
    while (tracks.length < 2) await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return { code, open: stillOpen().tracks };
  },
};
