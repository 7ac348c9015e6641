import { map, type OperatorFunction } from "rxjs";
import type { EventBatch, RoomEvent } from "../../streams/contract.ts";

/** How many events of calls a position names: more than a client that starts again finds young enough to give again. */
const MOST = 500;

const isCall = ({ type, stateKey }: RoomEvent) =>
  stateKey === undefined && (type.startsWith("m.call.") || type.startsWith("org.matrix.call."));

/**
 * Leaves out the events of calls that an engine has read before, and names those that it reads. The SDK's client has no
 * place of ours to go on from: it begins where it last saved, and gives again what came since.
 */
export function resumed(since: string | undefined): OperatorFunction<EventBatch, EventBatch> {
  const before = new Set(parse(since));
  let read = [...before];
  return map((batch) => {
    const events = batch.events.filter((event) => !isCall(event) || !before.has(event.eventId));
    const ids = events.filter(isCall).map(({ eventId }) => eventId);
    if (ids.length === 0) return { ...batch, events };
    read = [...read, ...ids].slice(-MOST);
    return { ...batch, events, position: JSON.stringify(read) };
  });
}

function parse(since: string | undefined): string[] {
  try {
    const ids: unknown = JSON.parse(since ?? "[]");
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}
