/** The far end of transport.ts: rooms in memory, for the logins that it is given. Joining a room makes it. */
import { filter, firstValueFrom, map, Subject, startWith, timeout } from "rxjs";
import {
  type ErrorCode,
  type Identity,
  type RoomEvent,
  TrunklineError,
  toErrorData,
} from "trunkline/streams";
import type { Answer, NewEvent, News, Request } from "./protocol.ts";

export function createRelay(logins: ReadonlyMap<string, Identity>): (request: Request) => Promise<Answer> {
  const log: (RoomEvent & { readonly at: number })[] = [];
  const members = new Map<string, { readonly isIn: boolean; readonly moved: number }>();
  const sent = new Map<string, string>();
  const sent$ = new Subject<void>();

  function send(userId: string, event: NewEvent, transaction: string): string {
    const { roomId, type, content, stateKey } = event;
    const isIn = type === "m.room.member" && (content as { membership?: unknown }).membership === "join";
    const isEncrypted = log.some((each) => each.roomId === roomId && each.type === "m.room.encryption");
    if (!members.get(`${roomId} ${userId}`)?.isIn && !(isIn && stateKey === userId)) refuse("not_in_room");
    if (isEncrypted && stateKey === undefined) refuse("room_encrypted");
    if (JSON.stringify(content).length > 64_000) refuse("event_too_large");
    const earlier = sent.get(transaction);
    if (earlier !== undefined) return earlier;
    const eventId = `$${log.length}`;
    if (type === "m.room.member") members.set(`${roomId} ${stateKey}`, { isIn, moved: log.length });
    log.push({ ...event, eventId, sender: userId, encrypted: false, at: Date.now() });
    sent.set(transaction, eventId);
    sent$.next();
    return eventId;
  }

  /** A member sees all of a room when it comes in, and nothing after it has gone. */
  function news(userId: string, since = -1): News {
    const events = log.filter(({ roomId }, position) => {
      const { isIn = false, moved = -1 } = members.get(`${roomId} ${userId}`) ?? {};
      return isIn ? Math.max(position, moved) >= since : since >= 0 && position >= since && position <= moved;
    });
    const moves = new Set(events.flatMap(({ type, roomId }) => (type === "m.room.member" ? roomId : [])));
    const inside = (roomId: string) =>
      [...members].filter(([key, { isIn }]) => isIn && key.startsWith(`${roomId} `));
    return {
      next: log.length,
      events: events.map(({ at, ...event }) => ({ ...event, age: Date.now() - at })),
      members: [...moves].map((roomId) => ({ roomId, joined: inside(roomId).length })),
    };
  }

  function work({ token, ...ask }: Request): unknown {
    const user = () => logins.get(token) ?? refuse("unknown_token");
    if (ask.type === "identity") return user();
    if (ask.type === "send") return send(user().userId, ask.event, `${token} ${ask.txnId}`);
    const news$ = sent$.pipe(
      startWith(undefined),
      map(() => news(user().userId, ask.since)),
    );
    const wanted$ = news$.pipe(filter(({ events }) => ask.since === undefined || events.length > 0));
    return firstValueFrom(wanted$.pipe(timeout({ first: 20_000, with: () => news$ })));
  }

  return async (request) => {
    try {
      return { id: request.id, value: await work(request) };
    } catch (error) {
      return { id: request.id, error: toErrorData(error) };
    }
  };
}

function refuse(code: ErrorCode): never {
  throw new TrunklineError(code, `The relay refuses this: ${code}`);
}
