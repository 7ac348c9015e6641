/** Whether the microphone would open without a prompt. Loaded while a call rings. */
import {
  catchError,
  combineLatest,
  defer,
  fromEvent,
  map,
  type Observable,
  of,
  type Subscription,
  startWith,
  switchMap,
} from "rxjs";
import type { Capture } from "../streams/contract.ts";
import type { Devices } from "./capture.ts";

/** Whether a microphone that is asked for like this is known to open. */
export type Opens = (audio: Capture["audio"]) => boolean;

/** Hands out what is known, and again when that changes, during `life`; resolves with the first of it. */
export function watchMicrophones(
  devices: Devices | undefined,
  life: Subscription,
  onKnown: (opens: Opens) => void,
): Promise<void> {
  return new Promise((resolve) => {
    life.add(resolve);
    life.add(
      microphones$(devices).subscribe((ids) => {
        onKnown((audio) => {
          const deviceId = typeof audio === "object" ? audio.deviceId : undefined;
          return deviceId ? ids.includes(deviceId) : ids.length > 0;
        });
        resolve();
      }),
    );
  });
}

/** Their ids; none where they are not allowed, or the browser does not say. */
function microphones$(devices: Devices | undefined): Observable<readonly string[]> {
  if (!devices?.enumerateDevices || !devices.addEventListener) return of([]);
  const permission$ = defer(() => navigator.permissions.query({ name: "microphone" })).pipe(
    switchMap((status) =>
      fromEvent(status, "change").pipe(
        startWith(undefined),
        map(() => status.state === "granted"),
      ),
    ),
  );
  const listed$ = fromEvent(devices as MediaDevices, "devicechange").pipe(
    startWith(undefined),
    switchMap(async () => (await devices.enumerateDevices?.()) ?? []),
  );
  return combineLatest([permission$, listed$]).pipe(
    map(([isGranted, listed]) =>
      isGranted ? listed.filter(({ kind }) => kind === "audioinput").map(({ deviceId }) => deviceId) : [],
    ),
    catchError(() => of([])),
  );
}
