import {
  BehaviorSubject,
  defer,
  distinctUntilChanged,
  EMPTY,
  finalize,
  ignoreElements,
  merge,
  type Observable,
  Subject,
  shareReplay,
  switchMap,
  take,
  timer,
} from "rxjs";
import { realClock } from "../../streams/clock.ts";
import type { Clock, Identity, TokenRefresh, Transport } from "../../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../../streams/errors.ts";
import { type Random, secureRandom } from "../../streams/ids.ts";
import { online$ as platformOnline$ } from "../online.ts";
import { exclusive } from "./exclusive.ts";
import { lasting, passing } from "./matrix-codes.ts";
import { matrixDelayed } from "./matrix-delayed.ts";
import { type Fetch, matrixHttp } from "./matrix-http.ts";
import { fetchIdentity } from "./matrix-identity.ts";
import type { SyncAnswer } from "./matrix-parse.ts";
import { MatrixRooms } from "./matrix-rooms.ts";
import { type OutgoingEvent, sendEvent, sendRequest } from "./matrix-send.ts";
import { matrixSync, retrying } from "./matrix-sync.ts";
import { MatrixToken } from "./matrix-token.ts";
import { turnServersFrom } from "./matrix-turn.ts";

export interface MatrixTransportOptions {
  /** The address of the homeserver's client API, such as `https://matrix.example.org`. */
  readonly homeserver: string;
  /** A token whose device no other client uses. */
  readonly accessToken: string;
  /**
   * Called when the homeserver takes the token no longer, once for all requests that wait, which then go on with the
   * new one. Where the login is over, all ends with `unknown_token`; so it does where this is absent.
   */
  readonly tokenRefresh?: TokenRefresh;
  /** Where given, the token must be this user's. */
  readonly userId?: string;
  /** Where given, the token must be this device's. */
  readonly deviceId?: string;
  /** Where another transport for this device was lost: the `position` of the last batch that was read. */
  readonly since?: string | undefined;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Takes the place of the platform's `fetch`. */
  readonly fetch?: Fetch;
  /** Emits when the network is back. Default: the platform's `online` event, where it has one. */
  readonly online$?: Observable<unknown>;
}

/** How long after we began to send an event a poll may be silent, in ms. */
const ECHO_WITHIN = 3_000;

/**
 * A transport that speaks to a homeserver by itself, with a lean sync: for unencrypted rooms (P42) and a device that
 * no other client uses. Makes no request before it is used; throws `invalid_option`.
 *
 * Beyond the contract, `identity()` also rejects with `invalid_option` where the token is not that of `userId` or
 * `deviceId`, and with `rate_limited` or `server_error`, both worth another try; and `batches$` errors with whatever
 * `identity()` rejects with for good.
 */
export function matrixTransport(options: MatrixTransportOptions): Transport {
  if (!options)
    throw new TrunklineError(
      "invalid_option",
      "matrixTransport: options must be an object with homeserver and accessToken.",
    );
  const { clock = realClock, random = secureRandom, online$ = platformOnline$ } = options;
  const token = new MatrixToken(options.accessToken, options.tokenRefresh);
  const http = matrixHttp({
    homeserver: checkHomeserver(options.homeserver),
    token,
    clock,
    fetch: options.fetch ?? ((resource, init) => globalThis.fetch(resource, init)),
    online$,
  });
  const rooms = new MatrixRooms(http);
  const connected = new BehaviorSubject(false);
  let known: Promise<Identity> | undefined;
  /** Whether it has answered as a homeserver does, to us or to the transport before. */
  let proven = options.since !== undefined;

  const identity = () => {
    known ??= fetchIdentity(http, options).catch((thrown: unknown) => {
      known = undefined;
      const error = lasting(toTrunklineError(thrown));
      throw proven ? passing(error) : error;
    });
    return known;
  };
  /** Whether the poll owes us an event of ours. */
  const owed = new Subject<boolean>();
  const send = (event: OutgoingEvent) => {
    owed.next(true);
    return sendEvent(http, rooms, identity, event).catch((thrown: unknown) => {
      owed.next(false);
      throw thrown;
    });
  };
  /** A poll brings back what we send. One that does not may wait on a connection that died unnoticed: made again, once. */
  const silent$ = owed.pipe(
    switchMap((isOwed) => (isOwed ? timer(ECHO_WITHIN, clock) : EMPTY)),
    take(1),
  );
  const sync = {
    since: options.since,
    http,
    clock,
    random,
    online$: merge(online$, silent$),
    onConnected: (isConnected: boolean) => connected.next(isConnected),
    onAnswer(answer: SyncAnswer) {
      proven = true;
      owed.next(false);
      rooms.learn(answer);
    },
  };

  return {
    batches$: exclusive(
      defer(() => {
        const ours$ = defer(identity).pipe(retrying(sync), shareReplay({ bufferSize: 1, refCount: true }));
        // A device that is not ours, and a login that is over, end it whatever the sync is waiting for.
        return merge(ours$.pipe(ignoreElements()), token.over$, matrixSync({ ...sync, ours$ }));
      }).pipe(finalize(() => connected.next(false))),
    ),
    connected$: connected.pipe(distinctUntilChanged()),
    identity,
    send: (roomId, type, content, txnId) => send({ roomId, type, content, txnId }),
    prepareSend: (roomId, type, content, txnId) =>
      // Where the room is encrypted there is no call to end: none can be made there.
      http.prepare(sendRequest({ roomId, type, content, txnId })),
    delayed: matrixDelayed(
      async (request) => {
        try {
          return await http.ask(request);
        } catch (error) {
          throw passing(toTrunklineError(error));
        }
      },
      (roomId) => rooms.refuseEncrypted(roomId),
    ),
    turnServers: () => turnServersFrom(http.ask({ method: "GET", path: "/voip/turnServer" })),
  };
}

function checkHomeserver(homeserver: unknown): string {
  const url = typeof homeserver === "string" && URL.canParse(homeserver) ? new URL(homeserver) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new TrunklineError(
      "invalid_option",
      `Option homeserver is ${JSON.stringify(homeserver)}: give the address of the homeserver, such as "https://matrix.example.org"`,
    );
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new TrunklineError(
      "invalid_option",
      "Option homeserver holds more than an address: leave out user, query and fragment",
    );
  }
  return url.href;
}
