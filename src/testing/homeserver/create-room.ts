import * as v from "valibot";
import { type Json, jsonObject } from "./body.ts";
import { changeMembership } from "./membership.ts";
import { checkRules } from "./power.ts";
import type { Room } from "./room.ts";
import { addEvent, addRoom, type Store, type User } from "./store.ts";

const Preset = v.picklist(["private_chat", "trusted_private_chat", "public_chat"]);

export const RoomSettings = v.object({
  preset: v.optional(Preset),
  visibility: v.optional(v.string()),
  is_direct: v.optional(v.boolean()),
  invite: v.optional(v.array(v.string()), []),
  name: v.optional(v.string()),
  topic: v.optional(v.string()),
  initial_state: v.optional(
    v.array(v.object({ type: v.string(), state_key: v.optional(v.string(), ""), content: jsonObject })),
    [],
  ),
});

export type RoomSettings = v.InferOutput<typeof RoomSettings>;

/** Makes a room with the events that Synapse gives it, in its order; `initial_state` wins over the preset's. */
export function createRoom(store: Store, creator: User, settings: RoomSettings): Room {
  const preset = settings.preset ?? (settings.visibility === "public" ? "public_chat" : "private_chat");
  for (const event of settings.initial_state) checkRules(event.type, event.content);
  const room = addRoom(store);
  const set = (type: string, content: Json, stateKey = "") =>
    addEvent(store, room, { sender: creator.id, type, stateKey, content });

  set("m.room.create", { room_version: "11" });
  set("m.room.member", { membership: "join", displayname: creator.displayname }, creator.id);
  const rules: Record<string, Json> = {
    "m.room.power_levels": powerLevels(creator, preset, settings.invite),
    "m.room.join_rules": { join_rule: preset === "public_chat" ? "public" : "invite" },
    "m.room.history_visibility": { history_visibility: "shared" },
    ...(preset !== "public_chat" && { "m.room.guest_access": { guest_access: "can_join" } }),
  };
  const given = new Set(settings.initial_state.map((event) => event.type));
  for (const [type, content] of Object.entries(rules)) if (!given.has(type)) set(type, content);
  for (const event of settings.initial_state) set(event.type, event.content, event.state_key);
  if (settings.name !== undefined) set("m.room.name", { name: settings.name });
  if (settings.topic !== undefined) set("m.room.topic", { topic: settings.topic });
  for (const target of settings.invite) {
    const content = settings.is_direct ? { is_direct: true } : {};
    changeMembership(store, room, { sender: creator, target, membership: "invite", content });
  }
  return room;
}

function powerLevels(creator: User, preset: v.InferOutput<typeof Preset>, invited: readonly string[]): Json {
  const equals = preset === "trusted_private_chat" ? invited : [];
  return {
    users: Object.fromEntries([creator.id, ...equals].map((userId) => [userId, 100])),
    users_default: 0,
    events: {
      "m.room.name": 50,
      "m.room.power_levels": 100,
      "m.room.history_visibility": 100,
      "m.room.encryption": 100,
    },
    events_default: 0,
    state_default: 50,
    ban: 50,
    kick: 50,
    redact: 50,
    invite: preset === "public_chat" ? 50 : 0,
  };
}
