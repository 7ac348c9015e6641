import * as v from "valibot";
import { forbidden } from "./error.ts";
import { membershipOf, type Room, stateOf } from "./room.ts";

const level = (otherwise: number) => v.optional(v.fallback(v.number(), otherwise), otherwise);
const levels = v.optional(v.fallback(v.record(v.string(), v.number()), {}), {});

const PowerLevels = v.object({
  users: levels,
  users_default: level(0),
  events: levels,
  events_default: level(0),
  state_default: level(50),
  invite: level(0),
  kick: level(50),
  ban: level(50),
});

export type PowerLevels = v.InferOutput<typeof PowerLevels>;

export const powerLevels = (room: Room): PowerLevels =>
  v.parse(PowerLevels, stateOf(room, "m.room.power_levels")?.content ?? {});

export const powerOf = (power: PowerLevels, userId: string): number =>
  power.users[userId] ?? power.users_default;

/** Throws `M_FORBIDDEN` unless the user is in the room. */
export function checkJoined(room: Room | undefined, userId: string): asserts room is Room {
  if (!room || membershipOf(room, userId) !== "join") throw forbidden(`${userId} is not in the room`);
}

/** Throws `M_FORBIDDEN` unless the user may send such an event; membership has rules of its own. */
export function checkMaySend(room: Room, userId: string, type: string, stateKey?: string): void {
  checkJoined(room, userId);
  if (type === "m.room.create" || type === "m.room.member") throw forbidden(`${type} is not sent this way`);
  const power = powerLevels(room);
  const needed = power.events[type] ?? (stateKey === undefined ? power.events_default : power.state_default);
  if (powerOf(power, userId) < needed)
    throw forbidden(`Sending ${type} here needs a power level of ${needed}`);
  if (stateKey?.startsWith("@") && stateKey !== userId) {
    throw forbidden("A state key that is a user id belongs to that user");
  }
}
