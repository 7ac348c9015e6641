import { type Observable, Subscription } from "rxjs";
import type { WorkerEndpoint } from "./endpoint.ts";

/** Hands a hello and its ports to a worker. Errors when that worker fails; unsubscribing leaves it. */
export type Connect = (hello: object, ports: readonly MessagePort[]) => Observable<never>;

/** What connects, as a worker of one's own: its failure is an `error` event, its end is `terminate()`. */
export function endpointOf(connect: Connect): WorkerEndpoint {
  const listeners = new Set<(event: unknown) => void>();
  const life = new Subscription();
  return {
    postMessage(hello, ports = []) {
      const error = (event: unknown) => {
        for (const listener of [...listeners]) listener(event);
      };
      life.add(connect(hello as object, ports as readonly MessagePort[]).subscribe({ error }));
    },
    terminate: () => life.unsubscribe(),
    addEventListener: (_type, listener) => listeners.add(listener),
    removeEventListener: (_type, listener) => listeners.delete(listener),
  };
}
