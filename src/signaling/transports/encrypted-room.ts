import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import { filter, firstValueFrom, map, of, startWith, timeout } from "rxjs";
import type { Clock } from "../../streams/contract.ts";
import { TrunklineError } from "../../streams/errors.ts";
import { syncsOf } from "./matrix-client-ahead.ts";
import type { Http } from "./matrix-http.ts";
import { MatrixRooms } from "./matrix-rooms.ts";

/** How long a room may take to come with the sync as it is, in ms: the app may know it from a client of its own. */
const WITHIN = 10_000;

/**
 * Makes sure, before anything leaves for a room, that the client knows it, and knows whether it is encrypted (P42). A room
 * may be encrypted since the last sync: of one that seems not to be, the homeserver is asked, once. Rejects as that request
 * does, or with `homeserver_unreachable` where the sync does not bring the encryption; where it does not bring the room,
 * whoever sends finds that out.
 */
export function roomGate(client: MatrixClient, http: Http, clock: Clock): (roomId: string) => Promise<void> {
  const rooms = new MatrixRooms(http);
  const becomes = (isTrue: () => boolean) =>
    firstValueFrom(
      syncsOf(client).pipe(
        startWith(undefined),
        map(isTrue),
        filter((is) => is),
        timeout({ first: WITHIN, scheduler: clock, with: () => of(false) }),
      ),
    );

  return async (roomId) => {
    const isEncrypted = () => client.getRoom(roomId)?.hasEncryptionStateEvent() === true;
    const isJoined = await becomes(() => client.getRoom(roomId)?.getMyMembership() === "join");
    if (!isJoined || isEncrypted()) return;
    try {
      await rooms.refuseEncrypted(roomId);
    } catch (error) {
      if (!(error instanceof TrunklineError) || error.code !== "room_encrypted") throw error;
      if (!(await becomes(isEncrypted))) throw notYet(roomId, error);
    }
  };
}

const notYet = (roomId: string, cause: TrunklineError) =>
  new TrunklineError(
    "homeserver_unreachable",
    `Room ${roomId} is encrypted, which the sync has not brought yet: nothing is sent in plaintext`,
    { cause },
  );
