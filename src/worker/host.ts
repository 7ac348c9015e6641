import { concat, defer, map, type Observable, ReplaySubject, Subject, tap } from "rxjs";
import { exposePort } from "../comlink/port.ts";
import { realClock } from "../streams/clock.ts";
import type {
  Clock,
  FinalRequest,
  IceServer,
  MemoryChange,
  SignalingHalf,
  SignalingStatus,
} from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import type { Hello, SentMemory, SentSignal, SignalingHost, StartState } from "../streams/hello.ts";
import { shifted } from "../streams/ice-servers.ts";
import { holdLock } from "./locks.ts";

/** A signalling half that may tell what it would need to go on elsewhere. */
export type HostedHalf = SignalingHalf & {
  readonly memory$?: Observable<MemoryChange>;
  /** The signals with receipts; `received` is called with those that the far end gives back. */
  readonly sent$?: Observable<SentSignal>;
  received?(receipt: string): void;
  lost?(): void;
};

/** What the far end gives beside the options. */
export interface Given extends StartState {
  /** What the page exposes. */
  readonly page?: MessagePort;
}

/**
 * Exposes a signalling half to the far end of a port, which reads it with `remoteSignaling`. The half is made when the
 * far end starts it, and closed when it says so. Where the far end closes its port or is gone without that, the half is
 * closed too, unless it has a `lost` to be called instead.
 */
export function hostSignaling(
  { port, page }: Hello<MessagePort>,
  create: (options: unknown, given: Given) => HostedHalf,
  clock: Clock = realClock,
): void {
  const status$ = new ReplaySubject<SignalingStatus>(1);
  const iceServers$ = new ReplaySubject<readonly IceServer[]>(1);
  const finalRequests$ = new ReplaySubject<readonly FinalRequest[]>(1);
  const memory = keeping<SentMemory>();
  const signals = keeping<SentSignal>();
  let half: HostedHalf | undefined;
  let reading = false;
  let sent = 0;

  const readSignals = () => {
    if (!half || !reading) return;
    const sent$: Observable<SentSignal> = half.sent$ ?? half.signals$.pipe(map((signal) => ({ signal })));
    sent$.pipe(tap(() => sent++)).subscribe(signals.to);
  };

  const host: SignalingHost = {
    status$,
    // What is left of their time, when that crosses the port.
    iceServers$: iceServers$.pipe(map((servers) => shifted(servers, -clock.now()))),
    finalRequests$,
    memory$: memory.stream$,
    sent$: signals.stream$,
    start(options, state) {
      if (half) throw wrongState();
      half = create(options, { ...state, ...(page && { page }) });
      half.status$.subscribe(status$);
      half.iceServers$.subscribe(iceServers$);
      half.finalRequests$?.subscribe(finalRequests$);
      half.memory$?.pipe(map((change) => ({ change, sent }))).subscribe(memory.to);
      // Last of all, for a half may begin to sync with the subscription.
      readSignals();
    },
    read() {
      reading = true;
      readSignals();
    },
    async dispatch(command) {
      if (!half) throw wrongState();
      await half.dispatch(command);
      return sent;
    },
    ping(receipt) {
      if (receipt !== undefined) half?.received?.(receipt);
      return sent;
    },
    close: async () => half?.close(),
    lock: holdLock,
  };

  exposePort(port, host).add(() => {
    // Not the page's port yet: while it closes, the half sends through it. The page closes it from its end.
    if (half?.lost) half.lost();
    else half?.close().catch(() => {});
  });
}

const wrongState = (): TrunklineError =>
  new TrunklineError("wrong_state", "The signalling half is to be started once, before it is used");

/** What comes to one end, kept for the one subscriber to the other. */
function keeping<T>() {
  const live$ = new Subject<T>();
  const kept: T[] = [];
  return {
    to: {
      next: (value: T) => (live$.observed ? live$.next(value) : kept.push(value)),
      error: (error: unknown) => live$.error(error),
      complete: () => live$.complete(),
    },
    stream$: defer(() => concat(kept.splice(0), live$)),
  };
}
