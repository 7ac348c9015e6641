import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import { filter, firstValueFrom, map, of, startWith, timeout } from "rxjs";
import { syncsOf } from "./matrix-client-ahead.ts";

/** How long a room may take to come with the sync, in ms: the app may know it from a client of its own. */
const WITHIN = 10_000;

/** Resolves once the client knows that we are in the room, or after a while: then whoever sends finds that it does not. */
export async function whenJoined(client: MatrixClient, roomId: string): Promise<void> {
  await firstValueFrom(
    syncsOf(client).pipe(
      startWith(undefined),
      map(() => client.getRoom(roomId)?.getMyMembership() === "join"),
      filter((isJoined) => isJoined),
      timeout({ first: WITHIN, with: () => of(false) }),
    ),
  );
}
