import { catchError, defer, expand, map, type Observable, retry, tap, throwError, timer } from "rxjs";
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

/** Asks for what calls need. To-device messages cannot be filtered: hence a device of our own. */
const FILTER = JSON.stringify({
  presence: NONE,
  account_data: NONE,
  room: {
    account_data: NONE,
    ephemeral: NONE,
    state: { types: STATE_TYPES, lazy_load_members: true },
    timeline: { types: ["m.call.*", "org.matrix.call.*", ...STATE_TYPES], limit: LIMIT },
  },
});

export interface SyncOptions {
  readonly http: Http;
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
 * Syncs from the subscription on, one batch per answer. What may pass is tried again, from the same place, with
 * growing delays; errors with `unknown_token` or `forbidden`.
 */
export function matrixSync(options: SyncOptions): Observable<EventBatch> {
  return poll(options).pipe(
    expand(({ answer, batch }) => poll(options, answer.nextBatch, batch.live)),
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

/** `proven` says that the homeserver has taken a place in the sync from us before. */
function poll(options: SyncOptions, since?: string, proven = false): Observable<Round> {
  let failed = false;
  return defer(() => {
    // After a failure we want to know at once that we are back, not when next there is news.
    const hold = since === undefined || failed ? 0 : POLL;
    return request(options, since, hold);
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
      const lost = proven && since !== undefined && toTrunklineError(error).code === "forbidden";
      return lost ? poll(options) : throwError(() => error);
    }),
  );
}

function request(options: SyncOptions, since: string | undefined, hold: number): Observable<Round> {
  const query = {
    filter: FILTER,
    timeout: String(hold),
    set_presence: "offline",
    ...(since !== undefined && { since }),
  };
  const within = since === undefined ? FIRST_WITHIN : POLL + MARGIN;
  return options.http.request({ method: "GET", path: "/sync", query, within }).pipe(
    map((body) => {
      const receivedAt = options.clock.now();
      const answer = parseSync(body);
      if (answer === undefined) throw notMatrix(options.http.homeserver);
      const { events, members } = answer;
      const batch = { live: since !== undefined, receivedAt, events, ...(members.length > 0 && { members }) };
      return { answer, batch };
    }),
    catchError((error: unknown) => throwError(() => passing(toTrunklineError(error)))),
    tap(({ answer }) => {
      options.onConnected(true);
      options.onAnswer(answer);
    }),
  );
}
