import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import type { Direction } from "matrix-js-sdk/lib/models/event-timeline.js";
import type { Room } from "matrix-js-sdk/lib/models/room.js";
import { catchError, defer, firstValueFrom, of, retry, throwError, timeout, timer } from "rxjs";
import { isTransient } from "../../streams/backoff.ts";
import type { Clock } from "../../streams/contract.ts";
import { type Arrived, arrivedNow, isYoung } from "./matrix-client-arrived.ts";
import { clientAsk } from "./matrix-client-errors.ts";

const BACKWARDS = "b" as Direction.Backward;
const PAGE = 50;
const MOST_PAGES = 4;
/** How long the rest of the sync waits for what it left out, in ms. */
const WITHIN = 5_000;
/** A failure that may pass is tried again after so long, in ms, while the rest waits. */
const RETRY_AFTER = 1_000;

/**
 * What a sync left out of a room because it was too much, as far back as a call can still be answered: to be asked
 * for, or a hangup is lost among many messages. Resolves with what could be had, oldest first; never rejects.
 */
export function missedEvents(client: MatrixClient, room: Room, clock: Clock): Promise<readonly Arrived[]> {
  const timeline = room.getLiveTimeline();
  const oldest = timeline.getEvents()[0];
  const token = timeline.getPaginationToken(BACKWARDS);
  const reachesBack = oldest && !isYoung(arrivedNow(oldest, clock.now()), clock.now());
  if (!token || reachesBack) return Promise.resolve([]);
  const missed: Arrived[] = [];
  return firstValueFrom(
    defer(() => collect(client, room, clock, token, missed)).pipe(
      timeout({ first: WITHIN, scheduler: clock }),
      catchError(() => of(undefined)),
    ),
  ).then(() => missed.toReversed());
}

async function collect(
  client: MatrixClient,
  room: Room,
  clock: Clock,
  from: string,
  missed: Arrived[],
): Promise<void> {
  const mapper = client.getEventMapper({ decrypt: false });
  let token: string | undefined = from;
  for (let page = 0; page < MOST_PAGES && token; page += 1) {
    const { chunk, end } = await requestPage(client, room.roomId, clock, token);
    for (const raw of chunk) {
      const known = room.findEventById(raw.event_id) !== undefined;
      const arrived = arrivedNow(mapper({ ...raw, room_id: room.roomId }), clock.now());
      if (known || !isYoung(arrived, clock.now())) return;
      missed.push(arrived);
    }
    token = end;
  }
}

function requestPage(client: MatrixClient, roomId: string, clock: Clock, from: string) {
  const page$ = defer(() => clientAsk(client, client.createMessagesRequest(roomId, from, PAGE, BACKWARDS)));
  const delay = (error: unknown) =>
    isTransient(error) ? timer(RETRY_AFTER, clock) : throwError(() => error);
  return firstValueFrom(page$.pipe(retry({ count: WITHIN / RETRY_AFTER - 1, delay })));
}
