import { filter, firstValueFrom, map, Subject, take, toArray } from "rxjs";
import { timeDispatch } from "../../src/bench/round-trip.ts";
import type { Command, Signal } from "../../src/streams/contract.ts";
import type { WorkerEndpoint } from "../../src/worker/endpoint.ts";
import { remoteSignaling } from "../../src/worker/remote.ts";
import { now } from "../browser/time.ts";
import { askFor, COMMAND } from "./payload.ts";

/** A way to a worker. */
export interface PortSide {
  /** Resolves with how long a command and its answer took, in ms. */
  roundTrip(): Promise<number>;
  /** Resolves with how long each of so many signals was under way, in ms. */
  signals(count: number): Promise<number[]>;
  close(): Promise<unknown>;
}

const underWay = (signal: Signal) => (signal.type === "incoming" ? now() - signal.remaining : Number.NaN);

/** Trunkline's. */
export function ourSide(worker: () => WorkerEndpoint): PortSide {
  const half = remoteSignaling(worker, {});
  return {
    roundTrip: () => timeDispatch(half, COMMAND, performance),
    async signals(count) {
      const heard = firstValueFrom(half.signals$.pipe(map(underWay), take(count), toArray()));
      await half.dispatch(askFor(count));
      return heard;
    },
    close: () => half.close(),
  };
}

/** The platform's, with nothing on it. */
export function bareSide(worker: () => WorkerEndpoint): PortSide {
  const { port1, port2 } = new MessageChannel();
  const endpoint = worker();
  endpoint.postMessage(port2, [port2]);
  const messages = new Subject<Signal | { readonly ok: true }>();
  port1.onmessage = ({ data }: MessageEvent<Signal | { readonly ok: true }>) => messages.next(data);
  const ask = async (command: Command) => {
    const answer = firstValueFrom(messages.pipe(filter((message) => "ok" in message)));
    port1.postMessage(command);
    await answer;
  };
  return {
    roundTrip: () => timeDispatch({ dispatch: ask }, COMMAND, performance),
    async signals(count) {
      const heard = firstValueFrom(
        messages.pipe(
          filter((message) => "type" in message),
          map(underWay),
          take(count),
          toArray(),
        ),
      );
      await ask(askFor(count));
      return heard;
    },
    async close() {
      port1.close();
      await endpoint.terminate?.();
    },
  };
}
