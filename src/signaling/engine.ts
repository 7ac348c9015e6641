import {
  defer,
  firstValueFrom,
  type Observable,
  ReplaySubject,
  race,
  Subject,
  Subscription,
  switchMap,
  timer,
} from "rxjs";
import { aged } from "../streams/aged.ts";
import { BACKOFF_POLICY, backoff, isTransient, nextAttempt$ } from "../streams/backoff.ts";
import { realClock } from "../streams/clock.ts";
import type {
  CallRef,
  Clock,
  EventBatch,
  FinalRequest,
  IceServer,
  Memory,
  MemoryChange,
  RememberedCall,
  Signal,
  SignalingHalf,
  SignalingStatus,
  Transport,
} from "../streams/contract.ts";
import { TrunklineError, toErrorData, toTrunklineError } from "../streams/errors.ts";
import { inForce } from "../streams/ice-servers.ts";
import { type Random, secureRandom } from "../streams/ids.ts";
import { type PolicyOption, readPolicy } from "../streams/policy.ts";
import { isTransport } from "../streams/transport-shape.ts";
import { type Calls, createCalls } from "./calls.ts";
import { checkedTransport } from "./checked-transport.ts";
import { turnServers$ } from "./turn.ts";

/** How long `close()` waits for the homeserver to take the final events of calls, in ms. */
const CLOSE_TIMEOUT_MS = 2_000;

export interface EngineOptions {
  readonly transport: Transport;
  /** Default: real time. */
  readonly clock?: Clock;
  /** Default: unguessable. */
  readonly random?: Random;
  /**
   * What another engine told before it was lost: its calls go on. Give the transport its `position` too, so that
   * nothing is missed. Calls that are not what an engine tells are passed over.
   */
  readonly memory?: Memory;
  /**
   * The calls that the page takes for live: those that are not, once the first batch has been read, end by `system` with
   * `signalling_failed`.
   */
  readonly known?: readonly CallRef[];
  /** When events leave, how long invites ring, and how many calls do. Default `balanced`. */
  readonly policy?: PolicyOption;
}

export interface Engine extends SignalingHalf {
  readonly finalRequests$: Observable<readonly FinalRequest[]>;
  /**
   * Hot: emits what another engine would have to know to go on with the calls, each time it changes, right after the
   * signals that go with it; `remember()` gathers it. Completes when the engine stops.
   */
  readonly memory$: Observable<MemoryChange>;
  /** Takes up calls of another engine that come later than this one began; those that it knows are passed over. */
  adopt(calls: readonly RememberedCall[]): void;
}

/**
 * The signalling half, on this thread: a transport's events in, signals out; commands in, events out. It finds out
 * who we are at once, and syncs from the first subscription to `signals$` on, so that nothing is missed. A homeserver
 * that cannot be reached shows in `status$`, and is tried again; meanwhile `dispatch` rejects with the reason, but waits in
 * an engine that goes on with calls: a hangup of one of them must not be lost. Throws `invalid_option` without a transport,
 * and for a policy that cannot be right. A transport that breaks its contract ends it, with an error that names the member.
 */
export function createEngine(options: EngineOptions): Engine {
  if (!isTransport(options?.transport)) {
    throw new TrunklineError(
      "invalid_option",
      'createEngine: "transport" must be a Transport, such as matrixTransport() makes.',
    );
  }
  return startEngine({ ...options, transport: checkedTransport(options.transport, options.clock) });
}

/** The same over a transport of our own, which is not checked. */
export function startEngine(options: EngineOptions): Engine {
  const { transport, clock = realClock, random = secureRandom, memory: remembered, known } = options;
  const policy = readPolicy(options.policy);
  const signals = new Subject<Signal>();
  const memory = new Subject<MemoryChange>();
  const status = new ReplaySubject<SignalingStatus>(1);
  let now: SignalingStatus = { state: "starting" };
  const iceServers = new ReplaySubject<readonly IceServer[]>(1);
  const life = new Subscription();
  let calls: Promise<Calls>;
  let open: Calls | undefined;
  const opened = new ReplaySubject<Calls>(1);
  /** Emits when the homeserver can be reached again: what waits to be repeated is tried at once. */
  const reconnected = new Subject<void>();
  /** Rejects when the half is closed or cannot go on: for those who wait to know who we are. */
  let giveUp: (error: TrunklineError) => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  ended.catch(() => {});
  /** What came before we knew who we are, and when. */
  const early: { readonly batch: EventBatch; readonly at: number }[] = [];
  const adopted: RememberedCall[] = [];
  /** Whether there are calls of another engine to go on with. */
  const isHeir = () => adopted.length > 0 || Boolean(remembered?.calls.length);
  let syncing = false;
  let closing: Promise<void> | undefined;

  const become = (next: SignalingStatus) => {
    now = next;
    status.next(next);
  };

  const stop = (error?: TrunklineError) => {
    if (now.state === "stopped") return;
    life.unsubscribe();
    giveUp(error ?? closed());
    open?.close();
    opened.complete();
    become({ ...now, state: "stopped", ...(error && { error: toErrorData(error) }) });
    status.complete();
    memory.complete();
    for (const subject of [iceServers, signals]) {
      if (error) subject.error(error);
      else subject.complete();
    }
  };

  const connect = async (failures: number): Promise<Calls> => {
    try {
      const us = await transport.identity();
      if (now.state === "stopped") throw closed();
      open = createCalls({
        us,
        send: transport.send,
        prepareSend: transport.prepareSend,
        delayed: async () => transport.delayed?.(),
        policy,
        clock,
        random,
        emit: (signal) => signals.next(signal),
        memory,
        reconnected$: reconnected,
        remembered: [...(remembered?.calls ?? []), ...adopted],
        known,
      });
      become({ state: now.state, identity: us });
      for (const { batch, at } of early.splice(0)) open.read(aged(batch, clock.now() - at));
      opened.next(open);
      return open;
    } catch (thrown) {
      const error = toTrunklineError(thrown);
      if (now.state === "stopped") throw closed();
      if (isTransient(error)) {
        become({ state: "reconnecting", error: toErrorData(error) });
        const delay = backoff(BACKOFF_POLICY, random, failures, error);
        life.add(nextAttempt$(delay, error, reconnected, clock).subscribe(() => begin(failures + 1)));
      } else stop(error);
      throw error;
    }
  };

  const begin = (failures: number) => {
    calls = connect(failures);
    calls.catch(() => {}); // told by status$, and by each dispatch that awaits it
  };

  /** Waits with reading to know who we are, but not with asking. */
  const sync = () => {
    life.add(
      transport.connected$.subscribe((connected) => {
        if (connected) reconnected.next();
      }),
    );
    life.add(
      opened.pipe(switchMap(() => transport.connected$)).subscribe((connected) => {
        const state = connected ? "online" : now.state === "online" ? "reconnecting" : now.state;
        const { identity } = now;
        if (state !== now.state) become({ state, ...(identity && { identity }) });
      }),
    );
    life.add(
      transport.batches$.subscribe({
        next: (batch) => (open ? open.read(batch) : early.push({ batch, at: clock.now() })),
        error: (thrown) => stop(toTrunklineError(thrown)),
      }),
    );
  };

  /** What another engine left may have to be hung up too, once we know who we are. */
  const hangUpAll = async (): Promise<void> => {
    if (open || isHeir()) await (await firstValueFrom(opened)).hangUpAll();
  };

  const close = async (): Promise<void> => {
    giveUp(closed());
    await firstValueFrom(
      race(
        hangUpAll().catch(() => {}),
        timer(CLOSE_TIMEOUT_MS, clock),
      ),
    );
    stop();
  };

  life.add(
    turnServers$(() => transport.turnServers(), clock, random, reconnected).subscribe((servers) =>
      iceServers.next(servers),
    ),
  );
  begin(0);

  return {
    signals$: defer(() => {
      if (!syncing) {
        syncing = true;
        // After the subscription, so that it sees what the first batch holds.
        queueMicrotask(() => now.state !== "stopped" && sync());
      }
      return signals;
    }),
    status$: status.asObservable(),
    iceServers$: iceServers.pipe(inForce(clock)),
    finalRequests$: opened.pipe(switchMap(({ finalRequests$ }) => finalRequests$)),
    memory$: memory.asObservable(),
    adopt(calls) {
      if (open) open.adopt(calls);
      else adopted.push(...calls);
    },
    async dispatch(command) {
      if (closing || now.state === "stopped") throw closed();
      const whenOpen = isHeir() ? firstValueFrom(opened) : calls;
      await (open ?? (await Promise.race([whenOpen, ended]))).dispatch(command);
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

const closed = () => new TrunklineError("closed", "The signalling half is closed. Make a new one to go on.");
