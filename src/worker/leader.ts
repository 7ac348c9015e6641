import {
  BehaviorSubject,
  catchError,
  defer,
  EMPTY,
  filter,
  finalize,
  fromEvent,
  map,
  merge,
  NEVER,
  Observable,
  of,
  race,
  retry,
  Subscription,
  share,
  startWith,
  switchMap,
  take,
  tap,
  throwError,
  timer,
} from "rxjs";
import {
  channelName,
  generationOf,
  makeHub,
  makeLead,
  readToHub,
  readToTab,
  sealToHub,
  sealToTab,
  type ToHub,
  type ToTab,
} from "../streams/channel-frames.ts";
import { realClock } from "../streams/clock.ts";
import type { Clock } from "../streams/contract.ts";
import { opaqueId, secureRandom } from "../streams/ids.ts";
import { ChannelRelay } from "./channel-relay.ts";
import { encryptFor } from "./leader-cipher.ts";
import { hold, hubLock, isStolen, leaderLock } from "./locks.ts";
import type { Connect } from "./shared-endpoint.ts";
import { silence } from "./silence.ts";

/**
 * For how many seconds a worker that leads may be silent before another tab replaces it: longer than its own tab waits
 * for it (see connection.ts), which makes another worker then.
 */
const LEADER_LIMIT = 5;

export interface LeaderOptions {
  /** What the tabs have in common, and no others. */
  readonly name: string;
  /** Names this tab, and the lock that it holds. */
  readonly tab: string;
  readonly accessToken: string;
  readonly makeWorker: () => Worker;
  /** Default: real time. */
  readonly clock?: Clock;
  /** Emits false when this page is about to stand still, and true when it goes on. Default: what the document says. */
  readonly active$?: Observable<boolean>;
}

/**
 * One worker for tabs that cannot share one: one tab leads, which is to have the worker, and the others reach it over a
 * channel. When the worker ends, all connections do; those that come next wait for the tab that leads then, or lead.
 *
 * The tab that leads holds a lock, and lets go of it before its page is frozen. Where its process stands still without
 * warning, its worker does not answer: another tab steals the lock then, and leads with a higher generation.
 */
export class Leadership {
  readonly #options: LeaderOptions;
  readonly #clock: Clock;
  readonly #channel: BroadcastChannel;
  readonly #data$: Observable<unknown>;
  /** What hubs send, but for those that have been replaced. */
  readonly #frames$: Observable<ToTab>;
  readonly #leads = new BehaviorSubject(false);
  readonly #life: Subscription;
  /** The highest generation of which anything has come. */
  #generation = 0;

  constructor(options: LeaderOptions) {
    const { name, clock = realClock, active$ = pageActive$() } = options;
    this.#options = options;
    this.#clock = clock;
    this.#channel = new BroadcastChannel(channelName(name));
    this.#data$ = fromEvent<MessageEvent<unknown>>(this.#channel, "message").pipe(map(({ data }) => data));
    this.#frames$ = this.#data$.pipe(
      map(readToTab),
      filter((frame): frame is ToTab => frame !== undefined && generationOf(frame.hub) >= this.#generation),
      tap(({ hub }) => {
        this.#generation = generationOf(hub);
      }),
      share(),
    );
    // Not shared: it is held from here on.
    this.#life = active$.pipe(switchMap((active) => (active ? this.#campaign() : EMPTY))).subscribe({
      error: (error) => this.#leads.error(error),
    });
  }

  /** Completes never; errors when the hub is lost. */
  readonly connect: Connect = (hello, ports) => {
    const leads$ = this.#leads.pipe(
      filter((leads) => leads),
      map(() => this.#lead(hello, ports)),
    );
    const follows$ = this.#found().pipe(map((leading) => this.#follow(leading, hello, ports)));
    const connection$ = race(leads$, follows$).pipe(
      take(1),
      switchMap((connection) => connection),
    );
    return new Observable((subscriber) => {
      const connection = connection$.subscribe(subscriber);
      this.#life.add(connection);
      return connection;
    });
  };

  /** Lets another tab lead. */
  close(): void {
    this.#life.unsubscribe();
    this.#channel.close();
  }

  /** Leads once nobody else does, or once the one that does is silent; begins again when the lead is taken away. */
  #campaign(): Observable<void> {
    const lock = leaderLock(this.#options.name);
    const silent$ = defer(() =>
      silence({
        ask: () => this.#send({ kind: "seek" }),
        alive$: this.#frames$,
        limit: () => LEADER_LIMIT,
        clock: this.#clock,
      }),
    );
    return race(hold(lock), silent$.pipe(switchMap(() => hold(lock, true)))).pipe(
      tap(() => this.#leads.next(true)),
      finalize(() => this.#leads.next(false)),
      retry({ delay: (error) => (isStolen(error) ? timer(0, this.#clock) : throwError(() => error)) }),
    );
  }

  /** Emits the hub of a tab that leads, once there is one. */
  #found(): Observable<Leading> {
    return new Observable((subscriber) => {
      const finding = this.#frames$.subscribe((frame) => {
        if (frame.kind === "leading") subscriber.next(frame);
      });
      this.#send({ kind: "seek" });
      return finding;
    });
  }

  /** The worker lives for as long as this tab is connected to it, and leads. */
  #lead(hello: object, ports: readonly MessagePort[]): Observable<never> {
    const { name, accessToken, makeWorker } = this.#options;
    return new Observable((subscriber) => {
      this.#generation = Math.max(Math.floor(this.#clock.now()), this.#generation + 1);
      const hub = makeHub(this.#generation, opaqueId(secureRandom));
      const starting = () => this.#channel.postMessage(sealToTab({ kind: "starting", hub }));
      const worker = makeWorker();
      const life = new Subscription(() => worker.terminate());
      life.add(fromEvent(worker, "error").subscribe((event) => subscriber.error(event)));
      life.add(this.#leads.pipe(filter((leads) => !leads)).subscribe(() => subscriber.error(replaced())));
      const seeks = this.#data$.subscribe((data) => readToHub(data)?.kind === "seek" && starting());
      life.add(seeks);
      life.add(
        fromEvent<MessageEvent>(worker, "message").subscribe(({ data }) => {
          if (readToTab(data)?.kind !== "leading") return;
          // From here on the worker answers: this page may be busy, or stand still.
          seeks.unsubscribe();
          life.add(this.#lossOf(hub).subscribe(subscriber));
          worker.postMessage(hello, [...ports]);
        }),
      );
      starting();
      worker.postMessage(makeLead({ hub, name, accessToken }));
      return life;
    });
  }

  #follow({ hub, key }: Leading, hello: object, ports: readonly MessagePort[]): Observable<never> {
    const { tab, accessToken } = this.#options;
    const connection = opaqueId(secureRandom);

    const connected$ = (token: unknown) =>
      new Observable<never>((subscriber) => {
        const relay = new ChannelRelay((port, packed) =>
          this.#send({ kind: "post", hub, connection, port, ...packed }),
        );
        const packed = relay.pack({ ...hello }, ports);
        this.#send({
          kind: "open",
          hub,
          connection,
          tab,
          ports: packed.ports,
          hello: packed.data as object,
          token,
        });
        relay.add(
          this.#frames$.subscribe((frame) => {
            if (frame.kind === "post" && frame.connection === connection && frame.hub === hub)
              relay.deliver(frame.port, frame);
            // Another hub takes the place of this one, which may not know it.
            if (frame.hub !== hub) subscriber.error(replaced());
          }),
        );
        relay.add(this.#leads.pipe(filter((leads) => leads)).subscribe(() => subscriber.error(replaced())));
        relay.add(this.#lossOf(hub).subscribe(subscriber));
        relay.add(() => this.#send({ kind: "shut", hub, connection }));
        return relay;
      });
    // A hub without a key keeps to its own token.
    const token$ = defer(() => encryptFor(accessToken, key as Uint8Array<ArrayBuffer>)).pipe(
      catchError(() => of(undefined)),
    );
    return token$.pipe(switchMap(connected$));
  }

  #send(frame: ToHub): void {
    this.#channel.postMessage(sealToHub(frame));
  }

  /** Errors when the worker of a hub has ended, however it ended. */
  #lossOf(hub: string): Observable<never> {
    return hold(hubLock(this.#options.name, hub)).pipe(
      map(() => {
        throw new Error("the tab that led has gone, or its worker has ended");
      }),
    );
  }
}

type Leading = Extract<ToTab, { kind: "leading" }>;

const replaced = () => new Error("another tab leads");

/** The document's lifecycle: a page that is frozen keeps its locks, and its worker stands still with it. */
function pageActive$(): Observable<boolean> {
  const page = globalThis.document as Document | undefined;
  const changes$ = page
    ? merge(fromEvent(page, "freeze").pipe(map(() => false)), fromEvent(page, "resume").pipe(map(() => true)))
    : NEVER;
  return changes$.pipe(startWith(true));
}
