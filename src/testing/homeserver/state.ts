import { type App, type Ask, authenticate, CLIENT, type Server } from "./app.ts";
import { forbidden, notFound } from "./error.ts";
import { clientEvent } from "./format.ts";
import { checkJoined } from "./power.ts";
import { membersOf, type Room, type StoredEvent, stateAt, stateHistory, stateName } from "./room.ts";
import type { Device } from "./store.ts";

/** Reading what a room's state is. Who left it sees it as it was then. */
export function stateRoutes(app: App, server: Server): void {
  const { store } = server;

  app.get(`${CLIENT}/rooms/:room/state`, (ask) => {
    const { device, room, state } = look(ask);
    return ask.json([...state.values()].map((event) => wholeEvent(room, event, device)));
  });

  for (const path of ["", "/", "/:key"]) app.get(`${CLIENT}/rooms/:room/state/:type${path}`, oneState);

  function oneState(ask: Ask): Response {
    const { state } = look(ask);
    const event = state.get(stateName(ask.req.param("type") ?? "", ask.req.param("key") ?? ""));
    if (!event) throw notFound("The room has no such state");
    return ask.json(event.content);
  }

  app.get(`${CLIENT}/rooms/:room/members`, (ask) => {
    const { device, room, state } = look(ask);
    const members = [...state.values()].filter((event) => event.type === "m.room.member");
    return ask.json({ chunk: members.map((event) => wholeEvent(room, event, device)) });
  });

  app.get(`${CLIENT}/rooms/:room/joined_members`, (ask) => {
    const { user } = authenticate(ask, server);
    const room = store.rooms.get(ask.req.param("room"));
    checkJoined(room, user.id);
    const joined = membersOf(room, "join").map(({ stateKey, content }) => [
      stateKey,
      { display_name: content.displayname ?? null, avatar_url: content.avatar_url ?? null },
    ]);
    return ask.json({ joined: Object.fromEntries(joined) });
  });

  function look(ask: Ask): { device: Device; room: Room; state: Map<string, StoredEvent> } {
    const device = authenticate(ask, server);
    const room = store.rooms.get(ask.req.param("room") ?? "");
    const history = room ? stateHistory(room, "m.room.member", device.user.id) : [];
    if (!room || !history.some((event) => event.content.membership === "join")) {
      throw forbidden(`${device.user.id} is not in the room`);
    }
    const last = history.at(-1);
    const isIn = last?.content.membership === "join";
    return { device, room, state: stateAt(room, isIn ? store.position : (last?.position ?? 0)) };
  }

  const wholeEvent = (room: Room, event: StoredEvent, device: Device) => ({
    room_id: room.id,
    ...clientEvent(event, device, store.clock.now()),
  });
}
