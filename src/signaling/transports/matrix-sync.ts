import {
  catchError,
  defer,
  delayWhen,
  expand,
  map,
  type Observable,
  retry,
  switchMap,
  tap,
  throwError,
  timer,
} from "rxjs";
import { BACKOFF_POLICY, backoff, isTransient } from "../../streams/backoff.ts";
import type { Clock, EventBatch } from "../../streams/contract.ts";
import { toTrunklineError } from "../../streams/errors.ts";
import type { Random } from "../../streams/ids.ts";
import { notMatrix, passing } from "./matrix-codes.ts";
import type { Http } from "./matrix-http.ts";
import { parseSync, type SyncAnswer } from "./matrix-parse.ts";

/** How long the homeserver may hold a poll, and how much longer we wait for its answer, in ms. */
const POLL = 30_000;
const MARGIN = 15_000;
/** A first sync of many rooms takes a homeserver a while, in ms. */
const FIRST_WITHIN = 120_000;

const NONE = { not_types: ["*"] };
const STATE_TYPES = ["m.room.member", "m.room.join_rules", "m.room.encryption"];

/**
 * The most that Synapse gives. It looks back through 11 times as many events, of all types, for those that match, and
 * says nothing of a room where it found none: what lies further back, after a long time offline, is lost to us.
 */
const LIMIT = 100;

/** Of history, no more than a call that may still ring: in each room, and there may be thousands. */
const HISTORY_LIMIT = 20;

/** Asks for what calls need. To-device messages cannot be filtered: hence a device of our own. */
const filter = (limit: number) =>
  JSON.stringify({
    presence: NONE,
    account_data: NONE,
    room: {
      account_data: NONE,
      ephemeral: NONE,
      state: { types: STATE_TYPES, lazy_load_members: true },
      timeline: { types: ["m.call.*", "org.matrix.call.*", ...STATE_TYPES], limit },
    },
  });
const NEWS = filter(LIMIT);
const HISTORY = filter(HISTORY_LIMIT);

export interface SyncOptions {
  readonly http: Http;
  /** Where to go on; from the start where absent. */
  readonly since: string | undefined;
  /** Emits when it is known that the device is ours to sync. */
  readonly ours$: Observable<unknown>;
  readonly clock: Clock;
  readonly random: Random;
  /** Told whether each attempt got through. */
  readonly onConnected: (connected: boolean) => void;
  /** Told each answer before its batch is emitted. */
  readonly onAnswer: (answer: SyncAnswer) => void;
}

interface Round {
  readonly answer: SyncAnswer;
  readonly batch: EventBatch;
}

/**
 * Syncs from the subscription on, one batch per answer; the next poll leaves right after a batch is emitted, for what
 * the batch holds is worth more than the ms that a request takes to leave. What may pass is tried again, from the same
 * place, with growing delays; errors with `unknown_token` or `forbidden`.
 *
 * A poll that names a place lets go of the device's messages up to there: none is made before the device is known to
 * be ours.
 */
export function matrixSync(options: SyncOptions): Observable<EventBatch> {
  const { since, ours$ } = options;
  const first$ =
    since === undefined
      ? poll(options).pipe(delayWhen(() => ours$))
      : ours$.pipe(switchMap(() => poll(options, { since, proven: true, resumed: true })));
  return first$.pipe(
    expand(({ answer, batch }) => poll(options, { since: answer.nextBatch, proven: batch.live })),
    map(({ batch }) => batch),
  );
}

/** Repeats after failures that may pass, telling of each. */
export function retrying<T>(options: Pick<SyncOptions, "clock" | "random" | "onConnected">) {
  return retry<T>({
    delay: (error: unknown, attempt) => {
      if (!isTransient(error)) return throwError(() => error);
      options.onConnected(false);
      return timer(backoff(BACKOFF_POLICY, options.random, attempt - 1, error), options.clock);
    },
  });
}

/** Where a poll goes on. */
interface Place {
  readonly since: string;
  /** Whether the homeserver has taken a place from us before. */
  readonly proven: boolean;
  /** Whether we know nothing of the rooms as they were at this place. */
  readonly resumed?: boolean;
}

function poll(options: SyncOptions, place?: Place): Observable<Round> {
  let failed = false;
  return defer(() => {
    // At the start, and after a failure, we want to know at once that we are there, not when next there is news.
    const hold = place === undefined || place.resumed || failed ? 0 : POLL;
    return request(options, place, hold);
  }).pipe(
    tap({
      error: () => {
        failed = true;
      },
    }),
    retrying(options),
    catchError((error: unknown) => {
      // A homeserver that lost its place (a restored backup) wants us to start over; one that never takes a place
      // would have us do so without end.
      const lost = place?.proven && toTrunklineError(error).code === "forbidden";
      return lost ? poll(options) : throwError(() => error);
    }),
  );
}

function request(options: SyncOptions, place: Place | undefined, hold: number): Observable<Round> {
  const query = {
    filter: place ? NEWS : HISTORY,
    timeout: String(hold),
    set_presence: "offline",
    ...(place && { since: place.since }),
    ...(place?.resumed && { full_state: "true" }),
  };
  const within = hold > 0 ? hold + MARGIN : FIRST_WITHIN;
  return options.http.request({ method: "GET", path: "/sync", query, within }).pipe(
    map((body) => {
      const answer = parseSync(body);
      if (answer === undefined) throw notMatrix(options.http.homeserver);
      const { events, members, nextBatch: position } = answer;
      const told = { events, position, ...(members.length > 0 && { members }) };
      return { answer, batch: { live: place !== undefined, ...told } };
    }),
    catchError((error: unknown) => throwError(() => passing(toTrunklineError(error)))),
    tap(({ answer }) => {
      options.onConnected(true);
      options.onAnswer(answer);
    }),
  );
}
