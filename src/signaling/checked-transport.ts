import {
  catchError,
  concat,
  defer,
  firstValueFrom,
  from,
  map,
  merge,
  of,
  ReplaySubject,
  throwError,
  timeout,
} from "rxjs";
import { realClock } from "../streams/clock.ts";
import type { Clock, EventBatch, Identity, RoomEvent, Transport } from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";

/** How long `identity()` may take, in ms: some requests, each with a limit of its own. */
const IDENTITY_TIMEOUT_MS = 120_000;

/**
 * A transport as the engine can rely on it. What breaks the contract ends `batches$`, or rejects, with an error that names
 * the member: `invalid_option` for a wrong value, `unexpected` for an error without a code. An event that is none is
 * passed over, for it may be a stranger's doing. Methods are called as such: a transport may be a class.
 */
export function checkedTransport(transport: Transport, clock: Clock = realClock): Transport {
  /** Errors where `connected$` does, which nobody else would notice. */
  const lost = new ReplaySubject<never>();

  return {
    batches$: merge(
      concat(
        defer(() => transport.batches$),
        throwError(() => broken("batches$ must not complete")),
      ).pipe(map(checkBatch), catchError(named("batches$"))),
      lost,
    ),
    connected$: defer(() => transport.connected$).pipe(
      catchError(named("connected$")),
      catchError((error) => {
        lost.error(error);
        return of(false);
      }),
    ),
    // The engine bounds the other requests itself.
    identity: () =>
      firstValueFrom(
        from(settled("identity", () => transport.identity()).then(checkIdentity)).pipe(
          timeout({ first: IDENTITY_TIMEOUT_MS, scheduler: clock, with: () => throwError(notSettled) }),
        ),
      ),
    send: (...event) => settled("send", () => transport.send(...event)),
    ...(transport.prepareSend && {
      prepareSend: (...event) => defer(() => transport.prepareSend?.(...event) ?? of(undefined)),
    }),
    delayed: async () => transport.delayed?.(),
    turnServers: () => settled("turnServers", () => transport.turnServers()),
  };
}

function checkBatch(batch: EventBatch): EventBatch {
  const { live, events, members = [] } = batch ?? {};
  if (typeof live !== "boolean" || !Array.isArray(events) || !Array.isArray(members))
    throw broken("batches$ must emit { live: boolean, events: [], members?: [] }");
  return events.every(isEvent) ? batch : { ...batch, events: events.filter(isEvent) };
}

const isEvent = (event: RoomEvent): boolean =>
  [event?.roomId, event?.eventId, event?.sender, event?.type, event?.stateKey ?? ""].every(isText);

function checkIdentity(identity: Identity): Identity {
  if ([identity?.userId, identity?.deviceId].every(isText)) return identity;
  throw broken("identity() must resolve with { userId, deviceId }");
}

const isText = (value: unknown): boolean => typeof value === "string";

const broken = (clause: string) => new TrunklineError("invalid_option", `The transport's ${clause}`);

const notSettled = () =>
  new TrunklineError("homeserver_unreachable", "The transport's identity() has not settled for 2 minutes");

/** Also where a method throws, or gives no promise. */
const settled = <T>(member: string, ask: () => T | PromiseLike<T>): Promise<T> =>
  new Promise<T>((resolve) => resolve(ask())).catch(named(member));

const named =
  (member: string) =>
  (thrown: unknown): never => {
    const error = toTrunklineError(thrown);
    throw error.code === "unexpected"
      ? toTrunklineError(
          new Error(`The transport's ${member} failed without a code: ${error.message}`, { cause: thrown }),
        )
      : error;
  };
