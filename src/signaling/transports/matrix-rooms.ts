import { TrunklineError } from "../../streams/errors.ts";
import { errcodeOf, isRefusedAccess } from "./matrix-codes.ts";
import type { Http } from "./matrix-http.ts";
import { own, type SyncAnswer } from "./matrix-parse.ts";

/** What a transport that cannot encrypt must know of rooms before it sends to them. */
export class MatrixRooms {
  readonly #encrypted = new Map<string, boolean>();
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Takes what a sync tells. Encryption, once on, stays on. */
  learn({ joined, events }: SyncAnswer): void {
    for (const roomId of joined) {
      if (!this.#encrypted.has(roomId)) this.#encrypted.set(roomId, false);
    }
    for (const { roomId, type, stateKey } of events) {
      if (type === "m.room.encryption" && stateKey === "") this.#encrypted.set(roomId, true);
    }
  }

  /** Rejects with `room_encrypted` (P42). Asks the homeserver about a room that no sync has told of. */
  async refuseEncrypted(roomId: string): Promise<void> {
    const encrypted = this.#encrypted.get(roomId) ?? (await this.#askEncrypted(roomId));
    if (!encrypted) return;
    throw new TrunklineError(
      "room_encrypted",
      `Room ${roomId} is encrypted, and this transport cannot encrypt: the call would be readable, and a peer drops it. Place calls there through the app's own Matrix client`,
    );
  }

  async #askEncrypted(roomId: string): Promise<boolean> {
    try {
      await this.#state(roomId, "m.room.encryption", "");
      this.#encrypted.set(roomId, true);
      return true;
    } catch (error) {
      const errcode = errcodeOf(error);
      if (errcode === "M_NOT_FOUND") this.#encrypted.set(roomId, false);
      else if (errcode !== "M_FORBIDDEN") throw error; // a refusal means that sending will be refused, too
      return false;
    }
  }

  /** Whether we are in a room, as far as the homeserver will say. Rejects where it does not get to that. */
  async isJoined(roomId: string, userId: string): Promise<boolean> {
    try {
      return own(await this.#state(roomId, "m.room.member", userId), "membership") === "join";
    } catch (error) {
      if (isRefusedAccess(error)) return false;
      throw error;
    }
  }

  #state(roomId: string, type: string, stateKey: string): Promise<unknown> {
    const path = `/rooms/${encodeURIComponent(roomId)}/state/${type}/${encodeURIComponent(stateKey)}`;
    return this.#http.ask({ method: "GET", path });
  }
}
