import {
  combineLatest,
  concat,
  distinctUntilChanged,
  filter,
  map,
  type Observable,
  of,
  shareReplay,
  startWith,
  switchMap,
} from "rxjs";
import type { Call, CallEnd, Capture, Phone } from "trunkline";
import { type CallFacts, type Shown, show } from "./phone-model.ts";
import type { PhoneView } from "./phone-view.ts";
import type { Names } from "./words.ts";

const VOICE: Capture = { audio: true };
const VIDEO: Capture = { audio: true, video: { width: 640, height: 480, frameRate: 30 } };

/** Joins a phone to what shows it: streams in, presses out. Calls go to `invitee` in the room. */
export function runPhone(
  phone: Phone<MediaStream>,
  view: PhoneView,
  { names, roomId, invitee }: { readonly names: Names; readonly roomId: string; readonly invitee: string },
): void {
  // The oldest call has the screen; another that comes meanwhile waits its turn.
  const call$ = phone.calls$.pipe(
    map(([call]) => call),
    distinctUntilChanged(),
    shareReplay(1),
  );
  let current: Call<MediaStream> | undefined;
  call$.subscribe((call) => {
    current = call;
  });

  const facts$ = call$.pipe(switchMap((call) => (call ? callFacts(call) : of(undefined))));
  const end$: Observable<CallEnd | undefined> = call$.pipe(
    filter((call) => call !== undefined),
    switchMap((call) => concat(of(undefined), call.ended)),
    startWith<CallEnd | undefined>(undefined),
  );
  let shown: Shown | undefined;
  combineLatest({ status: phone.status$, call: facts$, end: end$ })
    .pipe(map((facts) => show(facts, names)))
    .subscribe((next) => {
      shown = next;
      view.render(next);
    });

  view.on("placeVideo", () => phone.place({ roomId, invitee, ...VIDEO }));
  view.on("placeVoice", () => phone.place({ roomId, invitee, ...VOICE }));
  view.on("acceptVideo", () => current?.answer(VIDEO));
  view.on("acceptVoice", () => current?.answer(VOICE));
  view.on("reject", () => current?.reject());
  view.on("hangup", () => current?.hangup());
  view.on("microphone", () => current?.mute({ audio: !shown?.muted.audio }));
  view.on("camera", () => current?.mute({ video: !shown?.muted.video }));
}

function callFacts(call: Call<MediaStream>): Observable<CallFacts> {
  return combineLatest({
    state: call.state$,
    muted: call.muted$,
    local: call.localStreams$.pipe(map(([stream]) => stream)),
    remote: call.remoteStreams$.pipe(map(([stream]) => stream)),
  }).pipe(map((facts) => ({ direction: call.direction, ...facts })));
}
