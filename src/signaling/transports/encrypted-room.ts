import type { ClientEvent, MatrixClient } from "matrix-js-sdk/lib/client.js";
import { filter, firstValueFrom, map, Observable, of, startWith, timeout } from "rxjs";

/** How long a room may take to come with the sync, in ms: the app may know it from a client of its own. */
const WITHIN = 10_000;

/** Resolves once the client knows that we are in the room, or after a while: then whoever sends finds that it does not. */
export async function whenJoined(client: MatrixClient, roomId: string): Promise<void> {
  const syncs$ = new Observable<void>((subscriber) => {
    const emit = () => subscriber.next();
    client.on("sync" as ClientEvent.Sync, emit);
    return () => client.off("sync" as ClientEvent.Sync, emit);
  });
  await firstValueFrom(
    syncs$.pipe(
      startWith(undefined),
      map(() => client.getRoom(roomId)?.getMyMembership() === "join"),
      filter((isJoined) => isJoined),
      timeout({ first: WITHIN, with: () => of(false) }),
    ),
  );
}
