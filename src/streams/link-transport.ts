import { catchError, firstValueFrom, of, type Subscription } from "rxjs";
import type { DelayedEvents, Transport } from "./contract.ts";
import { type PortLike, remoteStreams, type Served, serveStreams } from "./link.ts";

/** A transport as `remoteTransport` reads it; for `serveStreams`. */
export function transportStreams(transport: Transport): Served {
  const delayed = async () => transport.delayed?.();
  return {
    batches: transport.batches$,
    connected: transport.connected$,
    identity: () => transport.identity(),
    send: (...args: Parameters<Transport["send"]>) => transport.send(...args),
    // Where the transport cannot, none is for sure: the far end does not know what this one is like.
    prepareSend: (...args: Parameters<Transport["send"]>) =>
      transport.prepareSend?.(...args) ?? of(undefined),
    turnServers: () => transport.turnServers(),
    delayed: async () => (await delayed()) !== undefined,
    schedule: async (...args: Parameters<DelayedEvents["schedule"]>) => (await delayed())?.schedule(...args),
    restart: async (id: string) => (await delayed())?.restart(id),
    cancel: async (id: string) => (await delayed())?.cancel(id),
  };
}

/**
 * Serves a transport to an engine at the far end of a port, which reads it with `remoteTransport`. Owns the port from
 * here on. Unsubscribing the result, or the far end's closing, unsubscribes from the transport and closes the port.
 */
export function serveTransport(port: PortLike, transport: Transport): Subscription {
  return serveStreams(port, transportStreams(transport));
}

/**
 * The transport that the far end of a port serves with `serveTransport`: its batches, answers, errors and completion,
 * as they are there. When the far end is gone, `batches$` and every request end with `worker_lost`, and `connected$` with
 * false; what cannot be cloned is rejected with `invalid_option`. Owns the port from here on.
 */
export function remoteTransport(port: PortLike): Transport {
  const { stream } = remoteStreams(port);
  const ask = <T>(name: string, ...args: readonly unknown[]) => firstValueFrom(stream<T>(name, ...args));
  const delayed: DelayedEvents = {
    schedule: (...args) => ask("schedule", ...args),
    restart: (id) => ask("restart", id),
    cancel: (id) => ask("cancel", id),
  };
  return {
    batches$: stream("batches"),
    connected$: stream<boolean>("connected").pipe(catchError(() => of(false))),
    identity: () => ask("identity"),
    send: (...args) => ask("send", ...args),
    prepareSend: (...args) => stream("prepareSend", ...args),
    turnServers: () => ask("turnServers"),
    delayed: async () => ((await ask<boolean>("delayed")) ? delayed : undefined),
  };
}
