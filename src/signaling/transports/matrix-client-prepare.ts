import type { ClientEvent, MatrixClient } from "matrix-js-sdk/lib/client.js";
import { distinctUntilChanged, map, Observable } from "rxjs";
import type { Transport } from "../../streams/contract.ts";

/**
 * The request by which the app's client would send an event, while the room is not encrypted: the client encrypts when
 * it sends, and not ahead. It does not say when its access token is renewed: that is looked for at each sync.
 */
export function clientPrepare(client: MatrixClient): NonNullable<Transport["prepareSend"]> {
  return (roomId, type, content, txnId) => {
    const path = ["rooms", roomId, "send", type, txnId].map(encodeURIComponent).join("/");
    const url = `${client.getHomeserverUrl().replace(/\/$/, "")}/_matrix/client/v3/${path}`;
    return tokenFor(client, roomId).pipe(
      map((accessToken) =>
        accessToken === undefined
          ? undefined
          : {
              url,
              method: "PUT",
              headers: { Authorization: `Bearer ${accessToken}`, "Content-Type": "application/json" },
              body: JSON.stringify(content),
            },
      ),
    );
  };
}

/** Emits the token for plaintext in a room; undefined while there is to be none. */
function tokenFor(client: MatrixClient, roomId: string): Observable<string | undefined> {
  return new Observable<string | undefined>((subscriber) => {
    const look = () => {
      const isPlain = client.getRoom(roomId)?.hasEncryptionStateEvent() === false;
      subscriber.next((isPlain && client.getAccessToken()) || undefined);
    };
    look();
    client.on("sync" as ClientEvent.Sync, look);
    return () => client.off("sync" as ClientEvent.Sync, look);
  }).pipe(distinctUntilChanged());
}
