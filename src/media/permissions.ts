/** Whether devices would open without a prompt. Loaded while a call rings. */
import {
  catchError,
  combineLatest,
  defer,
  fromEvent,
  map,
  type Observable,
  of,
  type Subscription,
  shareReplay,
  startWith,
  switchMap,
} from "rxjs";
import type { Capture } from "../streams/contract.ts";
import type { Devices, Kind } from "./capture.ts";

/** Whether what a capture asks for is known to open: all of it without a prompt, and what is essential in it at all. */
export type Opens = (capture: Capture) => boolean;

/** Hands out what is known, and again when that changes, during `life`; resolves with the first of it. */
export function watchPermissions(
  devices: Devices | undefined,
  life: Subscription,
  onKnown: (opens: Opens) => void,
): Promise<void> {
  return new Promise((resolve) => {
    life.add(resolve);
    life.add(
      opens$(devices).subscribe((opens) => {
        onKnown(opens);
        resolve();
      }),
    );
  });
}

function opens$(devices: Devices | undefined): Observable<Opens> {
  if (!devices?.enumerateDevices || !devices.addEventListener) return of(() => false);
  const listed$ = fromEvent(devices as MediaDevices, "devicechange").pipe(
    startWith(undefined),
    switchMap(async () => (await devices.enumerateDevices?.()) ?? []),
    catchError(() => of([])),
  );
  return combineLatest([permission$("microphone"), permission$("camera"), listed$]).pipe(
    map(([audio, video, listed]) => {
      const states = { audio, video };
      const isThere = (kind: Kind, options: Capture[Kind]) => {
        const deviceId = typeof options === "object" ? options.deviceId : undefined;
        const inputs = listed.filter((input) => input.kind === `${kind}input`);
        return deviceId ? inputs.some((input) => input.deviceId === deviceId) : inputs.length > 0;
      };
      return (capture) => {
        const essential = capture.audio ? "audio" : "video";
        // One prompt is for both: a camera that would be asked for keeps the microphone waiting.
        const prompts = capture.video && states.video === "prompt";
        return !prompts && states[essential] === "granted" && isThere(essential, capture[essential]);
      };
    }),
  );
}

type Name = "microphone" | "camera";

/** Browsers never free a status that was listened to, so all calls of a page share one of each name. */
const states = new WeakMap<Permissions, Map<Name, Observable<PermissionState>>>();

/** Where the browser does not say, the user might be asked. */
function permission$(name: Name): Observable<PermissionState> {
  return defer(() => {
    const { permissions } = navigator;
    const known = states.get(permissions) ?? new Map<Name, Observable<PermissionState>>();
    states.set(permissions, known);
    const state$ = known.get(name) ?? query$(permissions, name);
    known.set(name, state$);
    return state$;
  }).pipe(catchError(() => of("prompt" as const)));
}

function query$(permissions: Permissions, name: Name): Observable<PermissionState> {
  return defer(() => permissions.query({ name })).pipe(
    switchMap((status) =>
      fromEvent(status, "change").pipe(
        startWith(undefined),
        map(() => status.state),
      ),
    ),
    shareReplay(1),
  );
}
