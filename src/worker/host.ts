import { expose } from "comlink";
import { AsyncSubject, EMPTY, map, type Observable, switchMap } from "rxjs";
import { realClock } from "../streams/clock.ts";
import type { CallRef, Clock, Memory, MemoryChange, SignalingHalf } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { shifted } from "../streams/ice-servers.ts";
import { serveStreams } from "../streams/link.ts";
import { answer, type Hello, type SentSignal, type SignalingControl } from "../streams/link-control.ts";
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
export interface Given {
  /** What is left of an engine before this one. */
  readonly memory?: Memory;
  /** The calls that the page takes for live. */
  readonly known: readonly CallRef[];
  /** Of the last signal that it received on an earlier connection. */
  readonly receipt?: string;
  /** What the page serves. */
  readonly page?: MessagePort;
}

/**
 * Serves a signalling half to the far end of two ports, which reads it with `remoteSignaling`. The half is made when
 * the far end says start, and closed when it says stop. Where the far end closes its ports or is gone without that, the
 * half is closed too, unless it has a `lost` to be called instead.
 */
export function hostSignaling(
  ports: Hello<MessagePort>,
  create: (options: unknown, given: Given) => HostedHalf,
  clock: Clock = realClock,
): void {
  const made = new AsyncSubject<HostedHalf>();
  let half: HostedHalf | undefined;

  const serving = serveStreams(ports.streams, {
    signals: made.pipe(
      switchMap(({ sent$, signals$ }) => sent$ ?? signals$.pipe(map((signal) => ({ signal })))),
    ),
    status: made.pipe(switchMap(({ status$ }) => status$)),
    iceServers: made.pipe(
      switchMap(({ iceServers$ }) => iceServers$),
      map((servers) => shifted(servers, -clock.now())),
    ),
    finalRequests: made.pipe(switchMap(({ finalRequests$ }) => finalRequests$ ?? EMPTY)),
    memory: made.pipe(switchMap(({ memory$ }) => memory$ ?? EMPTY)),
    // A port keeps order: when this has completed at the far end, what it subscribed to before is subscribed here.
    ready: EMPTY,
    // Held for as long as this thread lives: the far end waits for it.
    lock: holdLock,
  });

  const control: SignalingControl = {
    start: (options, memory, known, receipt) =>
      answer(() => {
        if (half) throw new TrunklineError("wrong_state", "The signalling half has been started before");
        half = create(options, {
          known,
          ...(memory && { memory }),
          ...(receipt && { receipt }),
          ...(ports.page && { page: ports.page }),
        });
        made.next(half);
        made.complete();
      }),
    dispatch: (command) =>
      answer(() => {
        if (!half) throw new TrunklineError("wrong_state", "The signalling half has not been started");
        return half.dispatch(command);
      }),
    ping: (receipt) => answer(() => receipt && half?.received?.(receipt)),
    stop: () => answer(() => half?.close()),
  };
  expose(control, ports.control);

  serving.add(() => {
    ports.control.close();
    // Not the page's port yet: while it closes, the half sends through it. The page closes it from its end.
    void answer(() => (half?.lost ? half.lost() : half?.close()));
  });
}
