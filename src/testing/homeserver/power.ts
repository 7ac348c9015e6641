import * as v from "valibot";
import { type Json, jsonObject } from "./body.ts";
import { badJson, forbidden } from "./error.ts";
import { membershipOf, type Room, stateOf } from "./room.ts";

const level = (otherwise: number) => v.optional(v.number(), otherwise);
const levels = v.optional(v.pipe(jsonObject, v.record(v.string(), v.number())), {});

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

/** Throws `M_BAD_JSON` where a room's rules cannot be read from such an event. */
export function checkRules(type: string, content: Json): void {
  const result = type === "m.room.power_levels" ? v.safeParse(PowerLevels, content) : undefined;
  if (result?.issues) throw badJson(`'${v.getDotPath(result.issues[0])}' is not a power level`);
}

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
