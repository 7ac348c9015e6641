import { fromEvent, map, Observable, ReplaySubject, race, Subscription, switchMap, take } from "rxjs";
import { makeLead, readToTab, sealToHub, type ToHub, type ToTab } from "../streams/channel-frames.ts";
import { ChannelRelay } from "../streams/channel-relay.ts";
import { opaqueId, secureRandom } from "../streams/ids.ts";
import { named } from "../streams/protocol.ts";
import { hold, hubLock } from "./locks.ts";
import type { Connect } from "./shared-endpoint.ts";

export interface LeaderOptions {
  /** What the tabs have in common, and no others. */
  readonly name: string;
  /** Names this tab, and the lock that it holds. */
  readonly tab: string;
  readonly accessToken: string;
  readonly makeWorker: () => Worker;
}

/**
 * One worker for tabs that cannot share one: one tab leads, which is to have the worker, and the others reach it over a
 * channel. When the worker ends, all connections do; those that come next wait for the tab that leads then, or lead.
 */
export class Leadership {
  readonly #options: LeaderOptions;
  readonly #channel: BroadcastChannel;
  readonly #frames$: Observable<ToTab | undefined>;
  readonly #leads = new ReplaySubject<void>(1);
  readonly #life: Subscription;

  constructor(options: LeaderOptions) {
    const { name } = options;
    this.#options = options;
    this.#channel = new BroadcastChannel(named(`channel ${name}`));
    this.#frames$ = fromEvent<MessageEvent>(this.#channel, "message").pipe(
      map(({ data }) => readToTab(data)),
    );
    // Not shared: it is held from here on.
    this.#life = hold(named(`leader ${name}`)).subscribe(this.#leads);
  }

  /** Completes never; errors when the hub is lost. */
  readonly connect: Connect = (hello, ports) => {
    const leads$ = this.#leads.pipe(map(() => this.#lead(hello, ports)));
    const follows$ = this.#found().pipe(map((hub) => this.#follow(hub, hello, ports)));
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

  /** Emits the hub of a tab that leads, once there is one. */
  #found(): Observable<string> {
    return new Observable((subscriber) => {
      const finding = this.#frames$.subscribe((frame) => {
        if (frame?.kind === "leading") subscriber.next(frame.hub);
      });
      this.#say({ kind: "seek" });
      return finding;
    });
  }

  /** The worker lives for as long as this tab is connected to it. */
  #lead(hello: object, ports: readonly MessagePort[]): Observable<never> {
    const { accessToken, makeWorker } = this.#options;
    return new Observable((subscriber) => {
      const hub = opaqueId(secureRandom);
      const worker = makeWorker();
      const life = new Subscription(() => worker.terminate());
      life.add(fromEvent(worker, "error").subscribe((event) => subscriber.error(event)));
      life.add(
        fromEvent<MessageEvent>(worker, "message").subscribe(({ data }) => {
          if (readToTab(data)?.kind !== "leading") return;
          life.add(lossOf(hub).subscribe(subscriber));
          worker.postMessage(hello, [...ports]);
        }),
      );
      worker.postMessage(makeLead({ hub, channel: this.#channel.name, accessToken }));
      return life;
    });
  }

  #follow(hub: string, hello: object, ports: readonly MessagePort[]): Observable<never> {
    const { tab } = this.#options;
    const isPort = (value: unknown): value is MessagePort => ports.some((port) => port === value);
    const entries = Object.entries<unknown>({ ...hello });
    const named = new Map(entries.flatMap(([key, value]) => (isPort(value) ? [[key, value]] : [])));
    const rest = Object.fromEntries(entries.filter(([key]) => !named.has(key)));
    return new Observable((subscriber) => {
      const connection = opaqueId(secureRandom);
      this.#say({ kind: "open", hub, connection, tab, ports: [...named.keys()], hello: rest });
      const relay = new ChannelRelay(named, (port, data) =>
        this.#say({ kind: "post", hub, connection, port, data }),
      );
      relay.add(
        this.#frames$.subscribe((frame) => {
          if (frame?.kind === "post" && frame.connection === connection && frame.hub === hub)
            relay.deliver(frame.port, frame.data);
        }),
      );
      relay.add(lossOf(hub).subscribe(subscriber));
      relay.add(() => this.#say({ kind: "shut", hub, connection }));
      return relay;
    });
  }

  #say(frame: ToHub): void {
    this.#channel.postMessage(sealToHub(frame));
  }
}

/** Errors when the worker of a hub has ended, however it ended. */
const lossOf = (hub: string): Observable<never> =>
  hold(hubLock(hub)).pipe(
    map(() => {
      throw new Error("the tab that led has gone, or its worker has ended");
    }),
  );
