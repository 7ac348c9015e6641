import { type Remote, wrap } from "comlink";
import {
  catchError,
  defer,
  EMPTY,
  firstValueFrom,
  NEVER,
  type Observable,
  race,
  Subject,
  Subscription,
  switchMap,
  tap,
} from "rxjs";
import type { Clock } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { opaqueId, secureRandom } from "../streams/ids.ts";
import { remoteStreams, type Served, serveStreams } from "../streams/link.ts";
import { type Answer, makeHello, type SignalingControl, unwrap } from "../streams/link-control.ts";
import { dispose, failures, type WorkerEndpoint } from "./endpoint.ts";
import { lockReleased } from "./locks.ts";
import { silence } from "./silence.ts";

/** For how many seconds a worker may say nothing: until it has started, and from then on. See silence.ts. */
const START_LIMIT = 14;
const LIFE_LIMIT = 4;

export interface Connection {
  /** Never emits; errors when the connection ends: `worker_failed`, `worker_lost`, or what `end` was told. */
  readonly end$: Observable<never>;
  /** A stream of the other end; errors with it, and falls silent when the connection ends. */
  stream<T>(name: string): Observable<T>;
  /** Asks the other end; rejects with its error, with `invalid_option` for what cannot be cloned, or as `end$` does. */
  call(ask: (control: Remote<SignalingControl>) => Promise<Answer>): Promise<void>;
  /** Ends everything that is pending with this error, closes the ports, and terminates a worker made here. */
  end(error: TrunklineError): void;
}

/**
 * Connects to `hostSignaling` in a worker, which may read what is served here. A function is called for a worker that
 * is then ours to terminate. `receipt` gives that of the last signal received.
 */
export function connect(
  worker: WorkerEndpoint | (() => WorkerEndpoint),
  clock: Clock,
  served?: Served,
  receipt: () => string | undefined = () => undefined,
): Connection {
  const end$ = new Subject<never>();
  const alive$ = new Subject<void>();
  const control = new MessageChannel();
  const streams = new MessageChannel();
  const proxy = wrap<SignalingControl>(control.port1);
  const remote = remoteStreams(streams.port1);
  const watching = new Subscription();
  let heard = false;
  let ended = false;

  const end = (error: TrunklineError) => {
    if (ended) return;
    ended = true;
    end$.error(error);
    remote.close();
    control.port1.close();
    watching.unsubscribe();
  };

  const lose = (why: string, cause?: unknown) => {
    const message = heard
      ? `The signalling worker is gone: ${why}`
      : `The signalling worker did not start: ${why}. Does its script import trunkline/worker/entry, is it served, and allowed by the page's CSP (worker-src, trusted types) and embedder policy? See docs/integration.md`;
    end(new TrunklineError(heard ? "worker_lost" : "worker_failed", message, { cause }));
  };

  const call: Connection["call"] = (ask) =>
    firstValueFrom(race(end$, defer(() => ask(proxy)).pipe(tap(() => alive$.next())))).then(
      unwrap,
      (thrown) => {
        throw thrown instanceof TrunklineError ? thrown : unclonable(thrown);
      },
    );

  const stream = <T>(name: string, ...args: readonly unknown[]) =>
    remote.stream<T>(name, ...args).pipe(
      catchError((error) => {
        if (error.code === "worker_lost") lose("its port was closed");
        // The connection's own error tells more than the port's.
        if (ended) return NEVER;
        throw error;
      }),
    );

  watching.add(
    alive$.subscribe(() => {
      heard = true;
    }),
  );
  const ask = () => void call((control) => control.ping(receipt())).catch(() => undefined);
  const limit = () => (heard ? LIFE_LIMIT : START_LIMIT);
  watching.add(
    silence({ ask, alive$, limit, clock }).subscribe((s) => lose(`it has not answered for ${s} s`)),
  );

  try {
    const endpoint = typeof worker === "function" ? worker() : worker;
    if (endpoint !== worker) watching.add(() => dispose(endpoint));
    watching.add(failures(endpoint).subscribe(({ why, cause }) => lose(why, cause)));
    const page = served && new MessageChannel();
    if (page) watching.add(serveStreams(page.port1, served));
    const ports = { control: control.port2, streams: streams.port2, ...(page && { page: page.port2 }) };
    endpoint.postMessage(makeHello(ports), Object.values(ports));
  } catch (cause) {
    lose(cause instanceof Error ? cause.message : String(cause), cause);
  }
  const lock = opaqueId(secureRandom);
  watching.add(
    stream<void>("lock", lock)
      .pipe(
        catchError(() => EMPTY),
        switchMap(() => lockReleased(lock)),
      )
      .subscribe(() => lose("it has ended")),
  );
  return { end$, stream, call, end };
}

function unclonable(cause: unknown): TrunklineError {
  return new TrunklineError("invalid_option", "This cannot be cloned to the worker; give plain data only", {
    cause,
  });
}
