import { concat, filter, NEVER, type Observable, Subject, takeUntil, timer } from "rxjs";
import { createEngine, type Engine } from "../../src/signaling/engine.ts";
import type { MemoryRooms } from "../../src/signaling/transports/memory.ts";
import type {
  Clock,
  Command,
  Identity,
  Memory,
  Signal,
  SignalingStatus,
  Transport,
} from "../../src/streams/contract.ts";
import { NO_MEMORY, remember } from "../../src/streams/memory.ts";
import type { VirtualClock } from "../../src/testing/clock.ts";

const ONCE = new Set<Command["type"]>(["place", "invite", "answer", "reject", "hangup"]);

/** How long it takes to have another engine, in ms. */
const RESTART = 70;

/**
 * A tab whose engine may be lost at any moment at which something goes in or out of it: a request, its answer, a sync
 * response, a command, the news that it is carried out. The tab then has another one made from what it remembers, and
 * says again what it has no word of.
 */
export class Tab {
  readonly signals: Exclude<Signal, { type: "trace" }>[] = [];
  readonly faults: unknown[] = [];
  /** How many moments there have been. */
  moments = 0;
  status: SignalingStatus["state"] | undefined;
  readonly #rooms: MemoryRooms;
  readonly #clock: VirtualClock;
  readonly #identity: Identity;
  readonly #lostAt: number;
  readonly #random: () => number;
  readonly #waiting = new Map<Command, () => void>();
  #memory: Memory = NO_MEMORY;
  #engine!: Engine;
  #gone = new Subject<void>();

  constructor(options: {
    readonly rooms: MemoryRooms;
    readonly clock: VirtualClock;
    readonly identity: Identity;
    readonly random: () => number;
    /** At which moment the engine is lost. */
    readonly lostAt: number;
  }) {
    this.#rooms = options.rooms;
    this.#clock = options.clock;
    this.#identity = options.identity;
    this.#random = options.random;
    this.#lostAt = options.lostAt;
    this.#start();
  }

  /** Resolves when an engine has carried it out, be it another one. */
  say(command: Command): Promise<void> {
    const done = new Promise<void>((resolve) => this.#waiting.set(command, resolve));
    this.#dispatch(command, command);
    return done;
  }

  count(type: Signal["type"]): number {
    return this.signals.filter((signal) => signal.type === type).length;
  }

  get remembered(): Memory {
    return this.#memory;
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  #start(): void {
    const gone = new Subject<void>();
    this.#gone = gone;
    const { position } = this.#memory;
    const line = this.#rooms.connect(this.#identity, position === undefined ? {} : { since: position });
    this.#engine = createEngine({
      transport: this.#frail(line, gone),
      clock: this.#frailClock(gone),
      random: this.#random,
      memory: structuredClone(this.#memory),
    });
    const until = <T>(stream: Observable<T>) => stream.pipe(takeUntil(gone));
    until(this.#engine.memory$).subscribe((change) => {
      this.#memory = remember(this.#memory, structuredClone(change));
    });
    until(this.#engine.status$).subscribe(({ state }) => {
      this.status = state;
    });
    until(this.#engine.signals$).subscribe((signal) => {
      if (signal.type !== "trace") this.signals.push(signal);
    });
  }

  #repeat(command: Command): void {
    this.#dispatch(command, ONCE.has(command.type) ? ({ ...command, again: true } as Command) : command);
  }

  #dispatch(command: Command, asked: Command): void {
    const gone = this.#gone;
    if (this.#isLost(gone)) return;
    this.#engine.dispatch(asked).then(
      () => {
        if (this.#isLost(gone)) return;
        this.#waiting.get(command)?.();
        this.#waiting.delete(command);
      },
      (error: unknown) => {
        if (!gone.closed) this.faults.push(error);
      },
    );
  }

  /** A moment passes; tells whether the engine is lost, now or before. */
  #isLost(gone: Subject<void>): boolean {
    if (gone.isStopped) return true;
    this.moments += 1;
    if (this.moments !== this.#lostAt) return false;
    gone.next();
    gone.complete();
    timer(RESTART, this.#clock).subscribe(() => {
      this.#start();
      for (const command of this.#waiting.keys()) this.#repeat(command);
    });
    return true;
  }

  /** Time that stands still for an engine that is lost. */
  #frailClock(gone: Subject<void>): Clock {
    const clock = this.#clock;
    const schedule = (...work: Parameters<Clock["schedule"]>) => {
      const action = clock.schedule(...work);
      action.add(gone.subscribe({ complete: () => action.unsubscribe() }));
      return action;
    };
    return { now: () => clock.now(), schedule: schedule as Clock["schedule"] };
  }

  /** A line on which nothing goes in or out any more once the engine is lost. */
  #frail(line: Transport, gone: Subject<void>): Transport {
    const request = async <T>(ask: () => Promise<T>): Promise<T> => {
      const never = new Promise<never>(() => {});
      if (this.#isLost(gone)) return never;
      const answer = await ask();
      return this.#isLost(gone) ? never : answer;
    };
    return {
      batches$: concat(line.batches$.pipe(takeUntil(gone)), NEVER).pipe(filter(() => !this.#isLost(gone))),
      connected$: line.connected$,
      identity: () => line.identity(),
      turnServers: () => line.turnServers(),
      send: (...event) => request(() => line.send(...event)),
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
}
