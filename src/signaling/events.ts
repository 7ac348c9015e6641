/**
 * Matrix call events as they come in: a stranger's JSON, parsed field by field into fresh, bounded objects (P43,
 * P44). How ours go out is in encode.ts.
 */
import * as v from "valibot";
import type { CallRef, RoomEvent } from "../streams/contract.ts";
import type { CallEvent } from "./event-types.ts";
import { bodies, head } from "./schemas.ts";

function isCallEvent(event: RoomEvent): boolean {
  return event.stateKey === undefined && Object.hasOwn(bodies, event.type);
}

/** Reads a call event; `undefined` where the event is none, or is malformed in a part that matters. */
export function decode(event: RoomEvent): CallEvent | undefined {
  const schema = isCallEvent(event) ? bodies[event.type] : undefined;
  if (!schema) return undefined;
  const parsedHead = v.safeParse(head, event.content);
  const parsedBody = v.safeParse(schema, event.content);
  if (!parsedHead.success || !parsedBody.success) return undefined;
  const { call_id: callId, version, party_id: partyId } = parsedHead.output;
  return {
    roomId: event.roomId,
    callId,
    eventType: event.type,
    sender: { userId: event.sender, ...(partyId !== undefined && { partyId }) },
    version: version === 0 ? 0 : 1,
    ...(Number.isFinite(event.age) && { age: Math.max(0, Number(event.age)) }),
    ...parsedBody.output,
  };
}

/** The call that a call event speaks of, however malformed it is in other parts. */
export function callOf(event: RoomEvent): CallRef | undefined {
  const parsed = v.safeParse(head, event.content);
  if (!isCallEvent(event) || !parsed.success) return undefined;
  return { roomId: event.roomId, callId: parsed.output.call_id };
}
