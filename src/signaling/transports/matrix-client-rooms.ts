import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import type { EventBatch, RoomEvent } from "../../streams/contract.ts";
import { toRoomEvent } from "./matrix-client-arrived.ts";

export type RoomNews = Pick<EventBatch, "events"> & { readonly members: NonNullable<EventBatch["members"]> };

/**
 * The rooms that calls were seen in. Only of these is the state told, with the first call event at the latest: an
 * app may be in thousands of others.
 */
export class ClientRooms {
  readonly #client: MatrixClient;
  /** How many members each was last told to have; undefined where its state is still to be told. */
  readonly #told = new Map<string, number | undefined>();

  constructor(client: MatrixClient) {
    this.#client = client;
  }

  follow(roomId: string): void {
    if (!this.#told.has(roomId)) this.#told.set(roomId, undefined);
  }

  follows(roomId: string): boolean {
    return this.#told.has(roomId);
  }

  /** Somebody new listens, who knows nothing of them. */
  startOver(): void {
    for (const roomId of this.#told.keys()) this.#told.set(roomId, undefined);
  }

  /** What was not told yet: the state of rooms that are new here, and how many members rooms have by now (P13). */
  async news(): Promise<RoomNews> {
    const events: RoomEvent[] = [];
    const members: { roomId: string; joined: number }[] = [];
    for (const [roomId, told] of this.#told) {
      if (told === undefined) events.push(...(await this.#stateOf(roomId)));
      const joined = this.#client.getRoom(roomId)?.getJoinedMemberCount();
      if (joined === undefined || joined === told) continue;
      this.#told.set(roomId, joined);
      members.push({ roomId, joined });
    }
    return { events, members };
  }

  async #stateOf(roomId: string): Promise<RoomEvent[]> {
    const state = this.#client.getRoom(roomId)?.currentState;
    const [rule, encryption] = ["m.room.join_rules", "m.room.encryption"].map((type) => {
      const event = state?.getStateEvents(type, "");
      return event ? toRoomEvent(event) : undefined;
    });
    const encrypted = encryption ?? (await this.#onceEncrypted(roomId));
    return [rule, encrypted].filter((event) => event !== undefined);
  }

  /** Encryption, once on, stays on (P42): the crypto remembers it where a homeserver says it no more. */
  async #onceEncrypted(roomId: string): Promise<RoomEvent | undefined> {
    const known = this.#client.getCrypto()?.isEncryptionEnabledInRoom(roomId);
    if (!(await known?.catch(() => false))) return undefined;
    const eventId = "m.room.encryption";
    return { roomId, eventId, sender: "", type: eventId, stateKey: "", content: {}, encrypted: false };
  }
}
