import { type Remote, wrap } from "comlink";
import { catchError, defer, firstValueFrom, type Observable, race, Subject, Subscription, tap } from "rxjs";
import type { Clock } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { remoteStreams } from "../streams/link.ts";
import { type Answer, makeHello, type SignalingControl, unwrap } from "../streams/link-control.ts";
import { failures, type WorkerEndpoint } from "./endpoint.ts";
import { silence } from "./silence.ts";

/** For how many seconds a worker may say nothing: until it has started, and from then on. See silence.ts. */
const START_LIMIT = 14;
const LIFE_LIMIT = 4;

export interface Connection {
  /** Never emits; errors when the connection ends: `worker_failed`, `worker_lost`, or what `end` was told. */
  readonly end$: Observable<never>;
  /** A stream of the other end; errors with it, or as `end$` does. */
  stream<T>(name: string): Observable<T>;
  /** Asks the other end; rejects with its error, with `invalid_option` for what cannot be cloned, or as `end$` does. */
  call(ask: (control: Remote<SignalingControl>) => Promise<Answer>): Promise<void>;
  /** Ends everything that is pending with this error, closes the ports, and terminates a worker made here. */
  end(error: TrunklineError): void;
}

/** Connects to `hostSignaling` in a worker. A function is called for a worker that is then ours to terminate. */
export function connect(worker: WorkerEndpoint | (() => WorkerEndpoint), clock: Clock): Connection {
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
      : `The signalling worker did not start: ${why}. Is its script served, and allowed by the page's CSP?`;
    end(new TrunklineError(heard ? "worker_lost" : "worker_failed", message, { cause }));
  };

  const call: Connection["call"] = (ask) =>
    firstValueFrom(race(end$, defer(() => ask(proxy)).pipe(tap(() => alive$.next())))).then(
      unwrap,
      (thrown) => {
        throw thrown instanceof TrunklineError ? thrown : unclonable(thrown);
      },
    );

  const stream = <T>(name: string) =>
    remote.stream<T>(name).pipe(
      catchError((error) => {
        if (error.code === "worker_lost") lose("its port was closed");
        // Where the connection has ended, its own error tells more than the port's.
        if (ended) return end$;
        throw error;
      }),
    );

  watching.add(
    alive$.subscribe(() => {
      heard = true;
    }),
  );
  const ask = () => void call((control) => control.ping()).catch(() => undefined);
  const limit = () => (heard ? LIFE_LIMIT : START_LIMIT);
  watching.add(
    silence({ ask, alive$, limit, clock }).subscribe((s) => lose(`it has not answered for ${s} s`)),
  );

  try {
    const endpoint = typeof worker === "function" ? worker() : worker;
    if (endpoint !== worker) watching.add(() => endpoint.terminate?.());
    watching.add(failures(endpoint).subscribe(({ why, cause }) => lose(why, cause)));
    const hello = makeHello({ control: control.port2, streams: streams.port2 });
    endpoint.postMessage(hello, [control.port2, streams.port2]);
  } catch (cause) {
    lose(cause instanceof Error ? cause.message : String(cause), cause);
  }
  return { end$, stream, call, end };
}

function unclonable(cause: unknown): TrunklineError {
  return new TrunklineError("invalid_option", "This cannot be cloned to the worker; give plain data only", {
    cause,
  });
}
