import { catchError, of, type Subscription } from "rxjs";
import type { DelayedEvents, Transport } from "../streams/contract.ts";
import type { PortLike } from "../streams/port.ts";
import { exposePort, wrapPort } from "./port.ts";

export type ExposedTransport = ReturnType<typeof exposedTransport>;

/** A transport as `remoteTransport` reads it. */
export function exposedTransport(transport: Transport) {
  /** There are some, or the far end does not ask for one. */
  const delayed = async () => (await transport.delayed?.()) as DelayedEvents;
  return {
    batches$: transport.batches$,
    connected$: transport.connected$,
    identity: () => transport.identity(),
    send: (...args: Parameters<Transport["send"]>) => transport.send(...args),
    // Where the transport cannot, none is for sure: the far end does not know what this one is like.
    prepareSend: (...args: Parameters<Transport["send"]>) =>
      transport.prepareSend?.(...args) ?? of(undefined),
    turnServers: () => transport.turnServers(),
    delayed: async () => (await delayed()) !== undefined,
    schedule: async (...args: Parameters<DelayedEvents["schedule"]>) => (await delayed()).schedule(...args),
    restart: async (id: string) => (await delayed()).restart(id),
    cancel: async (id: string) => (await delayed()).cancel(id),
  };
}

/**
 * Exposes a transport to an engine at the far end of a port, which reads it with `remoteTransport`. Owns the port from
 * here on. Unsubscribing the result, or the far end's closing, unsubscribes from the transport and closes the port.
 */
export function serveTransport(port: PortLike, transport: Transport): Subscription {
  return exposePort(port, exposedTransport(transport));
}

/**
 * The transport that the far end of a port exposes with `serveTransport`: its batches, answers, errors and completion,
 * as they are there. When the far end is gone, `batches$` and every request end with `worker_lost`, and `connected$` with
 * false; what cannot be cloned is rejected with `invalid_option`. Owns the port from here on.
 */
export function remoteTransport(port: PortLike): Transport {
  const { call, stream } = wrapPort<ExposedTransport>(port);
  const delayed: DelayedEvents = {
    schedule: (...args) => call((far) => far.schedule(...args)),
    restart: (id) => call((far) => far.restart(id)),
    cancel: (id) => call((far) => far.cancel(id)),
  };
  return {
    batches$: stream((far) => far.batches$),
    connected$: stream((far) => far.connected$).pipe(catchError(() => of(false))),
    identity: () => call((far) => far.identity()),
    send: (...args) => call((far) => far.send(...args)),
    prepareSend: (...args) => stream((far) => far.prepareSend(...args)),
    turnServers: () => call((far) => far.turnServers()),
    delayed: async () => ((await call((far) => far.delayed())) ? delayed : undefined),
  };
}
