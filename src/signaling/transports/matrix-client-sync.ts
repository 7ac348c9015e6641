import type { ClientEvent, MatrixClient } from "matrix-js-sdk/lib/client.js";
import type { HttpApiEvent } from "matrix-js-sdk/lib/http-api/interface.js";
import type { MatrixEvent, MatrixEventEvent } from "matrix-js-sdk/lib/models/event.js";
import type { EventTimelineSet } from "matrix-js-sdk/lib/models/event-timeline-set.js";
import type { Room, RoomEvent } from "matrix-js-sdk/lib/models/room.js";
import type { ISyncStateData, SyncState } from "matrix-js-sdk/lib/sync.js";
import { concatMap, Observable, Subject } from "rxjs";
import type { Clock, EventBatch } from "../../streams/contract.ts";
import { TrunklineError } from "../../streams/errors.ts";
import {
  type Arrived,
  arrivedEarlier,
  arrivedNow,
  isCall,
  isState,
  isYoung,
} from "./matrix-client-arrived.ts";
import { loggedOut } from "./matrix-client-errors.ts";
import { missedEvents } from "./matrix-client-gap.ts";
import { ClientReader, type Round } from "./matrix-client-reader.ts";
import type { ClientRooms } from "./matrix-client-rooms.ts";
import { errcodeOf } from "./matrix-codes.ts";

export interface ClientSyncOptions {
  readonly client: MatrixClient;
  readonly clock: Clock;
  readonly rooms: ClientRooms;
  /** Told whether each sync got through. */
  readonly onConnected: (connected: boolean) => void;
}

/**
 * One batch for each sync of the client's, from the next one on, or at once where it has synced before; the first is
 * what its timelines hold that may still ring (P10). Events whose keys come late make a batch when they do. Errors
 * with `unknown_token` or, where the client is stopped, `wrong_state`.
 */
export function clientSync({ client, clock, rooms, onConnected }: ClientSyncOptions): Observable<EventBatch> {
  return new Observable((subscriber) => {
    const reader = new ClientReader(client, clock, rooms);
    const rounds = new Subject<Round>();
    let arriving: Arrived[] = [];
    let late: readonly Arrived[] = [];
    let cut: Room[] = [];
    /** Where the sync was when its last answer had been processed; undefined before the first. */
    let place: string | null | undefined;

    const onEvent = (event: MatrixEvent) => {
      if (event.isEncrypted() || isCall(event) || isState(event))
        arriving.push(arrivedNow(event, clock.now()));
    };
    const onReset = (room: Room | undefined, timelines: EventTimelineSet) => {
      if (room && timelines === room.getUnfilteredTimelineSet()) cut.push(room);
    };
    const onDecrypted = (event: MatrixEvent) => {
      late = [...late, ...reader.takeDecrypted(event)];
      // A key comes with a sync, which may hold the call's hangup too: it is read to its end first (P9).
      if (late.length > 0 && client.store.getSyncToken() === place) tell();
    };

    const tell = () => {
      const [arrived, rooms] = [[...late, ...arriving], cut];
      [late, arriving, cut] = [[], [], []];
      rounds.next({ live: true, arrived, missed: rooms.map((room) => missedEvents(client, room, clock)) });
    };
    const begin = () => {
      rounds.next({ live: false, arrived: history(client, clock.now()), missed: [] });
      client.on("event" as ClientEvent.Event, onEvent);
      client.on("Room.timelineReset" as RoomEvent.TimelineReset, onReset);
      client.on("Event.decrypted" as MatrixEventEvent.Decrypted, onDecrypted);
    };
    const onSync = (state: SyncState | null, _before: SyncState | null, data?: ISyncStateData | null) => {
      const end = endOf(state, data);
      if (end) return subscriber.error(end);
      onConnected(state === SYNCING);
      if (state !== SYNCING) return;
      if (place === undefined) begin();
      else tell();
      place = client.store.getSyncToken();
    };
    const onLoggedOut = (error: Error) => subscriber.error(loggedOut(error));

    subscriber.add(() => {
      client.off("sync" as ClientEvent.Sync, onSync);
      client.off("Session.logged_out" as HttpApiEvent.SessionLoggedOut, onLoggedOut);
      client.off("event" as ClientEvent.Event, onEvent);
      client.off("Room.timelineReset" as RoomEvent.TimelineReset, onReset);
      client.off("Event.decrypted" as MatrixEventEvent.Decrypted, onDecrypted);
      onConnected(false);
    });
    rooms.startOver();
    subscriber.add(rounds.pipe(concatMap((round) => reader.read(round))).subscribe(subscriber));
    client.on("sync" as ClientEvent.Sync, onSync);
    client.on("Session.logged_out" as HttpApiEvent.SessionLoggedOut, onLoggedOut);
    const state = client.getSyncState();
    if (state) onSync(state, null, client.getSyncStateData());
  });
}

const SYNCING = "SYNCING" as SyncState.Syncing;

/** Why the client will not sync any more; undefined where it will. */
export function endOf(
  state: SyncState | null,
  data: ISyncStateData | null | undefined,
): TrunklineError | undefined {
  if (state === ("STOPPED" as SyncState.Stopped)) return notRunning();
  const gone = errcodeOf(data?.error) === "M_UNKNOWN_TOKEN";
  return gone && state === ("ERROR" as SyncState.Error) ? loggedOut(data?.error) : undefined;
}

export function notRunning(): TrunklineError {
  return new TrunklineError(
    "wrong_state",
    "The app's MatrixClient does not run: it was stopped, or never started. Call client.startClient() before the phone is made, and client.stopClient() after it is closed",
  );
}

/** What the client has synced before we came and is young enough to ring. Looks at the end of each timeline only. */
function history(client: MatrixClient, now: number): Arrived[] {
  const isOld = (event: MatrixEvent) => !isYoung(arrivedEarlier(event, now), now);
  return client.getRooms().flatMap((room) => {
    const events = room.getLiveTimeline().getEvents();
    return events
      .slice(events.findLastIndex(isOld) + 1)
      .filter((event) => event.status === null && (event.isEncrypted() || isCall(event)))
      .map((event) => arrivedEarlier(event, now));
  });
}
