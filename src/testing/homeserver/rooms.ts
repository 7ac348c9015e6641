import * as v from "valibot";
import { type App, type Ask, authenticate, CLIENT, type Server } from "./app.ts";
import { readBody } from "./body.ts";
import { createRoom, RoomSettings } from "./create-room.ts";
import { invalidParam, notFound } from "./error.ts";
import { changeMembership, unknownRoom } from "./membership.ts";
import { checkJoined } from "./power.ts";
import { membershipOf, type Room } from "./room.ts";

const Own = v.object({ reason: v.optional(v.string()) });
const Other = v.object({ user_id: v.string(), reason: v.optional(v.string()) });

/** Making rooms, and who is in them. */
export function roomRoutes(app: App, server: Server): void {
  const { store, limiter } = server;

  app.post(`${CLIENT}/createRoom`, async (ask) => {
    const { user } = authenticate(ask, server);
    const settings = await readBody(ask.req, RoomSettings);
    for (const invitee of settings.invite) checkUserId(invitee);
    limiter.check(user.id);
    const room = createRoom(store, user, settings);
    limiter.count(user.id);
    return ask.json({ room_id: room.id });
  });

  app.get(`${CLIENT}/joined_rooms`, (ask) => {
    const { user } = authenticate(ask, server);
    const joined = [...user.rooms].filter((room) => membershipOf(room, user.id) === "join");
    return ask.json({ joined_rooms: joined.map((room) => room.id) });
  });

  for (const path of [`${CLIENT}/join/:room`, `${CLIENT}/rooms/:room/join`]) {
    app.post(path, async (ask) => ask.json({ room_id: (await changeOwn(ask, "join")).id }));
  }

  app.post(`${CLIENT}/rooms/:room/leave`, async (ask) => {
    await changeOwn(ask, "leave");
    return ask.json({});
  });

  async function changeOwn(ask: Ask, membership: "join" | "leave"): Promise<Room> {
    const { user } = authenticate(ask, server);
    const content = await readBody(ask.req, Own, "orEmpty");
    const name = ask.req.param("room") ?? "";
    if (name.startsWith("#")) throw notFound("The homeserver does not know that alias");
    const room = store.rooms.get(name);
    if (!room) throw unknownRoom();
    limiter.check(user.id);
    const changed = changeMembership(store, room, { sender: user, target: user.id, membership, content });
    if (changed) limiter.count(user.id);
    return room;
  }

  for (const [path, membership] of [
    ["invite", "invite"],
    ["kick", "leave"],
  ] as const) {
    app.post(`${CLIENT}/rooms/:room/${path}`, async (ask) => {
      const { user } = authenticate(ask, server);
      const { user_id, ...content } = await readBody(ask.req, Other);
      checkUserId(user_id);
      const room = store.rooms.get(ask.req.param("room"));
      checkJoined(room, user.id);
      limiter.check(user.id);
      changeMembership(store, room, { sender: user, target: user_id, membership, content });
      limiter.count(user.id);
      return ask.json({});
    });
  }
}

function checkUserId(userId: string): void {
  if (!/^@[^:]+:.+$/s.test(userId)) throw invalidParam(`'${userId}' is not a user id`);
}
