import { type App, type Ask, authenticate, CLIENT, type Server } from "./app.ts";
import { isSame, type Json, readJson } from "./body.ts";
import { delayOf, readScheduled, schedulingPaths } from "./delayed.ts";
import { MatrixError, notFound, tooLarge } from "./error.ts";
import { changeMembership } from "./membership.ts";
import { checkJoined, checkMaySend, checkRules } from "./power.ts";
import { type Room, stateOf } from "./room.ts";
import { addEvent, type Draft } from "./store.ts";

/** Putting events into rooms: messages with a transaction id, and state. */
export function sendRoutes(app: App, server: Server): void {
  const { store, limiter, delayed } = server;

  app.put(`${CLIENT}/rooms/:room/send/:type/:transaction`, (ask) =>
    put(ask, async () => {
      const content = await readJson(ask.req);
      return { content, delay: delayOf(ask, delayed) };
    }),
  );
  for (const path of schedulingPaths(delayed)) app.put(path, (ask) => put(ask, () => readScheduled(ask)));

  async function put(
    ask: Ask,
    read: () => Promise<{ content: Json; delay: number | undefined }>,
  ): Promise<Response> {
    const device = authenticate(ask, server);
    const { room: roomId, type, transaction } = { room: "", type: "", transaction: "", ...ask.req.param() };
    // As in Synapse, the room and not the path is a transaction's scope, and a repeat is known before its body is read.
    const name = JSON.stringify(["send", roomId, transaction]);
    const earlier = () => device.transactions.get(name);
    const asked = earlier() === undefined ? await read() : undefined;
    // Asked again: a repeat may have overtaken us while the body was read.
    const answered = earlier();
    if (answered !== undefined || !asked) return ask.json(answered);
    const { content, delay } = asked;
    const room = store.rooms.get(roomId);
    const draft = { sender: device.user.id, type, content };
    const answer =
      delay === undefined
        ? { event_id: send(room, { ...draft, device, transactionId: transaction }).eventId }
        : { delay_id: schedule(room, draft, delay) };
    device.transactions.set(name, answer);
    return ask.json(answer);
  }

  /** As in Synapse, only the room must exist; whether the event is allowed shows when it is due. */
  function schedule(room: Room | undefined, draft: Draft, delay: number): string {
    if (!room) throw notFound("The homeserver does not know that room");
    limiter.check(draft.sender);
    limiter.count(draft.sender);
    return delayed.schedule(delay, () => send(room, draft));
  }

  // An empty state key may be left out, with or without the slash before it.
  for (const path of ["", "/", "/:key"]) app.put(`${CLIENT}/rooms/:room/state/:type${path}`, putState);

  async function putState(ask: Ask): Promise<Response> {
    const { user } = authenticate(ask, server);
    const { room: roomId, type, key: stateKey } = { room: "", type: "", key: "", ...ask.req.param() };
    const content = await readJson(ask.req);
    const room = store.rooms.get(roomId);
    checkJoined(room, user.id);
    if (type === "m.room.member") {
      const membership = membershipIn(content.membership);
      changeMembership(store, room, { sender: user, target: stateKey, membership, content });
      return ask.json({ event_id: stateOf(room, type, stateKey)?.eventId });
    }
    checkMaySend(room, user.id, type, stateKey);
    const present = stateOf(room, type, stateKey);
    if (present && isSame(present.content, content)) return ask.json({ event_id: present.eventId });
    return ask.json({ event_id: send(room, { sender: user.id, type, stateKey, content }).eventId });
  }

  function send(room: Room | undefined, draft: Draft) {
    limiter.check(draft.sender);
    checkJoined(room, draft.sender);
    checkMaySend(room, draft.sender, draft.type, draft.stateKey);
    checkSize(room, draft);
    checkRules(draft.type, draft.content);
    const event = addEvent(store, room, draft);
    limiter.count(draft.sender);
    return event;
  }
}

function membershipIn(value: unknown): string {
  if (typeof value === "string") return value;
  throw new MatrixError(400, "M_UNKNOWN", "'membership' must be a string");
}

/** What the signature, the hashes and the references to other events weigh in Synapse (measured), in bytes. */
const ENVELOPE = 466;

/** Throws `M_TOO_LARGE` for an event of more than 65,536 bytes, all told (P30), or a type or state key over 255. */
function checkSize(room: Room, { device: _, transactionId: __, ...draft }: Draft): void {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  if (bytes(draft.type) > 255 || bytes(draft.stateKey ?? "") > 255) {
    throw tooLarge("An event's type and state key hold at most 255 bytes");
  }
  const whole = { room_id: room.id, ...draft, origin_server_ts: 1_700_000_000_000 };
  if (bytes(JSON.stringify(whole)) + ENVELOPE > 65_536) throw tooLarge("An event holds at most 65,536 bytes");
}
