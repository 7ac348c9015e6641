import {
  catchError,
  defer,
  delayWhen,
  expand,
  map,
  merge,
  type Observable,
  of,
  race,
  retry,
  switchMap,
  take,
  tap,
  throwError,
  timer,
} from "rxjs";
import { BACKOFF_POLICY, type BackoffPolicy, backoff, isTransient } from "../../streams/backoff.ts";
import type { Clock, EventBatch } from "../../streams/contract.ts";
import { toTrunklineError } from "../../streams/errors.ts";
import type { Random } from "../../streams/ids.ts";
import { lasting, notMatrix, passing } from "./matrix-codes.ts";
import type { Http } from "./matrix-http.ts";
import { parseSync, type SyncAnswer } from "./matrix-parse.ts";

/** How long the homeserver may hold a poll, and how much longer we wait for its answer, in ms. */
const POLL = 30_000;
const MARGIN = 15_000;
/** Of a first sync, in ms. */
const FIRST_WITHIN = 120_000;

/**
 * A user's own device may ask this often, in ms: it is back soon where nothing says that the network is. Homeservers
 * that want it otherwise say so.
 */
const RETRY_POLICY: BackoffPolicy = { ...BACKOFF_POLICY, max: 5_000 };

/** A poll that ends sooner, in ms, without news, was not held: the next one waits after a few of them. */
const AT_ONCE = 1_000;
const UNPACED = 3;
const FIRST_PAUSE = 200;
/** Where the place moves on, something happens that is none of ours: a call may come with the next answer. */
const MAX_PAUSE = { moving: 1_000, still: 5_000 };

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
  /** Emits when the network is back: what waits is then tried at once. */
  readonly online$: Observable<unknown>;
  /** Told whether each attempt got through. */
  readonly onConnected: (connected: boolean) => void;
  /** Told each answer before its batch is emitted. */
  readonly onAnswer: (answer: SyncAnswer) => void;
}

type Batch = EventBatch & { readonly position: string };

interface Round {
  readonly batch: Batch;
  /** How many answers in a row came at once and without news, this one included. */
  readonly idle: number;
  /** How long to wait before the next poll, in ms. */
  readonly pause: number;
}

/**
 * Syncs from the subscription on, one batch per answer; the next poll leaves right after a batch is emitted, for what
 * the batch holds is worth more than the ms that a request takes to leave. Where polls are answered at once with
 * nothing, over and over, the next ones wait, longer each time, until there is news. What may pass is tried again,
 * from the same place, with growing delays; errors with `unknown_token` or `forbidden`.
 *
 * A poll that names a place lets go of the device's messages up to there: none is made before the device is known to
 * be ours.
 */
export function matrixSync(options: SyncOptions): Observable<EventBatch> {
  const { since, ours$ } = options;
  const first$ =
    since === undefined
      ? // Asking who we are may have failed since this poll got through.
        poll(options).pipe(delayWhen(() => ours$.pipe(tap(() => options.onConnected(true)))))
      : ours$.pipe(switchMap(() => poll(options, { since, proven: true, resumed: true })));
  return first$.pipe(
    expand(({ batch, idle, pause }) => {
      const next$ = poll(options, { since: batch.position, proven: batch.live }, idle);
      return pause > 0 ? timer(pause, options.clock).pipe(switchMap(() => next$)) : next$;
    }),
    map(({ batch }) => batch),
  );
}

/**
 * Repeats after failures that may pass, telling of each: later each time, at once when the network is back, and never
 * before the homeserver wants. One that limits us is not out of reach.
 */
export function retrying<T>(options: Pick<SyncOptions, "clock" | "random" | "online$" | "onConnected">) {
  const { clock, random, online$, onConnected } = options;
  return retry<T>({
    delay: (error: unknown, attempt) => {
      if (!isTransient(error)) return throwError(() => error);
      if (error.code !== "rate_limited") onConnected(false);
      const due$ = timer(backoff(RETRY_POLICY, random, attempt - 1, error), clock);
      return error.retryAfter ? due$ : race(due$, online$);
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

/** `idle` is how many answers in a row came at once and without news before this one. */
function poll(options: SyncOptions, place?: Place, idle = 0): Observable<Round> {
  const { clock, online$, onConnected } = options;
  // At the start, and after a failure, we want to know at once that we are there, not when next there is news.
  let hold = place === undefined || place.resumed ? 0 : POLL;
  const fail = () => {
    hold = 0;
  };
  const attempt$ = defer(() => {
    const again$ = online$.pipe(
      tap(() => {
        fail();
        onConnected(false);
      }),
    );
    // A poll from before the network came back is made again: its connection may be dead. Listens ahead of the
    // request, which gives up for the same reason.
    return merge(again$, of(undefined)).pipe(
      switchMap(() => request(options, place, hold)),
      take(1),
    );
  });
  return defer(() => {
    const startedAt = clock.now();
    return attempt$.pipe(
      tap({ error: fail }),
      retrying(options),
      map((batch): Round => ({ batch, ...pace(batch, place, idle, clock.now() - startedAt) })),
      catchError((error: unknown) => {
        // A homeserver that lost its place (a restored backup) wants us to start over; one that never takes a place
        // would have us do so without end.
        const lost = place?.proven && toTrunklineError(error).code === "forbidden";
        return lost ? poll(options, undefined, idle) : throwError(() => error);
      }),
    );
  });
}

/** What follows a batch that took `elapsed` ms to come. */
function pace(
  { live, events, position }: Batch,
  place: Place | undefined,
  idle: number,
  elapsed: number,
): Pick<Round, "idle" | "pause"> {
  const isStill = position === place?.since;
  const isNews = live && !isStill && events.length > 0;
  if (isNews || elapsed >= AT_ONCE) return { idle: 0, pause: 0 };
  const pause = idle < UNPACED ? 0 : FIRST_PAUSE * 2 ** (idle - UNPACED);
  return { idle: idle + 1, pause: Math.min(pause, isStill ? MAX_PAUSE.still : MAX_PAUSE.moving) };
}

function request(options: SyncOptions, place: Place | undefined, hold: number): Observable<Batch> {
  const query = {
    filter: place ? NEWS : HISTORY,
    timeout: String(hold),
    set_presence: "offline",
    ...(place && { since: place.since }),
    ...(place?.resumed && { full_state: "true" }),
  };
  // All rooms at once take a homeserver a while.
  const within = !place || place.resumed ? FIRST_WITHIN : Math.max(hold, MARGIN) + MARGIN;
  return options.http.request({ method: "GET", path: "/sync", query, within }).pipe(
    map((body) => {
      const answer = parseSync(body);
      if (answer === undefined) throw notMatrix(options.http.homeserver);
      options.onConnected(true);
      options.onAnswer(answer);
      const { events, members, nextBatch: position } = answer;
      const live = place !== undefined;
      return { live, events, position, ...(members.length > 0 && { members }) };
    }),
    catchError((error: unknown) => throwError(() => lasting(passing(toTrunklineError(error))))),
  );
}
