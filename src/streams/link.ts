import { defer, Observable, type ObservableInput, type Subscriber, Subscription, tap } from "rxjs";
import { fromErrorData, TrunklineError, toErrorData } from "./errors.ts";
import { readToClient, readToServer, seal, type ToClient, type ToServer } from "./link-messages.ts";

/** What the link needs of a `MessagePort`; those of browsers, Node, Deno and Bun all fit. */
export interface PortLike {
  postMessage(message: unknown): void;
  addEventListener(type: "message" | "close", listener: (event: { readonly data?: unknown }) => void): void;
  removeEventListener(
    type: "message" | "close",
    listener: (event: { readonly data?: unknown }) => void,
  ): void;
  start(): void;
  close(): void;
}

/** What can be served by name: a stream, or what makes one from arguments, such as a request that is answered once. */
export interface Served {
  readonly [name: string]: Observable<unknown> | ((...args: never[]) => ObservableInput<unknown>);
}

/** The far end's streams. */
export interface RemoteStreams {
  /**
   * The stream that the far end serves under `name`. Each subscription here is one there, and ends there when it is
   * unsubscribed here. Errors with the far stream's error, with `invalid_option` where nothing is served under that
   * name or `args` cannot be cloned, with `worker_lost` once the far end is gone, and with `closed` after `close()`.
   */
  stream<T>(name: string, ...args: readonly unknown[]): Observable<T>;
  /** Ends every subscription with `closed`, tells the far end, and closes the port. */
  close(): void;
}

/**
 * Serves streams to the far end of a port, which reads them with `remoteStreams`. Owns the port from here on.
 * Unsubscribing the result ends every subscription, tells the far end, and closes the port; the same happens by
 * itself when the far end closes, so that work added to the result is undone in either case.
 *
 * A value that cannot be cloned ends its own stream, and no other, with `unexpected`.
 */
export function serveStreams(port: PortLike, streams: Served): Subscription {
  const served = new Map(Object.entries(streams));
  const subscriptions = new Map<number, Subscription>();
  const post = (message: ToClient) => port.postMessage(seal(message));

  const serve = (id: number, name: string, args: readonly unknown[]) => {
    const fail = (thrown: unknown) => post({ kind: "error", id, error: toErrorData(thrown) });
    const found = served.get(name);
    if (!found) return fail(new TrunklineError("invalid_option", `No stream named "${name}" is served here`));
    // What travelled is only as well typed as the far end.
    const source = typeof found === "function" ? defer(() => found(...(args as never[]))) : found;
    const subscription = new Subscription(() => subscriptions.delete(id));
    subscriptions.set(id, subscription);
    const send = (value: unknown) => {
      try {
        post({ kind: "next", id, value });
      } catch (cause) {
        const message = `A value of "${name}" cannot be cloned; use plain data only`;
        throw new TrunklineError("unexpected", message, { cause });
      }
    };
    // Sent within the pipe: what `tap` throws unsubscribes the source at once, one that emits in a loop included.
    const sent = source
      .pipe(tap(send))
      .subscribe({ error: fail, complete: () => post({ kind: "complete", id }) });
    sent.add(subscription);
    subscription.add(sent);
  };

  const listening = listen(port, {
    message: (data) => {
      const message = readToServer(data);
      if (message?.kind === "close") listening.unsubscribe();
      else if (message?.kind === "unsubscribe") subscriptions.get(message.id)?.unsubscribe();
      else if (message && !subscriptions.has(message.id)) serve(message.id, message.name, message.args);
    },
    close: () => listening.unsubscribe(),
  });
  listening.add(() => {
    for (const subscription of [...subscriptions.values()]) subscription.unsubscribe();
    post({ kind: "close" });
    port.close();
  });
  return listening;
}

/** Reads the streams that the far end of a port serves with `serveStreams`. Owns the port from here on. */
export function remoteStreams(port: PortLike): RemoteStreams {
  const subscribers = new Map<number, Subscriber<unknown>>();
  let lastId = 0;
  let ended: TrunklineError | undefined;
  const post = (message: ToServer) => port.postMessage(seal(message));

  const end = (error: TrunklineError) => {
    if (ended) return;
    ended = error;
    listening.unsubscribe();
    post({ kind: "close" });
    port.close();
    const orphans = [...subscribers.values()];
    subscribers.clear();
    for (const subscriber of orphans) subscriber.error(error);
  };
  const lose = () => end(new TrunklineError("worker_lost", "The far end of the port is gone"));

  const listening = listen(port, {
    message: (data) => {
      const message = readToClient(data);
      if (!message) return;
      if (message.kind === "close") return lose();
      const subscriber = subscribers.get(message.id);
      if (message.kind === "next") return subscriber?.next(message.value);
      // Forgotten first: what has ended there needs no unsubscribing there.
      subscribers.delete(message.id);
      if (message.kind === "complete") subscriber?.complete();
      else subscriber?.error(fromErrorData(message.error));
    },
    close: lose,
  });

  const stream = <T>(name: string, ...args: readonly unknown[]) =>
    new Observable<unknown>((subscriber) => {
      if (ended) return subscriber.error(ended);
      const id = ++lastId;
      try {
        post({ kind: "subscribe", id, name, args });
      } catch (cause) {
        const message = `A parameter of "${name}" cannot be cloned; use plain data only`;
        return subscriber.error(new TrunklineError("invalid_option", message, { cause }));
      }
      subscribers.set(id, subscriber);
      return () => {
        if (subscribers.delete(id)) post({ kind: "unsubscribe", id });
      };
    }) as Observable<T>;

  return { stream, close: () => end(new TrunklineError("closed", "The link was closed on this side")) };
}

/** Hears messages, and the port's closing where the platform tells of it (Node, Chromium). */
function listen(port: PortLike, on: { message: (data: unknown) => void; close: () => void }): Subscription {
  const message = (event: { readonly data?: unknown }) => on.message(event.data);
  port.addEventListener("message", message);
  port.addEventListener("close", on.close);
  port.start();
  return new Subscription(() => {
    port.removeEventListener("message", message);
    port.removeEventListener("close", on.close);
  });
}
