import { concat, filter, map, NEVER, type Subject, takeUntil } from "rxjs";
import type { MemoryTransport } from "../../src/signaling/transports/memory.ts";
import type { Clock, RoomEvent, Transport } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import type { Chance } from "./chance.ts";

/** How a device's requests fare at the moment. */
export interface Conditions {
  /** How likely a send is refused, or stored and its response lost. */
  refused: number;
  lost: number;
}

/** Ten events in a burst, then one in five seconds: what Synapse allows a user by default (P30). */
export class EventBudget {
  static readonly BURST = 10;
  static readonly REFILL_MS = 5_000;
  readonly #clock: Clock;
  #left = EventBudget.BURST;
  #at = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes one event; otherwise the ms to wait for it. */
  take(): number {
    const now = this.#clock.now();
    this.#left = Math.min(EventBudget.BURST, this.#left + (now - this.#at) / EventBudget.REFILL_MS);
    this.#at = now;
    if (this.#left < 1) return Math.ceil((1 - this.#left) * EventBudget.REFILL_MS);
    this.#left -= 1;
    return 0;
  }
}

/** A send as the homeserver got it, for the first time. */
export interface Attempt {
  readonly device: string;
  readonly at: number;
  readonly type: string;
  readonly callId: string;
}

interface NetworkOptions {
  readonly line: MemoryTransport;
  readonly device: string;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly budget: EventBudget | undefined;
  readonly conditions: Conditions;
  /** The transactions that the device has tried. */
  readonly tried: Set<string>;
  /** Completes when the process at this end is gone: nothing goes in or out any more. */
  readonly gone: Subject<void>;
  readonly onAttempt: (attempt: Attempt) => void;
  readonly onEvent: (event: RoomEvent) => void;
}

/** A line to the homeserver on which things go wrong. */
export function unreliable(options: NetworkOptions): Transport {
  const { line, device, clock, chance, budget, conditions, tried, gone, onAttempt, onEvent } = options;
  const never = new Promise<never>(() => {});

  const request = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (gone.isStopped) return never;
    const settled = ask();
    try {
      const answer = await settled;
      return gone.isStopped ? never : answer;
    } catch (error) {
      if (gone.isStopped) return never;
      throw error;
    }
  };

  const send: Transport["send"] = async (roomId, type, content, txnId) => {
    if (!tried.has(txnId) && !gone.isStopped) {
      tried.add(txnId);
      const { call_id } = content as { readonly call_id?: unknown };
      onAttempt({ device, at: clock.now(), type, callId: String(call_id) });
    }
    const wait = budget?.take() ?? 0;
    if (wait > 0) throw new TrunklineError("rate_limited", "Too many events", { retryAfter: wait });
    if (chance.happens(conditions.refused)) throw new TrunklineError("server_error", "Bad gateway");
    const stored = await line.send(roomId, type, content, txnId);
    if (chance.happens(conditions.lost))
      throw new TrunklineError("homeserver_unreachable", "The response was lost");
    return stored;
  };

  return {
    batches$: concat(line.batches$.pipe(takeUntil(gone)), NEVER).pipe(
      filter(() => !gone.isStopped),
      map((batch) => {
        for (const event of batch.events) onEvent(event);
        return batch;
      }),
    ),
    connected$: line.connected$.pipe(takeUntil(gone)),
    identity: () => request(() => line.identity()),
    turnServers: () => request(() => line.turnServers()),
    send: (...event) => request(() => send(...event)),
    async delayed() {
      const events = await line.delayed?.();
      return (
        events && {
          schedule: (...event) => request(() => events.schedule(...event)),
          restart: (id) => request(() => events.restart(id)),
          cancel: (id) => request(() => events.cancel(id)),
        }
      );
    },
  };
}

/** Time that stands still for a process that is gone. */
export function clockUntil(clock: Clock, gone: Subject<void>): Clock {
  const schedule = (...work: Parameters<Clock["schedule"]>) => {
    const action = clock.schedule(...work);
    action.add(gone.subscribe({ complete: () => action.unsubscribe() }));
    return action;
  };
  return { now: () => clock.now(), schedule: schedule as Clock["schedule"] };
}
