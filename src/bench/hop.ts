import { defer, filter, firstValueFrom, ignoreElements, map, merge, Subject, share, tap } from "rxjs";
import type { Clock, EventBatch, Transport } from "../streams/contract.ts";
import { opaqueId, secureRandom } from "../streams/ids.ts";

/** Every transport carries it, and no client acts on it: candidates, none, of a call that nobody knows. */
const EVENT_TYPE = "m.call.candidates";

/** A transport whose batches a hop can be seen in, while an engine reads them or without one. */
export interface WatchedTransport {
  readonly transport: Transport;
  /** Whether anybody has subscribed to its batches. */
  isUsed(): boolean;
  /** Each batch before whoever subscribed has it; needs a subscriber to `transport.batches$`. */
  readonly batches$: Subject<EventBatch>;
}

/** Only what the contract names is passed on: a transport may be an instance of a class, with private fields. */
export function watchTransport(given: Transport): WatchedTransport {
  const batches$ = new Subject<EventBatch>();
  let used = false;
  const source$ = defer(() => {
    used = true;
    return given.batches$;
  });
  return {
    batches$,
    isUsed: () => used,
    transport: {
      batches$: source$.pipe(
        tap((batch) => batches$.next(batch)),
        share(),
      ),
      connected$: given.connected$,
      identity: () => given.identity(),
      send: (...request) => given.send(...request),
      turnServers: () => given.turnServers(),
      ...(given.prepareSend && { prepareSend: given.prepareSend.bind(given) }),
      ...(given.delayed && { delayed: given.delayed.bind(given) }),
    },
  };
}

/** From the sending of an event until the other user's transport has emitted it, in ms. Rejects as `Transport.send`. */
export async function timeHop(
  from: WatchedTransport,
  to: WatchedTransport,
  roomId: string,
  clock: Clock,
): Promise<number> {
  const callId = opaqueId(secureRandom);
  const content = { call_id: callId, party_id: "bench", version: "1", candidates: [] };
  const isOurs = ({ events }: EventBatch) =>
    events.some((event) => (event.content as { readonly call_id?: unknown } | null)?.call_id === callId);
  const arrived$ = to.batches$.pipe(
    filter(isOurs),
    map(() => clock.now()),
  );
  const start = clock.now();
  const sent$ = defer(() => from.transport.send(roomId, EVENT_TYPE, content, callId)).pipe(ignoreElements());
  return (await firstValueFrom(merge(arrived$, sent$))) - start;
}
