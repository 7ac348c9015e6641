import {
  catchError,
  concat,
  defaultIfEmpty,
  defer,
  distinctUntilChanged,
  EMPTY,
  from,
  map,
  merge,
  type Observable,
  Subject,
  startWith,
  takeUntil,
  timer,
} from "rxjs";
import { realClock } from "../streams/clock.ts";
import type {
  CallRef,
  Clock,
  End,
  IceServer,
  MediaHalf,
  Milestone,
  Party,
  Signal,
  SignalingHalf,
  SignalingStatus,
  TraceEntry,
} from "../streams/contract.ts";
import { TrunklineError, toErrorData, toTrunklineError } from "../streams/errors.ts";
import { opaqueId, type Random, secureRandom } from "../streams/ids.ts";
import type { Call } from "./call.ts";
import type { Incoming } from "./call-parts.ts";
import { dispatchCommand } from "./dispatch.ts";
import { Floor } from "./floor.ts";
import { LiveCall } from "./live-call.ts";
import { checkHalves, checkPlaceOptions, type PlaceOptions } from "./options.ts";

/** A call waits this long for TURN servers, in ms, and then goes without: a direct path may do. */
const ICE_SERVERS_DEADLINE = 2_000;

/** How many calls that ring are prepared for at a time (P44): each has a connection, and addresses at the relay. */
const MOST_PREPARED = 4;

export interface PhoneOptions<TStream> {
  readonly signaling: SignalingHalf;
  readonly media: MediaHalf<TStream>;
  /** Keeps a connection ready for the next call, candidates and all, which costs a relay address. Default false. */
  readonly warm?: boolean;
  /** Default: real time. */
  readonly clock?: Clock;
  /** Default: unguessable. */
  readonly random?: Random;
}

/** A call that did not ring, and the rule that kept it from ringing (P12). */
export interface IgnoredCall extends CallRef {
  readonly peer: Party;
  readonly reason: "public_room";
}

/** A line of some call's story. */
export interface CallTrace extends CallRef {
  readonly entry: TraceEntry;
}

export interface Phone<TStream = unknown> {
  /** Whether calls can be placed and taken; `stopped` with an error says why not. */
  readonly status$: Observable<SignalingStatus>;
  /** Emits the calls that ring on subscription, then each that begins to. */
  readonly incoming$: Observable<Call<TStream>>;
  /** Emits each call that was kept from ringing by a rule. */
  readonly ignored$: Observable<IgnoredCall>;
  /** Emits the calls that have not ended on subscription, then on each change. */
  readonly calls$: Observable<readonly Call<TStream>[]>;
  /** Emits the story of every call, line by line, as it happens. */
  readonly trace$: Observable<CallTrace>;
  /**
   * Places a call; where the user in question calls us in that room already, theirs is answered and returned instead,
   * as by `Call.answer()`. Where there is a call with them that is not connected yet, as after a double click, that one is
   * resumed and returned. Throws `invalid_option`, and `closed`; what happens later is shown by the call.
   *
   * Where only the camera does not open, the call is placed with audio, and `Call.warnings$` emits why. Where the
   * microphone does not, or whatever else is all that is asked for, it ends with `user_media_failed`, and its error has
   * the `kind` of the device; nothing has been sent, unless it was not to wait for the devices.
   *
   * Where their call and ours cross (P21), theirs takes the place of ours, once the microphone is open; where it does not
   * open, ours ends, and theirs rings in `incoming$`.
   */
  place(options: PlaceOptions): Call<TStream>;
  /**
   * Hangs up and ends the signalling half. A call that rings here and is not answered ends here alone: it rings on at the
   * user's other devices and in other tabs. All streams complete.
   */
  close(): Promise<void>;
  [Symbol.dispose](): void;
}

/**
 * Joins a signalling half and a media half to a phone. Both belong to the phone from then on. Throws `invalid_option`
 * where one is missing.
 */
export function createPhone<TStream>(options: PhoneOptions<TStream>): Phone<TStream> {
  checkHalves(options);
  const { signaling, media, warm = false, clock = realClock, random = secureRandom } = options;
  const live = new Map<string, LiveCall<TStream>>();
  const floor = new Floor();
  const changes = new Subject<void>();
  const incoming = new Subject<LiveCall<TStream>>();
  const ignored = new Subject<IgnoredCall>();
  const traces = new Subject<CallTrace>();
  const spare = warm ? media.warm?.(signaling.iceServers$) : undefined;
  let closed = false;
  let gone: TrunklineError | undefined;

  /** The servers in force, as they change; none where they take too long, or where there is no signalling any more. */
  const known$ = signaling.iceServers$.pipe(
    catchError(() => EMPTY),
    defaultIfEmpty(NONE),
  );
  const iceServers$ = merge(
    known$,
    timer(ICE_SERVERS_DEADLINE, clock).pipe(
      map(() => NONE),
      takeUntil(known$),
    ),
  );

  /** One that has ended stays until the engine is done with it, and is nobody else's business. */
  const calls = () => [...live.values()].filter(({ state }) => state !== "ended");
  const calls$ = changes.pipe(startWith(undefined), map(calls), distinctUntilChanged(isSameList));
  const ringing = () =>
    calls().filter(({ direction, state }) => direction === "incoming" && state === "ringing");
  const incoming$ = defer(() => concat(from(ringing()), incoming));

  const begin = (ref: CallRef, theirs?: Incoming) => {
    const call: LiveCall<TStream> = new LiveCall<TStream>(
      ref,
      {
        session: media.open({ iceServers$ }),
        clock,
        newId: () => opaqueId(random),
        dispatch: (command, wanted) => dispatchCommand(signaling, command, wanted, clock),
        iceServers$,
        onTrace({ roomId, callId }, entry) {
          if (entry.kind === "milestone") markMilestone(callId, entry, clock.now());
          traces.next({ roomId, callId, entry });
        },
        floor,
        receive: (signal) => receive(signal),
        async consider(transfer, refuse) {
          const { requestOf } = await import("./transfer.ts");
          const has = (ref: CallRef) => live.has(keyOf(ref));
          return requestOf(call, transfer, { place, incoming$, has, refuse, TrunklineError });
        },
      },
      theirs,
    );
    live.set(keyOf(ref), call);
    call.state$.subscribe({ complete: () => changes.next() });
    // The engine's last words on a call come after its end; then it is forgotten.
    call.trace$.subscribe({ complete: () => live.delete(keyOf(call)) });
    return call;
  };

  /** Theirs takes the place of ours (P21): the same call to the app, under their id. */
  const cross = (ours: LiveCall<TStream>, theirs: Incoming) => {
    live.delete(keyOf(ours));
    live.set(keyOf(theirs), ours);
    ours.becomes(theirs);
  };

  const ring = (theirs: Incoming) => {
    const ours = calls().find(({ roomId, callId }) => roomId === theirs.roomId && callId === theirs.replaces);
    // One of ours that the user has hung up meanwhile cannot be replaced: theirs rings.
    if (ours) return cross(ours, theirs);
    const call = begin(theirs, theirs);
    changes.next();
    call.prepare();
    ringing()
      .at(-1 - MOST_PREPARED)
      ?.unprepare();
    incoming.next(call);
  };

  const place = (placeOptions: PlaceOptions, callId = opaqueId(random)): LiveCall<TStream> => {
    checkPlaceOptions(placeOptions);
    if (gone) throw gone;
    if (closed) throw new TrunklineError("closed", "The phone is closed: make a new one.");
    const call = begin({ roomId: placeOptions.roomId, callId });
    call.place(placeOptions);
    changes.next();
    return call;
  };

  const receive = (signal: Signal): void => {
    const known = live.get(keyOf(signal));
    if (known) known.receive(signal);
    else if (signal.type === "incoming") {
      if (!closed) ring(signal);
    } else if (signal.type === "ignored") ignored.next(signal);
    else if (signal.type === "trace") {
      const { roomId, callId, entry } = signal;
      traces.next({ roomId, callId, entry });
    }
  };

  /** Nothing is left to carry the calls: they end, and so do the streams. */
  const finish = (end: End = { by: "us", reason: "user_hangup" }) => {
    for (const call of [...live.values()]) call.conclude(end);
    spare?.close();
    for (const stream of [changes, incoming, ignored, traces]) stream.complete();
  };

  signaling.signals$.subscribe({
    next: receive,
    error(thrown) {
      gone = toTrunklineError(thrown);
      finish({ by: "system", reason: "signalling_failed", error: toErrorData(gone) });
    },
    complete: () => finish(),
  });

  const close = async () => {
    // Before anybody observes what it does.
    closed = true;
    for (const call of calls()) call.leave();
    await signaling.close();
    finish();
  };

  return {
    status$: signaling.status$,
    incoming$,
    ignored$: ignored.asObservable(),
    calls$,
    trace$: traces.asObservable(),
    place(placeOptions) {
      checkPlaceOptions(placeOptions);
      const { roomId, invitee } = placeOptions;
      const pending = calls().find(
        ({ roomId: room, peer, direction, isPending }) =>
          isPending &&
          room === roomId &&
          (invitee === peer?.userId || (invitee === undefined && direction === "incoming")),
      );
      if (!pending) return place(placeOptions);
      pending.answer(placeOptions);
      pending.resume();
      return pending;
    },
    close,
    [Symbol.dispose]() {
      close().catch(() => {});
    },
  };
}

const NONE: readonly IceServer[] = [];

const isSameList = <T>(before: readonly T[], after: readonly T[]): boolean =>
  before.length === after.length && before.every((call, index) => call === after[index]);

const keyOf = ({ roomId, callId }: CallRef): string => JSON.stringify([roomId, callId]);

/** Milestones as User Timing marks, for a browser's performance panel and for a `PerformanceObserver`. */
function markMilestone(callId: string, { name, at }: Milestone, now: number): void {
  const startTime = Math.max(0, performance.now() - (now - at));
  const mark = `trunkline.${name}`;
  performance.mark(mark, { startTime, detail: { callId } });
  // Both have it. The page's list of marks has no bound, and would grow with each call.
  performance.clearMarks(mark);
}
