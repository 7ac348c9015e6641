import { isSame, type Json } from "./body.ts";
import { forbidden, MatrixError } from "./error.ts";
import { checkJoined, powerLevels, powerOf } from "./power.ts";
import { membersOf, type Room, stateOf } from "./room.ts";
import { addEvent, type Store, type User } from "./store.ts";

/** Who does what to whom, as a member event will say it. */
export interface Change {
  readonly sender: User;
  readonly target: string;
  readonly membership: string;
  /** What else the member event says: a reason, or that the room is a direct one. */
  readonly content?: Json;
}

/**
 * Changes a membership, or does nothing where it is already so; says which. Throws `M_FORBIDDEN` where the room's rules
 * do not allow it.
 */
export function changeMembership(store: Store, room: Room, change: Change): boolean {
  const { sender, target, membership, content } = change;
  const present = stateOf(room, "m.room.member", target)?.content;
  check(room, change, present?.membership);
  const displayname = membership === "leave" ? undefined : store.users.get(target)?.displayname;
  const next = { ...content, membership, ...(displayname !== undefined && { displayname }) };
  if (isSame(present, next) || (membership === "leave" && present?.membership === "leave")) return false;
  addEvent(store, room, { sender: sender.id, type: "m.room.member", stateKey: target, content: next });
  return true;
}

function check(room: Room, change: Change, present: unknown): void {
  const { sender, target, membership } = change;
  const own = sender.id === target;
  if (membership === "join" && own) checkMayJoin(room, present);
  else if (membership === "leave" && own) checkMayLeave(present);
  else if (membership === "invite") checkMayInvite(room, change, present);
  else if (membership === "leave" || membership === "ban") checkMayRemove(room, change, present);
  else throw new MatrixError(400, "M_UNKNOWN", `${target} cannot be made '${membership}'`);
}

function checkMayJoin(room: Room, present: unknown): void {
  if (membersOf(room, "join").length === 0) throw unknownRoom();
  if (present === "ban") throw forbidden("The user is banned from the room");
  const isPublic = stateOf(room, "m.room.join_rules")?.content.join_rule === "public";
  if (!isPublic && present !== "invite" && present !== "join") throw forbidden("The user is not invited");
}

function checkMayLeave(present: unknown): void {
  if (present !== "join" && present !== "invite" && present !== "leave") {
    throw forbidden("The user is not in the room");
  }
}

function checkMayInvite(room: Room, { sender, target }: Change, present: unknown): void {
  checkJoined(room, sender.id);
  if (present === "join" || present === "ban") throw forbidden(`${target} is in the room, or banned from it`);
  const power = powerLevels(room);
  checkPower(powerOf(power, sender.id), power.invite);
}

function checkMayRemove(room: Room, { sender, target, membership }: Change, present: unknown): void {
  checkJoined(room, sender.id);
  const power = powerLevels(room);
  checkPower(powerOf(power, sender.id), membership === "ban" ? power.ban : power.kick);
  if (powerOf(power, target) >= powerOf(power, sender.id)) throw forbidden(`${target} has as much power`);
  if (membership === "leave" && present !== "join" && present !== "invite") {
    throw forbidden(`${target} is not in the room`);
  }
}

function checkPower(power: number, needed: number): void {
  if (power < needed) throw forbidden(`That needs a power level of ${needed}`);
}

/** What Synapse says of a room that it does not know, where one would have to be in it or join it. */
export const unknownRoom = () => new MatrixError(404, "M_UNKNOWN", "The homeserver does not know that room");
