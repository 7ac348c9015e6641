import {
  catchError,
  defer,
  EMPTY,
  filter,
  firstValueFrom,
  lastValueFrom,
  race,
  Subscription,
  timer,
} from "rxjs";
import { type BackoffPolicy, backoff } from "../streams/backoff.ts";
import { realClock } from "../streams/clock.ts";
import type { Clock, Memory, MemoryChange, SignalingHalf } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { inForce } from "../streams/ice-servers.ts";
import { secureRandom } from "../streams/ids.ts";
import type { Served } from "../streams/link.ts";
import { NO_MEMORY, remember } from "../streams/memory.ts";
import type { WorkerEndpoint } from "./endpoint.ts";
import { beginLife, type Life } from "./life.ts";
import { Outlets } from "./outlets.ts";

/** An engine hangs up its calls within 2 s, then closes; a worker that takes longer is not waited for. */
const CLOSE_LIMIT = 3_000;

/** When a worker is made anew: soon, for live calls wait for it. */
const RESTART: BackoffPolicy = { first: 250, max: 30_000, factor: 2, jitter: 0.5 };
/** How often one that has never started is made anew: what is wrong with it will hardly pass by itself. */
const RESTARTS = 4;
/** A worker that lived for longer, in ms, was well: the next delay is the first again. */
const WELL = 60_000;

/** What is on this side of the ports for an engine to use. */
export interface PageSide {
  readonly served: Served;
  /** Told how far the engine has read, by the position of a batch. */
  readonly onPosition?: (position: string) => void;
  /** Called once, when there will be no more engine. */
  readonly close?: () => void;
}

/**
 * The signalling half that `hostSignaling` hosts in a worker. `start` goes to the function that makes it there.
 *
 * When the worker dies, what is pending rejects with `worker_lost`, or `worker_failed` where it had not started: at once
 * where the platform has Web Locks or tells of it, otherwise when nothing was answered for 6 s. `status$` then says
 * `reconnecting`, and why; the function given makes another worker, whose half begins with what the last one wanted
 * to be remembered. Until then commands reject at once; the streams go on.
 *
 * For good ends what cannot be made anew: a worker that was given as such, and one that has never started in 5
 * attempts, which is told after 4 s where each fails at once. `close()` also terminates a worker made by the function.
 */
export function remoteSignaling(
  worker: WorkerEndpoint | (() => WorkerEndpoint),
  start: unknown,
  clock: Clock = realClock,
  page?: PageSide,
): SignalingHalf {
  const outlets = new Outlets();
  const receipts = {};
  let memory: Memory = NO_MEMORY;
  let reading = false;
  let life: Life | undefined;
  /** Why there is no life. */
  let lost: TrunklineError | undefined;
  let everStarted = false;
  let started = false;
  let failures = 0;
  let pause = Subscription.EMPTY;
  let closing: Promise<void> | undefined;

  const onMemory = (change: MemoryChange) => {
    memory = remember(memory, change);
    if (change.type === "position") page?.onPosition?.(change.position);
  };

  const begin = (): Life => {
    const bornAt = clock.now();
    const begun = beginLife({
      ...{ worker, start, outlets, receipts, reading, clock, onMemory, served: page?.served },
      memory: everStarted ? memory : undefined,
    });
    life = begun;
    begun.started.then(
      () => {
        everStarted = true;
        started = true;
      },
      () => undefined, // told by `end$`
    );
    begun.end$.subscribe({ error: (error: TrunklineError) => lose(error, clock.now() - bornAt) });
    return begun;
  };

  const lose = (error: TrunklineError, lived: number) => {
    life = undefined;
    started = false;
    lost = error;
    if (lived > WELL) failures = 0;
    const passing = error.code === "worker_lost" || error.code === "worker_failed";
    const again = typeof worker === "function" && (everStarted || failures < RESTARTS);
    if (!passing || !again || closing || outlets.stopped) return outlets.finish(error);
    outlets.reconnect(error);
    pause = timer(backoff(RESTART, secureRandom, failures), clock).subscribe(begin);
    failures += 1;
  };

  const sayGoodbye = async () => {
    // Without an engine, one that remembers the calls is needed to end them.
    if (!started && (memory.calls.length === 0 || outlets.stopped)) return;
    const there = life ?? begin();
    if (!started) await firstValueFrom(outlets.status.pipe(filter(({ state }) => state === "online")));
    // The last signals are on their way by another port than the answer to `stop`: wait for the end of both.
    const heard = reading && lastValueFrom(outlets.signals, { defaultValue: undefined });
    await Promise.allSettled([there.stop(), heard]);
  };

  const shut = async () => {
    pause.unsubscribe();
    const goodbye$ = defer(sayGoodbye).pipe(catchError(() => EMPTY));
    await firstValueFrom(race(goodbye$, timer(CLOSE_LIMIT, clock)), { defaultValue: undefined });
    if (life) life.end(closed());
    else outlets.finish(closed());
  };

  outlets.status.subscribe({ complete: () => page?.close?.() });
  begin();

  return {
    signals$: defer(() => {
      if (!reading) {
        reading = true;
        life?.read();
      }
      return outlets.signals;
    }),
    status$: outlets.status.asObservable(),
    iceServers$: outlets.iceServers.pipe(inForce(clock)),
    async dispatch(command) {
      if (closing) throw closed();
      if (!life) throw lost;
      return life.dispatch(command);
    },
    close() {
      closing ??= Promise.resolve().then(shut);
      return closing;
    },
  };
}

function closed(): TrunklineError {
  return new TrunklineError("closed", "The signalling half has been closed");
}
