import * as v from "valibot";
import { type App, authenticate, CLIENT, type Server } from "./app.ts";
import { isSame, parseJson, readJson } from "./body.ts";
import { forbidden, invalidParam, MatrixError, notFound } from "./error.ts";
import type { StoredEvent } from "./room.ts";
import type { User } from "./store.ts";

const names = v.optional(v.array(v.string()));

const EventFilter = v.object({
  types: names,
  not_types: names,
  senders: names,
  not_senders: names,
  rooms: names,
  not_rooms: names,
  limit: v.optional(v.number()),
  lazy_load_members: v.optional(v.boolean()),
});

const Filter = v.object({
  room: v.optional(
    v.object({
      rooms: names,
      not_rooms: names,
      include_leave: v.optional(v.boolean()),
      timeline: v.optional(EventFilter, {}),
      state: v.optional(EventFilter, {}),
    }),
    {},
  ),
});

type EventFilter = v.InferOutput<typeof EventFilter>;
/** What a sync asks for of its rooms. */
export type RoomFilter = v.InferOutput<typeof Filter>["room"];

export function filterRoutes(app: App, server: Server): void {
  app.post(`${CLIENT}/user/:user/filter`, async (ask) => {
    const { user } = authenticate(ask, server);
    if (ask.req.param("user") !== user.id) throw forbidden("A filter is made for oneself");
    const filter = await readJson(ask.req);
    checkFilter(filter);
    const same = user.filters.findIndex((known) => isSame(known, filter));
    return ask.json({ filter_id: String(same >= 0 ? same : user.filters.push(filter) - 1) });
  });

  app.get(`${CLIENT}/user/:user/filter/:filter`, (ask) => {
    const { user } = authenticate(ask, server);
    if (ask.req.param("user") !== user.id) throw forbidden("A filter is read by whom it belongs to");
    const filter = user.filters[Number(ask.req.param("filter"))];
    if (!filter) throw notFound("No such filter");
    return ask.json(filter);
  });
}

/** The `filter` of a sync: nothing, JSON, or the id of a filter that the user made. */
export function resolveFilter(user: User, filter: string | undefined): RoomFilter {
  if (filter === undefined) return checkFilter({});
  if (filter.startsWith("{")) return checkFilter(parseJson(filter));
  const known = /^\d+$/.test(filter) ? user.filters[Number(filter)] : undefined;
  if (!known) throw invalidParam("No such filter");
  return checkFilter(known);
}

function checkFilter(filter: unknown): RoomFilter {
  const result = v.safeParse(Filter, filter);
  if (result.success) return result.output.room;
  throw new MatrixError(400, "M_UNKNOWN", `Not a filter: ${v.getDotPath(result.issues[0]) ?? ""}`);
}

export function matchesRoom(filter: Pick<RoomFilter, "rooms" | "not_rooms">, roomId: string): boolean {
  return !filter.not_rooms?.includes(roomId) && (filter.rooms?.includes(roomId) ?? true);
}

/** Whether an event passes. A type may end in `*`, which stands for any rest. */
export function matchesEvent(filter: EventFilter, roomId: string, { type, sender }: StoredEvent): boolean {
  const isType = (pattern: string) =>
    pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
  return (
    matchesRoom(filter, roomId) &&
    !filter.not_types?.some(isType) &&
    (filter.types?.some(isType) ?? true) &&
    !filter.not_senders?.includes(sender) &&
    (filter.senders?.includes(sender) ?? true)
  );
}

/** How many timeline events a room's share of a sync may hold. */
export const timelineLimit = (filter: RoomFilter): number =>
  Math.min(Math.max(Math.floor(filter.timeline.limit ?? 10), 1), 100);
