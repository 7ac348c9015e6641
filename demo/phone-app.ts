import {
  combineLatest,
  concat,
  distinctUntilChanged,
  filter,
  map,
  merge,
  type Observable,
  of,
  Subject,
  shareReplay,
  startWith,
  switchMap,
} from "rxjs";
import type { Call, CallEnd, Capture, Phone, TrunklineError } from "trunkline";
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

  const refused = new Subject<TrunklineError>();
  const facts$ = call$.pipe(switchMap((call) => (call ? callFacts(call, refused) : of(undefined))));
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
  // Where it rejects, the call rings on: the user may allow the microphone and press again.
  const accept = (capture: Capture) => current?.answer(capture).catch((error) => refused.next(error));
  view.on("acceptVideo", () => accept(VIDEO));
  view.on("acceptVoice", () => accept(VOICE));
  view.on("reject", () => current?.reject());
  view.on("hangup", () => current?.hangup());
  view.on("microphone", () => current?.mute({ audio: !shown?.muted.audio }));
  view.on("camera", () => current?.mute({ video: !shown?.muted.video }));
}

function callFacts(call: Call<MediaStream>, refused$: Observable<TrunklineError>): Observable<CallFacts> {
  const another$ = call.state$.pipe(
    filter((state) => state === "connecting"),
    map(() => undefined),
  );
  return combineLatest({
    state: call.state$,
    muted: call.muted$,
    help: merge(another$, call.warnings$, refused$).pipe(startWith(undefined)),
    local: call.localStreams$.pipe(map(([stream]) => stream)),
    remote: call.remoteStreams$.pipe(map(([stream]) => stream)),
  }).pipe(map((facts) => ({ direction: call.direction, ...facts })));
}
