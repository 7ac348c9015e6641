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
import type { CallRef, Clock, Memory, MemoryChange, SignalingHalf } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { inForce } from "../streams/ice-servers.ts";
import { secureRandom } from "../streams/ids.ts";
import { NO_MEMORY, remember } from "../streams/memory.ts";
import { pageHide$, pageShow$ } from "../streams/page-visits.ts";
import type { WorkerEndpoint } from "./endpoint.ts";
import { KnownCalls } from "./known-calls.ts";
import { beginLife, type Life } from "./life.ts";
import { Outlets } from "./outlets.ts";
import { endOnPageHide } from "./page-close.ts";

/** An engine hangs up its calls within 2 s, then closes; a worker that takes longer is not waited for. */
const CLOSE_LIMIT = 3_000;

/** When a worker is made anew: soon, for live calls wait for it. */
const RESTART: BackoffPolicy = { first: 250, max: 30_000, factor: 2, jitter: 0.5 };
/** How often one that has never started is made anew: what is wrong with it will hardly pass by itself. */
const RESTARTS = 4;
/** A worker that lived for longer, in ms, was well: the next delay is the first again. */
const WELL = 60_000;

/** What is on this side of the port for an engine to use. */
export interface PageSide {
  /** What it may call. */
  readonly exposed: object;
  /** For how many seconds the worker may be silent before it counts as gone; 5 where absent. */
  readonly lifeLimit?: number;
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
 *
 * A page that the browser keeps for a return (its back/forward cache) ends its worker, as if that had died, and makes
 * another when it is shown again. A worker that was given as such is left alone.
 */
export function remoteSignaling(
  worker: WorkerEndpoint | (() => WorkerEndpoint),
  start: unknown,
  clock: Clock = realClock,
  page?: PageSide,
): SignalingHalf {
  const outlets = new Outlets();
  const receipts = {};
  const known = new KnownCalls();
  const visits = new Subscription();
  /** The browser keeps the page for a return: until then there is to be no engine. */
  let hidden = false;
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
      ...{ worker, start, outlets, receipts, reading, clock, onMemory, exposed: page?.exposed },
      lifeLimit: page?.lifeLimit,
      memory: everStarted ? memory : undefined,
      known: () => known.list,
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
    const again = typeof worker === "function" && (hidden || everStarted || failures < RESTARTS);
    if (!passing || !again || closing || outlets.stopped) return outlets.finish(error);
    outlets.reconnect(error);
    if (hidden) return;
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

  const hide = () => {
    if (typeof worker !== "function" || closing || outlets.stopped) return;
    hidden = true;
    pause.unsubscribe();
    life?.end(
      new TrunklineError("worker_lost", "The page was left: the engine goes on when it is shown again"),
    );
  };

  const show = () => {
    if (hidden && !closing) begin();
    hidden = false;
  };

  /** The peer has the hangup from the page: no engine is to go on with the call. */
  const endHere = (call: CallRef) => {
    memory = remember(memory, { type: "call", ...call });
    life?.dispatch({ ...call, type: "hangup", reason: "user_hangup" }).catch(() => {});
    outlets.signals.next({ ...call, type: "ended", end: { by: "us", reason: "user_hangup" } });
  };

  visits.add(outlets.signals.subscribe({ next: (signal) => known.observe(signal), error: () => {} }));
  // Before the engine is ended.
  visits.add(endOnPageHide({ finalRequests$: outlets.finalRequests }, endHere));
  // A page without locks, requests and workers may be kept, and its sync must not run while it is.
  visits.add(pageHide$.subscribe((kept) => kept && hide()));
  visits.add(pageShow$.subscribe((kept) => kept && show()));
  outlets.status.subscribe({
    complete: () => {
      visits.unsubscribe();
      page?.close?.();
    },
  });
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
    finalRequests$: outlets.finalRequests.asObservable(),
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
