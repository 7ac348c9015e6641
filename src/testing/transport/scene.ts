import {
  filter,
  firstValueFrom,
  ignoreElements,
  mergeMap,
  ReplaySubject,
  type Subscription,
  timeout,
} from "rxjs";
import type { EventBatch, RoomEvent, Transport } from "../../streams/contract.ts";
import type { Capability, TestUser, TransportWorld } from "./world.ts";

export interface TransportTest {
  readonly name: string;
  readonly needs: readonly Capability[];
  run(world: TransportWorld): Promise<void>;
}

/** A test that stops what it watched, whatever comes of it. */
export function test(
  name: string,
  body: (scene: Scene) => Promise<void>,
  ...needs: Capability[]
): TransportTest {
  return {
    name,
    needs,
    async run(world) {
      const scene = new Scene(world);
      try {
        await body(scene);
      } finally {
        scene.close();
      }
    },
  };
}

/** A world, and what a test watches in it. */
export class Scene {
  readonly #watches: Watch[] = [];
  readonly world: TransportWorld;

  constructor(world: TransportWorld) {
    this.world = world;
  }

  /** Subscribes to a transport's batches. */
  watch({ transport }: { readonly transport: Transport }): Watch {
    const watch = new Watch(transport, this.world.patience);
    this.#watches.push(watch);
    return watch;
  }

  /** Two users in a room of the first one's. */
  async couple(): Promise<{ alice: TestUser; bob: TestUser; roomId: string }> {
    const [alice, bob] = [await this.world.createUser(), await this.world.createUser()];
    const roomId = await alice.createRoom();
    await alice.invite(roomId, bob.userId);
    await bob.join(roomId);
    return { alice, bob, roomId };
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
  }
}

/** A subscription to `batches$` and `connected$` that remembers what came. */
export class Watch {
  readonly batches: EventBatch[] = [];
  readonly connected: boolean[] = [];
  readonly #batches$ = new ReplaySubject<EventBatch>();
  readonly #connected$ = new ReplaySubject<boolean>();
  readonly #patience: number;
  readonly #subscription: Subscription;

  constructor(transport: Transport, patience: number) {
    this.#patience = patience;
    this.#batches$.subscribe({ next: (batch) => this.batches.push(batch), error: () => {} });
    this.#connected$.subscribe((connected) => this.connected.push(connected));
    this.#subscription = transport.connected$.subscribe(this.#connected$);
    this.#subscription.add(transport.batches$.subscribe(this.#batches$));
  }

  get events(): readonly RoomEvent[] {
    return this.batches.flatMap((batch) => batch.events);
  }

  /** The first batch. */
  first(): Promise<EventBatch> {
    return this.#within(firstValueFrom(this.#batches$.pipe(timeout(this.#patience))), "a first batch");
  }

  /** The batch that holds the event, once it is there. */
  batchWith(eventId: string): Promise<EventBatch> {
    const has = ({ events }: EventBatch) => events.some((event) => event.eventId === eventId);
    return this.batch(has, `event ${eventId}`);
  }

  /** The first batch that `matches`, once it is there. */
  batch(matches: (batch: EventBatch) => boolean, what: string): Promise<EventBatch> {
    const batch$ = this.#batches$.pipe(filter(matches), timeout({ first: this.#patience }));
    return this.#within(firstValueFrom(batch$), what);
  }

  /** The first event that `matches`, once it is there. */
  event(matches: (event: RoomEvent) => boolean, what: string): Promise<RoomEvent> {
    const event$ = this.#batches$.pipe(
      mergeMap(({ events }) => events),
      filter(matches),
      timeout({ first: this.#patience }),
    );
    return this.#within(firstValueFrom(event$), what);
  }

  /** Resolves when `connected$` has gone through all of `states`, in this order. */
  async connection(...states: boolean[]): Promise<void> {
    const gone = () => isSubsequence(states, this.connected);
    const connected$ = this.#connected$.pipe(filter(gone), timeout({ first: this.#patience }));
    await this.#within(firstValueFrom(connected$), `connected$ to go ${states.join(", ")}`);
  }

  /** Rejects with what `batches$` errors with. */
  async end(): Promise<void> {
    await firstValueFrom(this.#batches$.pipe(ignoreElements(), timeout({ first: this.#patience })));
  }

  close(): void {
    this.#subscription.unsubscribe();
  }

  #within<T>(awaited: Promise<T>, what: string): Promise<T> {
    return awaited.catch((cause: unknown) => {
      const seen = this.events.map(({ type, eventId }) => `${type} ${eventId}`).join(", ");
      throw new Error(
        `Waited for ${what}, in vain. Connected: ${this.connected}. Seen: ${seen || "nothing"}`,
        { cause },
      );
    });
  }
}

/** Whether all of `part` occur in `whole`, in that order. */
function isSubsequence<T>(part: readonly T[], whole: readonly T[]): boolean {
  let found = 0;
  for (const value of whole) if (value === part[found]) found += 1;
  return found >= part.length;
}
