/** What becomes of real devices in a call in a browser. */
import { firstValueFrom, ReplaySubject } from "rxjs";
import { browserMedia } from "../../src/media/browser.ts";
import { TrunklineError, toErrorData } from "../../src/streams/errors.ts";
import { noServers, stillOpen, tracks } from "./watched.ts";

declare global {
  /** The test takes the permission for the camera away. */
  var revokeCamera: () => Promise<void>;
}

export const deviceScenes = {
  /** The user revokes the permission for a camera that is on: our streams, the warning, and whether it may open. */
  async revoked() {
    const media = browserMedia();
    const [caller, callee] = [media.open({ iceServers$: noServers }), media.open({ iceServers$: noServers })];
    const offer = await caller.offer({ audio: true, video: true });
    await caller.accept(await callee.answer(offer, { audio: true }));
    const warnings = new ReplaySubject<TrunklineError>();
    caller.warnings$.subscribe(warnings);
    const seen: string[] = [];
    caller.localStreams$.subscribe((streams) =>
      seen.push(streams.map(({ audioMuted, videoMuted }) => `${!audioMuted} ${!videoMuted}`).join()),
    );
    await revokeCamera();
    const warning = toErrorData(await firstValueFrom(warnings));
    const changed = await caller.change({ video: true }).then(
      () => "opened",
      (thrown: unknown) =>
        thrown instanceof TrunklineError ? `${thrown.code} ${thrown.kind}` : String(thrown),
    );
    caller.close();
    callee.close();
    return { seen, code: warning.code, kind: warning.kind, changed };
  },

  /** A prompt that the user never answers, and one that is answered after the call: what is left open. */
  async unanswered() {
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
