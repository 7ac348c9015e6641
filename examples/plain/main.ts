import { combineLatest, map, type Observable, switchMap } from "rxjs";
import { type Call, createPhone } from "trunkline";
import { browserMedia } from "trunkline/media";
import { spawnSignaling } from "trunkline/worker/spawn";

const { homeserver, accessToken, roomId } = Object.fromEntries(new URLSearchParams(location.search));
const both = { audio: true, video: true };

const phone = createPhone({
  signaling: spawnSignaling({ homeserver, accessToken }),
  media: browserMedia(),
});

const element = <E extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as E;
const videos = element("videos");
const remote = element<HTMLVideoElement>("remote");
const local = element<HTMLVideoElement>("local");

/** Shows the words, and those of the buttons that do something now. */
function show(words: string, actions: Readonly<Record<string, () => void>>): void {
  element("status").textContent = words;
  for (const button of document.querySelectorAll("button")) {
    const action = actions[button.id];
    button.hidden = !action;
    button.onclick = action ?? null;
  }
}

/** Setting the same stream again would start the picture anew. */
function play(video: HTMLVideoElement, stream: MediaStream | undefined): void {
  if (video.srcObject !== (stream ?? null)) video.srcObject = stream ?? null;
}

phone.status$.subscribe(({ identity }) => {
  if (identity) element("user").textContent = identity.userId;
});

/** What is on the page is a function of the first call there is, or of the phone's status. */
const view$: Observable<() => void> = phone.calls$.pipe(
  switchMap(([call]) => (call ? conversation(call) : idle())),
);
view$.subscribe((draw) => draw());

function idle(): Observable<() => void> {
  return phone.status$.pipe(
    map(({ state, error }) => () => {
      videos.hidden = true;
      const call = () => phone.place({ roomId, ...both });
      show(error?.message ?? state, roomId && state === "online" ? { call } : {});
    }),
  );
}

function conversation(call: Call<MediaStream>): Observable<() => void> {
  const { state$, peer$, localStreams$, remoteStreams$ } = call;
  return combineLatest([state$, peer$, localStreams$, remoteStreams$]).pipe(
    map(([state, peer, [ours], [theirs]]) => () => {
      videos.hidden = false;
      play(local, ours?.stream);
      play(remote, theirs?.stream);
      const rings = call.direction === "incoming" && state === "ringing";
      const answer = () => call.answer(both);
      const decline = () => call.reject();
      const hangup = () => call.hangup();
      show([peer?.userId, state].filter(Boolean).join(", "), rings ? { answer, decline } : { hangup });
    }),
  );
}
