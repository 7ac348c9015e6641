import { lastValueFrom, map, type Observable, race } from "rxjs";
import type {
  CallRef,
  Clock,
  Command,
  FinalRequest,
  IceServer,
  Memory,
  MemoryChange,
  Signal,
  SignalingStatus,
} from "../streams/contract.ts";
import { type TrunklineError, toTrunklineError } from "../streams/errors.ts";
import { shifted } from "../streams/ice-servers.ts";
import type { Served } from "../streams/link.ts";
import type { SentSignal } from "../streams/link-control.ts";
import { connect } from "./connection.ts";
import type { WorkerEndpoint } from "./endpoint.ts";
import type { Outlets } from "./outlets.ts";

export interface LifeOptions {
  readonly worker: WorkerEndpoint | (() => WorkerEndpoint);
  /** What the engine is made of, and what is left of the one before, if there was one. */
  readonly start: unknown;
  readonly memory: Memory | undefined;
  /** Gives the calls that this page takes for live. */
  readonly known: () => readonly CallRef[];
  readonly onMemory: (change: MemoryChange) => void;
  readonly outlets: Outlets;
  /** That of the last signal received, over all engines. */
  readonly receipts: { last?: string };
  /** Whether anyone listens to signals yet: a half may sync only for a subscriber. */
  readonly reading: boolean;
  readonly clock: Clock;
  readonly served: Served | undefined;
}

/** One engine in one worker, from its start to its end. */
export interface Life {
  /** Never emits; errors when there is no more engine: as `Connection.end$`, or with what the start failed with. */
  readonly end$: Observable<never>;
  /** Resolves when the engine is there. */
  readonly started: Promise<void>;
  /** Listens to signals from now on. */
  read(): void;
  /** Both wait for the start, and for the listening that was asked for before. */
  dispatch(command: Command): Promise<void>;
  stop(): Promise<void>;
  end(error: TrunklineError): void;
}

export function beginLife(options: LifeOptions): Life {
  const { worker, start, memory, known, onMemory, outlets, receipts, reading, clock, served } = options;
  const { end$, stream, call, end } = connect(worker, clock, served, () => receipts.last);

  stream<readonly IceServer[]>("iceServers")
    .pipe(map((servers) => shifted(servers, clock.now())))
    .subscribe(outlets.iceServers);
  stream<SignalingStatus>("status").subscribe({
    next(status) {
      // Said already, on this side: the first engine starts, a later one is on its way back.
      if (status.state !== "starting" || (status.identity && !memory)) outlets.become(status);
    },
    error: (error) => outlets.status.error(error),
    complete: () => outlets.status.complete(),
  });
  // What ends an engine is told by its other streams.
  stream<readonly FinalRequest[]>("finalRequests").subscribe({
    next: (requests) => outlets.finalRequests.next(requests),
    error: () => undefined,
  });
  stream<MemoryChange>("memory").subscribe({ next: onMemory, error: () => undefined });
  const onOurs = onOurTime(clock);
  const receive = ({ signal, receipt }: SentSignal) => {
    if (receipt !== undefined) receipts.last = receipt;
    return onOurs(signal);
  };
  const listen = () => stream<SentSignal>("signals").pipe(map(receive)).subscribe(outlets.signals);
  if (reading) listen();

  // Ports keep no order between them: this waits until all that was asked of the streams' port has been heard there.
  const heard = () => lastValueFrom(race(end$, stream<void>("ready")), { defaultValue: undefined });

  // A turn later, so that whoever subscribes to signals at once is heard before the start, and misses nothing.
  const started = Promise.resolve()
    .then(heard)
    .then(() => call((control) => control.start(start, memory, known(), receipts.last)));
  started.catch((error) => end(toTrunklineError(error)));
  let ready = started;

  return {
    end$,
    started,
    end,
    read() {
      listen();
      ready = Promise.all([started, heard()]).then(() => undefined);
      ready.catch(() => undefined); // told to each command
    },
    async dispatch(command) {
      await ready;
      return call((control) => control.dispatch(command));
    },
    async stop() {
      await ready;
      return call((control) => control.stop());
    },
  };
}

/** A trace entry takes less than this to come here, in ms, even to a page that is busy. */
const MAX_TRANSIT_MS = 5_000;

/**
 * Puts the engine's trace entries on our base of time. The clocks are taken to be the same unless an entry came before
 * it was made, or far too late; then the quickest one so far tells by how much they differ.
 */
function onOurTime(clock: Clock): (signal: Signal) => Signal {
  let transit = Number.POSITIVE_INFINITY;
  return (signal) => {
    if (signal.type !== "trace") return signal;
    const { entry } = signal;
    transit = Math.min(transit, clock.now() - entry.at);
    const isOurs = transit >= 0 && transit < MAX_TRANSIT_MS;
    return isOurs ? signal : { ...signal, entry: { ...entry, at: entry.at + transit } };
  };
}
