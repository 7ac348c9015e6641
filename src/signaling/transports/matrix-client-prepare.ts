import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import {
  catchError,
  combineLatest,
  defer,
  distinctUntilChanged,
  map,
  type Observable,
  of,
  retry,
  startWith,
  switchMap,
  take,
  throwError,
} from "rxjs";
import { isTransient } from "../../streams/backoff.ts";
import type { Transport } from "../../streams/contract.ts";
import { encryptAhead, type Sendable, syncsOf } from "./matrix-client-ahead.ts";

/**
 * The request by which the app's client would send an event, encrypted ahead where the room is encrypted. The client
 * does not say when its access token is renewed: that is looked for at each sync.
 */
export function clientPrepare(client: MatrixClient): NonNullable<Transport["prepareSend"]> {
  return (roomId, type, content, txnId) => {
    const request = (accessToken: string, event: Sendable) => {
      const path = ["rooms", roomId, "send", event.type, txnId].map(encodeURIComponent).join("/");
      return {
        url: `${client.getHomeserverUrl().replace(/\/$/, "")}/_matrix/client/v3/${path}`,
        method: "PUT",
        headers: { Authorization: `Bearer ${accessToken}`, "Content-Type": "application/json" },
        body: JSON.stringify(event.content),
      };
    };
    return combineLatest([
      atEachSync(client, () => client.getAccessToken()),
      sendable(client, roomId, { type, content }),
    ]).pipe(
      map(([accessToken, event]) => (accessToken && event ? request(accessToken, event) : undefined)),
      distinctUntilChanged(),
    );
  };
}

/** Emits the event as it is to be sent; undefined while it cannot be, such as in a room that is not known. */
function sendable(client: MatrixClient, roomId: string, event: Sendable): Observable<Sendable | undefined> {
  const delay = (error: unknown) =>
    isTransient(error) ? syncsOf(client).pipe(take(1)) : throwError(() => error);
  const encrypted$ = defer(() => encryptAhead(client, roomId, event)).pipe(
    retry({ delay }),
    catchError(() => of(undefined)),
    startWith(undefined),
  );
  return atEachSync(client, () => client.getRoom(roomId)?.hasEncryptionStateEvent()).pipe(
    switchMap((isEncrypted) => (isEncrypted ? encrypted$ : of(isEncrypted === false ? event : undefined))),
  );
}

/** Emits what is read of the client on subscription, then each change that a sync brings. */
const atEachSync = <T>(client: MatrixClient, read: () => T): Observable<T> =>
  syncsOf(client).pipe(startWith(undefined), map(read), distinctUntilChanged());
