import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import type { MatrixEvent } from "matrix-js-sdk/lib/models/event.js";
import type { Clock, EventBatch, RoomEvent } from "../../streams/contract.ts";
import {
  type Arrived,
  ageAt,
  isCall,
  isReadable,
  isState,
  isYoung,
  LONGEST_LIFETIME,
  toRoomEvent,
} from "./matrix-client-arrived.ts";
import type { ClientRooms } from "./matrix-client-rooms.ts";

/** What one sync brought, and what it left out. */
export interface Round {
  readonly live: boolean;
  readonly arrived: readonly Arrived[];
  readonly missed: readonly Promise<readonly Arrived[]>[];
}

/** How many events are kept whose keys have not come (P44). */
const MAX_WAITING = 500;

/** Makes batches of what the client syncs: decrypts it, keeps what calls need, and remembers what is still locked. */
export class ClientReader {
  readonly #client: MatrixClient;
  readonly #clock: Clock;
  readonly #rooms: ClientRooms;
  /** By id, in the order in which they came. */
  readonly #waiting = new Map<string, Arrived>();
  /** When which events were told. */
  readonly #told = new Map<string, number>();

  constructor(client: MatrixClient, clock: Clock, rooms: ClientRooms) {
    this.#client = client;
    this.#clock = clock;
    this.#rooms = rooms;
  }

  /** Never rejects. */
  async read({ live, arrived, missed }: Round): Promise<EventBatch> {
    const all = [...(await Promise.all(missed)).flat(), ...arrived].filter((one) =>
      this.#isWorthReading(one),
    );
    // Settled, for a listener of the app's may throw when it hears of a decryption.
    await Promise.allSettled(all.map(({ event }) => this.#client.decryptEventIfNeeded(event)));
    const now = this.#clock.now();
    this.#forget(now);
    for (const { event } of all) if (isCall(event)) this.#rooms.follow(event.getRoomId() ?? "");
    const events = all.flatMap((one) => this.#open(one, now));
    const { events: state, members } = await this.#rooms.news();
    return { live, events: [...state, ...events], ...(members.length > 0 && { members }) };
  }

  /** Whether it was waited for: then it and all that its key has opened are to be read again. */
  takeDecrypted(event: MatrixEvent): readonly Arrived[] {
    if (!this.#waiting.has(event.getId() ?? "") || !isReadable(event)) return [];
    const opened = [...this.#waiting].filter(
      ([, { event: waiting }]) => waiting.isBeingDecrypted() || isReadable(waiting),
    );
    for (const [id] of opened) this.#waiting.delete(id);
    return opened.map(([, arrived]) => arrived);
  }

  /** To decrypt what can be of no use would hold up the rest. */
  #isWorthReading(arrived: Arrived): boolean {
    const { event } = arrived;
    return isReadable(event) || isYoung(arrived, this.#clock.now()) || this.#follows(event);
  }

  #open(arrived: Arrived, now: number): RoomEvent[] {
    const { event } = arrived;
    const id = event.getId() ?? "";
    if (!isReadable(event)) this.#waiting.set(id, arrived);
    if (this.#told.has(id) || !(isCall(event) || (isState(event) && this.#follows(event)))) return [];
    const opened = toRoomEvent(event, ageAt(arrived, now));
    if (!opened) return [];
    this.#told.set(id, now);
    return [opened];
  }

  #follows(event: MatrixEvent): boolean {
    return this.#rooms.follows(event.getRoomId() ?? "");
  }

  #forget(now: number): void {
    for (const [id, waiting] of this.#waiting) {
      if (isYoung(waiting, now) && this.#waiting.size <= MAX_WAITING) continue;
      this.#waiting.delete(id);
    }
    for (const [id, at] of this.#told) {
      if (now - at < LONGEST_LIFETIME) return;
      this.#told.delete(id);
    }
  }
}
