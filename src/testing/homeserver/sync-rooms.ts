import type { Json } from "./body.ts";
import { matchesRoom, type RoomFilter } from "./filter.ts";
import { clientEvent, strippedEvent } from "./format.ts";
import { membershipOf, membersOf, type Room, type StoredEvent, stateHistory, stateOf } from "./room.ts";
import type { Device } from "./store.ts";
import { stateBefore, type Timeline, timelineOf } from "./timeline.ts";

/** Who asks for what: `since` is absent on a first sync. */
export interface Question {
  readonly device: Device;
  readonly since: number | undefined;
  readonly filter: RoomFilter;
  /** Whether the state of every room is wanted, also where nothing is new. */
  readonly fullState: boolean;
  /** The position and the time of the answer. */
  readonly position: number;
  readonly now: number;
}

type Section = "join" | "invite" | "leave";

/** The rooms in which something is new to the reader, as a sync tells them; a section with no room is left out. */
export function syncRooms(question: Question): Json {
  const { device, filter } = question;
  const sections: Partial<Record<Section, Record<string, Json>>> = {};
  for (const room of device.user.rooms) {
    if (!matchesRoom(filter, room.id)) continue;
    for (const [section, entry] of entries(room, question)) {
      sections[section] ??= {};
      sections[section][room.id] = entry;
    }
  }
  return sections;
}

function entries(room: Room, question: Question): [Section, Json][] {
  const { device, since } = question;
  const history = stateHistory(room, "m.room.member", device.user.id);
  const changes = history.filter((event) => event.position > (since ?? 0));
  const wasIn = since !== undefined && membershipOf(room, device.user.id, since) === "join";
  const isIn = history.at(-1)?.content.membership === "join";
  const left = changes.findLast(
    (event) => event.content.membership === "leave" || event.content.membership === "ban",
  );
  const invited = changes.at(-1)?.content.membership === "invite";
  if (isIn) {
    const isNew = !wasIn || changes.some((event) => event.content.membership !== "join");
    return present("join", joined(room, question, isNew));
  }
  const passedThrough = !wasIn && changes.some((event) => event.content.membership === "join");
  return [
    ...(invited ? present("invite", invitation(room, question)) : []),
    ...(left && isWorthTelling(left, question)
      ? present("leave", leave(room, question, left, passedThrough))
      : []),
  ];
}

const present = (section: Section, entry: Json | undefined): [Section, Json][] =>
  entry ? [[section, entry]] : [];

/** A first sync leaves out the rooms that the user left by their own will, unless asked for. */
const isWorthTelling = (left: StoredEvent, { since, filter, device }: Question) =>
  since !== undefined || filter.include_leave === true || left.sender !== device.user.id;

function joined(room: Room, question: Question, isNew: boolean): Json | undefined {
  const { since, position, filter, fullState, device } = question;
  const whole = isNew || fullState;
  if (!whole && (room.events.at(-1)?.position ?? 0) <= (since ?? 0)) return undefined;
  const after = isNew ? 0 : (since ?? 0);
  const found = timelineOf(room, { after, upTo: position }, filter, isNew);
  // Synapse calls the timeline of a room limited that was joined since the last sync, whatever it holds.
  const timeline = { ...found, limited: found.limited || (isNew && since !== undefined) };
  const known = whole ? undefined : since;
  const state = stateBefore(room, timeline, { reader: device.user.id, known, upTo: position }, filter);
  if (isEmpty(timeline, state, whole)) return undefined;
  return {
    ...body(room, question, timeline, state),
    ephemeral: { events: [] },
    unread_notifications: { notification_count: 0, highlight_count: 0 },
    summary: summary(room, question, timeline, state),
  };
}

function leave(room: Room, question: Question, left: StoredEvent, passedThrough: boolean): Json | undefined {
  const { since, filter, device } = question;
  const whole = since === undefined || passedThrough;
  const upTo = left.position;
  const timeline = timelineOf(room, { after: whole ? 0 : since, upTo }, filter, true);
  const known = whole ? undefined : since;
  const state = stateBefore(room, timeline, { reader: device.user.id, known, upTo }, filter);
  if (isEmpty(timeline, state, whole)) return undefined;
  return body(room, question, { ...timeline, limited: timeline.limited || passedThrough }, state);
}

/** As in Synapse: of a room that the reader knows, a change of state alone goes untold. */
const isEmpty = (timeline: Timeline, state: readonly StoredEvent[], isNew: boolean) =>
  timeline.events.length === 0 && (!isNew || state.length === 0);

function body(room: Room, question: Question, timeline: Timeline, state: readonly StoredEvent[]): Json {
  const { device, now, position } = question;
  const first = timeline.events[0]?.position;
  const membershipThen = ({ position }: StoredEvent) =>
    membershipOf(room, device.user.id, position) ?? "leave";
  return {
    timeline: {
      events: timeline.events.map((event) => clientEvent(event, device, now, membershipThen(event))),
      limited: timeline.limited,
      prev_batch: `s${first === undefined ? position : first - 1}`,
    },
    state: { events: state.map((event) => clientEvent(event, device, now)) },
    account_data: { events: [] },
  };
}

/** Synapse counts the members only for readers who load them lazily, and only where the count may have changed. */
function summary(room: Room, question: Question, timeline: Timeline, state: readonly StoredEvent[]): Json {
  const { device, filter, since } = question;
  const isMember = (event: StoredEvent) => event.type === "m.room.member";
  const changed =
    since === undefined || timeline.events.some(isMember) || (timeline.limited && state.some(isMember));
  if (!filter.state.lazy_load_members || !changed) return {};
  const others = membersOf(room, "join", "invite").filter((event) => event.stateKey !== device.user.id);
  return {
    ...(!stateOf(room, "m.room.name") && { "m.heroes": others.slice(0, 5).map((event) => event.stateKey) }),
    "m.joined_member_count": membersOf(room, "join").length,
    "m.invited_member_count": membersOf(room, "invite").length,
  };
}

/** The state that tells an invited user what the room is. */
const STRIPPED = ["m.room.create", "m.room.join_rules", "m.room.name", "m.room.topic", "m.room.encryption"];

function invitation(room: Room, { device, now }: Question): Json {
  const invite = stateOf(room, "m.room.member", device.user.id) as StoredEvent;
  const inviter = stateOf(room, "m.room.member", invite.sender);
  const about = [...STRIPPED.map((type) => stateOf(room, type)), inviter];
  const stripped = about.flatMap((event) => (event ? [strippedEvent(event)] : []));
  return { invite_state: { events: [...stripped, clientEvent(invite, device, now)] } };
}
