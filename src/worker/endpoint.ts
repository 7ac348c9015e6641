import { map, merge, Observable } from "rxjs";

/**
 * What can lead to an engine: a `Worker` of the web or of `node:worker_threads`, or a `MessagePort` to one. Described
 * by its shape, for no runtime has the types of all three.
 */
export interface WorkerEndpoint {
  postMessage(message: unknown, transfer?: readonly object[]): void;
  /** Workers have it, ports do not. */
  terminate?(): unknown;
  addEventListener?(type: "error", listener: (event: unknown) => void): void;
  removeEventListener?(type: "error", listener: (event: unknown) => void): void;
  /** Node's way of listening. */
  on?(type: "error" | "exit", listener: (what: unknown) => void): unknown;
  off?(type: "error" | "exit", listener: (what: unknown) => void): unknown;
}

export interface Failure {
  readonly why: string;
  readonly cause?: unknown;
}

/** What an `error` event of the web may hold: nothing at all where the script could not be loaded or parsed. */
interface WorkerErrorEvent {
  readonly message?: string;
  readonly filename?: string;
  readonly lineno?: number;
  preventDefault?(): void;
}

/** Emits when the worker says that it failed. Many a death it cannot tell of: see silence.ts. */
export function failures(endpoint: WorkerEndpoint): Observable<Failure> {
  const errors$ = events<WorkerErrorEvent>(endpoint, "error").pipe(map(describe));
  const exits$ = events<number>(endpoint, "exit").pipe(
    map((code) => ({ why: `it exited with code ${code}` })),
  );
  return merge(errors$, exits$);
}

/** Ends a worker of ours. */
export function dispose(endpoint: WorkerEndpoint): void {
  // In Node a worker says why it died after its ports have closed, and an error that nobody hears ends the process.
  endpoint.on?.("error", () => undefined);
  endpoint.terminate?.();
}

function describe(event: WorkerErrorEvent): Failure {
  // Told to whoever waits on the engine: the page's own error handler need not hear of it as well.
  event.preventDefault?.();
  if (event instanceof Error) return { why: event.message, cause: event };
  const place = event.filename ? ` (${event.filename}:${event.lineno})` : "";
  return { why: event.message ? `${event.message}${place}` : "its script could not be loaded or parsed" };
}

function events<T>(endpoint: WorkerEndpoint, type: "error" | "exit"): Observable<T> {
  return new Observable((subscriber) => {
    const listener = (what: unknown) => subscriber.next(what as T);
    if (endpoint.on && endpoint.off) {
      endpoint.on(type, listener);
      return () => endpoint.off?.(type, listener);
    }
    if (type === "exit") return undefined;
    endpoint.addEventListener?.(type, listener);
    return () => endpoint.removeEventListener?.(type, listener);
  });
}
