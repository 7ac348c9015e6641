import { type Endpoint, expose, type Remote, transferHandlers, wrap } from "comlink";
import {
  catchError,
  defer,
  firstValueFrom,
  mergeAll,
  type Observable,
  race,
  Subject,
  Subscription,
  takeUntil,
} from "rxjs";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import { listen, type PortLike } from "../streams/port.ts";
import { registerHandlers, sentStreams } from "./handlers.ts";
import { lost } from "./observable.ts";

/** What comlink never says: that an end of a port has closed it. Not every platform reports that either. */
const CLOSED = "trunkline:closed";

/**
 * A port for comlink. `life` is unsubscribed when the far end closes or is gone; unsubscribing it closes this end, and ends
 * the streams that were sent from it.
 */
function openPort(port: PortLike): { readonly endpoint: Endpoint; readonly life: Subscription } {
  registerHandlers(transferHandlers);
  const life = new Subscription(() => {
    port.postMessage(CLOSED);
    port.close();
  });
  const end = () => life.unsubscribe();
  listen(port, ({ data }) => data === CLOSED && end(), end);
  const endpoint = {
    postMessage(message: unknown, transfer: readonly object[] = []) {
      for (const each of transfer) sentStreams.get(each)?.(life);
      (port as Endpoint).postMessage(message, transfer as Transferable[]);
    },
    addEventListener: port.addEventListener.bind(port) as Endpoint["addEventListener"],
    removeEventListener: port.removeEventListener.bind(port) as Endpoint["removeEventListener"],
  };
  return { endpoint, life };
}

/**
 * Exposes `object` to the far end of a port, which reads it with `wrapPort`: its methods, and its Observables. Owns the
 * port from here on. Unsubscribing the result closes the port, which rejects all that is pending at the far end; the same
 * happens by itself when the far end closes, so that work added to the result is undone in either case.
 */
export function exposePort(port: PortLike, object: object): Subscription {
  const { endpoint, life } = openPort(port);
  expose(object, endpoint);
  return life;
}

/** What the far end of a port exposes. Nothing of it outlives that end. */
export interface FarEnd<T> {
  /** Never emits; errors when the far end is gone, or with what `end` was called with. */
  readonly end$: Observable<never>;
  /**
   * Resolves with what the far end returns. Rejects with its error, with `invalid_option` where an argument cannot be
   * cloned, or as `end$` errors.
   */
  call<R>(ask: (far: Remote<T>) => PromiseLike<R>): Promise<R>;
  /**
   * An Observable of the far end, asked for on each subscription. Errors with its error, with `unexpected` where it
   * emits what cannot be cloned, or as `end$` does.
   */
  stream<V>(get: (far: Remote<T>) => PromiseLike<Observable<V>>): Observable<V>;
  /** Ends all that is pending with this error, and closes the port. */
  end(error: TrunklineError): void;
}

/**
 * Reads what the far end of a port exposes with `exposePort`. Owns the port from here on. `onLost` is called when the far
 * end has closed or is gone, where it or the platform says so; by default it ends everything with `worker_lost`.
 */
export function wrapPort<T>(
  port: PortLike,
  onLost: (end: FarEnd<T>["end"]) => void = (end) => end(lost()),
): FarEnd<T> {
  const { endpoint, life } = openPort(port);
  const end$ = new Subject<never>();
  const far = wrap<T>(endpoint);
  let ended = false;

  const end = (error: TrunklineError) => {
    if (ended) return;
    ended = true;
    end$.error(error);
    life.unsubscribe();
  };
  life.add(() => ended || onLost(end));

  // Awaited there: a property of comlink's is a promise that takes itself for an Observable.
  const call: FarEnd<T>["call"] = (ask) =>
    firstValueFrom(
      race(
        end$,
        defer(async () => ask(far)),
      ),
    ).catch((thrown) => {
      throw thrown?.name === "DataCloneError" ? unclonable(thrown) : toTrunklineError(thrown);
    });

  return {
    end$,
    call,
    stream: (get) =>
      defer(() => call(get)).pipe(
        mergeAll(),
        takeUntil(end$),
        catchError((thrown) => {
          throw toTrunklineError(thrown);
        }),
      ),
    end,
  };
}

const unclonable = (cause: unknown): TrunklineError =>
  new TrunklineError("invalid_option", "What was given cannot be cloned; give plain data only", {
    cause,
  });
