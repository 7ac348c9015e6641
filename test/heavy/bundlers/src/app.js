/** Two of these pages call each other; `globalThis.outcome` tells a test how that ended. */
import { filter, firstValueFrom, from, map, merge, switchMap, take } from "rxjs";
import { createPhone } from "trunkline";
import { browserMedia } from "trunkline/media";

const { homeserver, accessToken, roomId } = Object.fromEntries(new URLSearchParams(location.search));

/** Calls into the room that the address names, or answers; resolves with `connected`, or the code of what failed. */
async function call(signaling) {
  const phone = createPhone({ signaling, media: browserMedia() });
  const failed$ = phone.status$.pipe(
    filter(({ state }) => state === "stopped"),
    map(({ error }) => error?.code ?? "closed"),
  );
  const online$ = phone.status$.pipe(filter(({ state }) => state === "online"));
  const calls$ = roomId
    ? online$.pipe(
        take(1),
        map(() => phone.place({ roomId, audio: true, video: true })),
      )
    : phone.incoming$;
  const seen$ = calls$.pipe(
    switchMap((call) => {
      call.answer({ audio: true, video: true });
      return merge(shows(call), from(call.ended).pipe(map(({ reason }) => reason)));
    }),
  );
  online$.subscribe(() => {
    document.title = "online";
  });
  return firstValueFrom(merge(failed$, seen$));
}

/** Emits once the peer's sound has come in and its picture is on the screen. */
function shows(call) {
  const video = document.body.appendChild(Object.assign(document.createElement("video"), { muted: true }));
  return call.remoteStreams$.pipe(
    filter(([first]) => first?.stream.getTracks().length === 2),
    switchMap(async ([{ stream }]) => {
      video.srcObject = stream;
      await video.play();
      await Promise.all(stream.getTracks().map(heard));
      await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
      return "connected";
    }),
  );
}

/** A remote track is muted until its first packet has come. */
const heard = (track) =>
  track.muted && new Promise((resolve) => track.addEventListener("unmute", resolve, { once: true }));

export function start(makeSignaling) {
  globalThis.outcome = call(makeSignaling({ homeserver, accessToken }));
}
