/**
 * Matrix call events as they come in: a stranger's JSON, parsed field by field into fresh, bounded objects (P43,
 * P44). How ours go out is in encode.ts.
 */
import * as v from "valibot";
import type { RoomEvent } from "../streams/contract.ts";
import type { CallEvent, Head } from "./event-types.ts";
import { bodies, readHead } from "./schemas.ts";

/** What a call event says of itself, however malformed it is in other parts; `undefined` where it is none. */
export function headOf(event: RoomEvent): Head | undefined {
  if (event.stateKey !== undefined || !Object.hasOwn(bodies, event.type)) return undefined;
  const head = readHead(event.content);
  if (!head) return undefined;
  const { callId, partyId, version } = head;
  return {
    roomId: event.roomId,
    callId,
    eventType: event.type,
    sender: { userId: event.sender, ...(partyId !== undefined && { partyId }) },
    version: version === 0 ? 0 : 1,
    ...(Number.isFinite(event.age) && { age: Math.max(0, Number(event.age)) }),
  };
}

/** Reads a call event, of which the head is known; `undefined` where it is malformed in a part that matters. */
export function decode(event: RoomEvent, head: Head): CallEvent | undefined {
  const schema = bodies[head.eventType];
  const parsed = schema && v.safeParse(schema, event.content);
  return parsed?.success ? Object.assign(parsed.output, head) : undefined;
}
