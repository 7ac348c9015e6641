import type { MatrixEvent } from "matrix-js-sdk/lib/models/event.js";
import type { RoomEvent } from "../../streams/contract.ts";

/** Beyond this age, in ms, no invite rings, whatever its lifetime: as long as the longest one that is believed. */
export const LONGEST_LIFETIME = 600_000;

/** An event that the client has synced, and how old it was at some time: ages grow by our clock alone (P8). */
export interface Arrived {
  readonly event: MatrixEvent;
  readonly at: number;
  /** In ms, by the homeserver's word. */
  readonly age: number;
}

const STATE_TYPES = ["m.room.member", "m.room.join_rules", "m.room.encryption"];

export const isState = (event: MatrixEvent) => event.isState() && STATE_TYPES.includes(event.getType());

export function isCall(event: MatrixEvent): boolean {
  const type = event.getType();
  return !event.isState() && (type.startsWith("m.call.") || type.startsWith("org.matrix.call."));
}

/** Whether it is known by now what is in it. */
export const isReadable = (event: MatrixEvent) =>
  !event.isEncrypted() || (event.getType() !== "m.room.encrypted" && !event.isDecryptionFailure());

export const ageAt = ({ at, age }: Arrived, now: number) => age + now - at;

/** Whether it may belong to a call that can still be answered. */
export const isYoung = (arrived: Arrived, now: number) => ageAt(arrived, now) < LONGEST_LIFETIME;

/** An event that came just now. One without an age counts from its arrival. */
export function arrivedNow(event: MatrixEvent, at: number): Arrived {
  const age: unknown = event.getAge();
  return { event, at, age: typeof age === "number" && Number.isFinite(age) ? age : 0 };
}

/** An event that the client has had for a while; without an age, it is too old to ring. */
export function arrivedEarlier(event: MatrixEvent, at: number): Arrived {
  const age: unknown = event.getAge();
  const told = typeof age === "number" && Number.isFinite(age);
  return { event, at, age: told ? event.getLocalAge() : Number.POSITIVE_INFINITY };
}

/** The event as the engine reads it; undefined where it is not whole (P43). */
export function toRoomEvent(event: MatrixEvent, age?: number): RoomEvent | undefined {
  const { roomId, eventId, sender, type, stateKey, content } = {
    roomId: event.getRoomId(),
    eventId: event.getId(),
    sender: event.getSender(),
    type: event.getType(),
    stateKey: event.getStateKey(),
    // As it was sent: an edit of a call's event would be a way to change what was agreed.
    content: event.getOriginalContent<unknown>(),
  };
  if (typeof roomId !== "string" || typeof eventId !== "string" || typeof sender !== "string")
    return undefined;
  if (typeof content !== "object" || content === null) return undefined;
  return {
    roomId,
    eventId,
    sender,
    type,
    content,
    encrypted: event.isEncrypted(),
    ...(typeof stateKey === "string" && { stateKey }),
    ...(age !== undefined && { age }),
  };
}
