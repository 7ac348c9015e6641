import { catchError, EMPTY, NEVER, Subject, Subscription, switchMap } from "rxjs";
import { exposePort, type FarEnd, wrapPort } from "../comlink/port.ts";
import type { Clock } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { makeHello, type SignalingHost } from "../streams/hello.ts";
import { opaqueId, secureRandom } from "../streams/ids.ts";
import { dispose, failures, type WorkerEndpoint } from "./endpoint.ts";
import { lockReleased } from "./locks.ts";
import { silence } from "./silence.ts";

/** For how many seconds a worker may say nothing: until it has started, and from then on. See silence.ts. */
const START_LIMIT = 14;
const LIFE_LIMIT = 4;

/**
 * The far end of a worker's port. `end$` errors when the connection ends: `worker_failed`, `worker_lost`, or what `end` was
 * called with, which also terminates a worker made here. The streams fall silent then.
 */
export type Connection = FarEnd<SignalingHost>;

/**
 * Connects to `hostSignaling` in a worker, which may read what is exposed here. A function is called for a worker that
 * is then ours to terminate. `receipt` gives that of the last signal received; for `lifeLimit` seconds a worker that has
 * started may be silent.
 */
export function connect(
  worker: WorkerEndpoint | (() => WorkerEndpoint),
  clock: Clock,
  exposed?: object,
  receipt: () => string | undefined = () => undefined,
  lifeLimit = LIFE_LIMIT,
): Connection {
  const { port1, port2 } = new MessageChannel();
  const far = wrapPort<SignalingHost>(port1, () => lose("its port was closed"));
  const alive$ = new Subject<void>();
  const watching = new Subscription();
  let responded = false;
  let ended = false;
  far.end$.subscribe({
    error: () => {
      ended = true;
      watching.unsubscribe();
    },
  });

  const lose = (why: string, cause?: unknown) => {
    const message = responded
      ? `The signalling worker is gone: ${why}`
      : `The signalling worker did not start: ${why}. Does its script import trunkline/worker/entry, is it served, and allowed by the page's CSP (worker-src, trusted types) and embedder policy? See docs/integration.md`;
    far.end(new TrunklineError(responded ? "worker_lost" : "worker_failed", message, { cause }));
  };

  const call: Connection["call"] = async (ask) => {
    const answer = await far.call(ask);
    responded = true;
    alive$.next();
    return answer;
  };

  const stream: Connection["stream"] = (get) =>
    far.stream(get).pipe(
      catchError((error) => {
        if (error.code === "worker_lost") lose("its port was closed");
        // The connection's own error says more than the port's.
        if (ended) return NEVER;
        throw error;
      }),
    );

  const ask = () => void call((host) => host.ping(receipt())).catch(() => undefined);
  const limit = () => (responded ? lifeLimit : START_LIMIT);
  watching.add(
    silence({ ask, alive$, limit, clock }).subscribe((s) => lose(`it has not answered for ${s} s`)),
  );

  try {
    const endpoint = typeof worker === "function" ? worker() : worker;
    if (endpoint !== worker) watching.add(() => dispose(endpoint));
    watching.add(failures(endpoint).subscribe(({ why, cause }) => lose(why, cause)));
    const page = exposed && new MessageChannel();
    if (page) watching.add(exposePort(page.port1, exposed));
    const ports = { port: port2, ...(page && { page: page.port2 }) };
    endpoint.postMessage(makeHello(ports), Object.values(ports));
  } catch (cause) {
    lose(cause instanceof Error ? cause.message : String(cause), cause);
  }
  const lock = opaqueId(secureRandom);
  watching.add(
    stream((host) => host.lock(lock))
      .pipe(
        catchError(() => EMPTY),
        switchMap(() => lockReleased(lock)),
      )
      .subscribe(() => lose("it has ended")),
  );
  return { ...far, call, stream };
}
