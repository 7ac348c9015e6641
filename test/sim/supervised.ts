import { ReplaySubject, Subject, takeUntil, timer } from "rxjs";
import { createEngine, type Engine } from "../../src/signaling/engine.ts";
import type {
  Clock,
  Command,
  IceServer,
  Memory,
  Signal,
  SignalingHalf,
  SignalingStatus,
  Transport,
} from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import type { Random } from "../../src/streams/ids.ts";
import { NO_MEMORY, remember } from "../../src/streams/memory.ts";

/** How long it takes to have another engine, in ms. */
const RESTART_MS = 70;

/** An engine that may crash, and the next one that goes on from what it remembered: what a page has with a worker. */
export class SupervisedEngine implements SignalingHalf {
  readonly #signals = new Subject<Signal>();
  readonly #status = new ReplaySubject<SignalingStatus>(1);
  readonly #iceServers = new ReplaySubject<readonly IceServer[]>(1);
  readonly signals$ = this.#signals.asObservable();
  readonly status$ = this.#status.asObservable();
  readonly iceServers$ = this.#iceServers.asObservable();
  readonly #connect: (position: string | undefined, gone: Subject<void>) => Transport;
  readonly #clock: Clock;
  readonly #engineClock: (gone: Subject<void>) => Clock;
  readonly #random: Random;
  #memory: Memory = NO_MEMORY;
  #engine: Engine | undefined;
  #gone = new Subject<void>();
  #closed = false;

  constructor(options: {
    readonly connect: (position: string | undefined, gone: Subject<void>) => Transport;
    readonly clock: Clock;
    readonly engineClock: (gone: Subject<void>) => Clock;
    readonly random: Random;
  }) {
    this.#connect = options.connect;
    this.#clock = options.clock;
    this.#engineClock = options.engineClock;
    this.#random = options.random;
    this.#start();
  }

  /** The engine dies; another begins a moment later. */
  crash(): void {
    if (this.#closed) return;
    this.die();
    this.#status.next({ state: "reconnecting" });
    timer(RESTART_MS, this.#clock).subscribe(() => {
      if (!this.#closed && !this.#engine) this.#start();
    });
  }

  /** The engine dies, and there is no other. */
  die(): void {
    this.#engine = undefined;
    this.#gone.next();
    this.#gone.complete();
  }

  async dispatch(command: Command): Promise<void> {
    const engine = this.#engine;
    if (!engine) throw lost();
    const gone = new Promise<never>((_, reject) => this.#gone.subscribe({ complete: () => reject(lost()) }));
    gone.catch(() => {});
    await Promise.race([engine.dispatch(structuredClone(command)), gone]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const gone = new Promise<void>((resolve) => this.#gone.subscribe({ complete: resolve }));
    await Promise.race([this.#engine?.close(), gone]);
    for (const stream of [this.#signals, this.#status, this.#iceServers]) stream.complete();
  }

  #start(): void {
    const gone = new Subject<void>();
    this.#gone = gone;
    const engine = createEngine({
      transport: this.#connect(this.#memory.position, gone),
      clock: this.#engineClock(gone),
      random: this.#random,
      memory: structuredClone(this.#memory),
    });
    this.#engine = engine;
    engine.memory$.pipe(takeUntil(gone)).subscribe((change) => {
      this.#memory = remember(this.#memory, structuredClone(change));
    });
    engine.status$.pipe(takeUntil(gone)).subscribe((status) => {
      if (status.state !== "starting") this.#status.next(status);
    });
    engine.iceServers$.pipe(takeUntil(gone)).subscribe((servers) => this.#iceServers.next(servers));
    engine.signals$.pipe(takeUntil(gone)).subscribe((signal) => this.#signals.next(structuredClone(signal)));
  }
}

const lost = () => new TrunklineError("worker_lost", "The engine is gone");
