import {
  BehaviorSubject,
  delayWhen,
  filter,
  finalize,
  firstValueFrom,
  map,
  type Observable,
  race,
} from "rxjs";
import type { CallRef, Clock, Command, Memory, MemoryChange, Signal } from "../streams/contract.ts";
import { type TrunklineError, toTrunklineError } from "../streams/errors.ts";
import type { SentSignal } from "../streams/hello.ts";
import { shifted } from "../streams/ice-servers.ts";
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
  /** What the worker may call of this page. */
  readonly exposed: object | undefined;
  /** For how many seconds the worker may be silent; that of `connect` where undefined. */
  readonly lifeLimit: number | undefined;
}

/** One engine in one worker, from its start to its end. */
export interface Life {
  /** Never emits; errors when there is no more engine: as `Connection.end$`, or with what the start failed with. */
  readonly end$: Observable<never>;
  /** Resolves when the engine is there. */
  readonly started: Promise<void>;
  /** Reads signals from now on. */
  read(): void;
  /** Both wait for the start; what resolves does so after the signals that were emitted before it. */
  dispatch(command: Command): Promise<void>;
  stop(): Promise<void>;
  end(error: TrunklineError): void;
}

export function beginLife(options: LifeOptions): Life {
  const { worker, start, memory, known, onMemory, outlets, receipts, reading, clock, exposed, lifeLimit } =
    options;
  const { end$, stream, call, end } = connect(worker, clock, exposed, () => receipts.last, lifeLimit);
  /** How many signals have come. */
  const received$ = new BehaviorSubject(0);
  /** Ports keep no order between them: what was sent after signals may overtake them. */
  const onceReceived = (sent: number) => received$.pipe(filter((received) => received >= sent));

  stream((host) => host.iceServers$)
    .pipe(map((servers) => shifted(servers, clock.now())))
    .subscribe(outlets.iceServers);
  stream((host) => host.status$).subscribe({
    next(status) {
      // Said already, on this side: the first engine starts, a later one is on its way back.
      if (status.state !== "starting" || (status.identity && !memory)) outlets.become(status);
    },
    error: (error) => outlets.status.error(error),
    complete: () => outlets.status.complete(),
  });
  // What ends an engine is told by its other streams.
  stream((host) => host.finalRequests$).subscribe({
    next: (requests) => outlets.finalRequests.next(requests),
    error: () => undefined,
  });
  stream((host) => host.memory$)
    .pipe(delayWhen(({ sent }) => onceReceived(sent)))
    .subscribe({ next: ({ change }) => onMemory(change), error: () => undefined });
  const onOurs = onOurTime(clock);
  const receive = ({ signal, receipt }: SentSignal) => {
    if (receipt !== undefined) receipts.last = receipt;
    outlets.signals.next(onOurs(signal));
    received$.next(received$.value + 1);
  };
  const read = () => {
    call((host) => host.read()).catch(() => undefined); // told by `end$`
    stream((host) => host.sent$)
      .pipe(finalize(() => received$.next(Number.POSITIVE_INFINITY)))
      .subscribe({
        next: receive,
        error: (error) => outlets.signals.error(error),
        complete: () => outlets.signals.complete(),
      });
  };
  if (reading) read();

  // A turn later, so that whoever subscribes to signals at once misses nothing.
  const started = Promise.resolve().then(() =>
    call((host) => host.start(start, { memory, known: known(), receipt: receipts.last })),
  );
  started.catch((error) => end(toTrunklineError(error)));

  return {
    end$,
    started,
    end,
    read,
    async dispatch(command) {
      await started;
      const sent = await call((host) => host.dispatch(command));
      if (received$.value < sent) await firstValueFrom(race(end$, onceReceived(sent)));
    },
    async stop() {
      await started;
      return call((host) => host.close());
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
