import type { CallRef, EventBatch, Identity, RoomEvent } from "../streams/contract.ts";
import { POLICIES, type SignalingPolicy } from "../streams/policy.ts";
import { receive } from "./call.ts";
import { type Call, isSame, otherUserOf, sameParty } from "./call-state.ts";
import { APPLIES, isIn } from "./call-table.ts";
import { BoundedMap, EarlyEvents, join } from "./early-events.ts";
import type { CallEvent, EventOf, Head } from "./event-types.ts";

/** Bounds on what strangers can make us keep (P44): of calls that ring and of those that wait until they can. */
const MAX_UNANSWERED = 128;
const MAX_REMEMBERED = 1_000;
/** How exactly ages of different sync responses compare, in ms: within this, the one that came later is the newer. */
const AGE_TOLERANCE = 2_000;

/** What holds a call, and has it change. */
export interface Holder {
  readonly call: Call;
}

/** What is known of a room, and the calls in it. A call id means something only within its room (P40). */
interface Room<Own> {
  publicRoom: boolean;
  /** Whether it has more than two members (P13). */
  groupRoom: boolean;
  encrypted: boolean;
  /** Seldom more than one. */
  calls: readonly Own[];
}

/** A batch, and when it reached this engine, by its own clock: from then on its events grow older (P8). */
export interface ArrivedBatch extends EventBatch {
  readonly receivedAt: number;
}

export type Route<Own> =
  /** The call that the event belongs to. */
  | { readonly type: "known"; readonly own: Own }
  /** A call that this invite begins; it rings when the batch has been read (P9). */
  | { readonly type: "new"; readonly call: Call }
  | { readonly type: "dropped"; readonly why: string };

export interface Router<Own extends Holder> {
  find(ref: CallRef): Own | undefined;
  /** Keeps a call, and is to be told when it has changed; one that has ended is forgotten but for its id. */
  keep(own: Own): void;
  /** The hangups that came of a call before it was known: the last by each user. */
  hangupsOf(call: CallRef): CallEvent[];
  /** Every call that has not ended. */
  live(): Own[];
  /** Those of one room. */
  callsIn(roomId: string): readonly Own[];
  isPublic(roomId: string): boolean;
  isGroup(roomId: string): boolean;
  /** Takes note of how many members rooms have (P13). */
  count(members: EventBatch["members"]): void;
  /** Takes note of a state event. */
  note(event: RoomEvent): void;
  /** The calls that lose a member by a membership event (P18). */
  losers(event: RoomEvent): { readonly own: Own; readonly who: "us" | "peer" }[];
  /** Those of its caller, in its room, that nobody has answered: this one is newer (P46). */
  olderThan(call: Call): Own[];
  /** Whether it may ring at present (P46), and whether there is time enough left to answer it (P8). */
  mayRing(call: Call): boolean;
  isTimely(call: Call, at: number): boolean;
  /**
   * Whether an event is worth reading: most of what others say is for other devices, and half of the rest is what we
   * said ourselves, known by its party (P5).
   */
  concerns(head: Head, known: Own | undefined): boolean;
  /** Keeps an event of a call that is not known, for its invite may follow. */
  keepEarly(event: RoomEvent, head: Head): void;
  /** Those of a call that is known by now. */
  takeEarly(call: Call): RoomEvent[];
  /** Finds an event's call; `known` is the one of its name, where there is one. `newPartyId` names our party in a call that begins with it. */
  route(
    event: CallEvent,
    known: Own | undefined,
    origin: RoomEvent,
    batch: ArrivedBatch,
    newPartyId: () => string,
  ): Route<Own>;
}

/** Knows which call an event belongs to, by room, call id and party; and which invites may ring. */
export function createRouter<Own extends Holder>(
  us: Identity,
  policy: Pick<SignalingPolicy, "maxRinging" | "minTimeToAnswer"> = POLICIES.balanced,
): Router<Own> {
  const rooms = new Map<string, Room<Own>>();
  /** Calls that have ended, and hangups that came before their invite: a late invite must not ring. */
  const over = new BoundedMap<true>(MAX_REMEMBERED);
  const withdrawn = new BoundedMap<CallEvent>(MAX_REMEMBERED);
  const early = new EarlyEvents();
  /** Calls of theirs that ring, or wait till they may. */
  const unanswered = new Set<Own>();
  /** When each caller, by room, last called: whoever calls again has lost the call before (P46). */
  const lastCalled = new BoundedMap<number>(MAX_REMEMBERED);

  /** Changes what is known of a room; a room of which nothing is left to know is forgotten. */
  const change = (roomId: string, apply: (room: Room<Own>) => void): void => {
    const room = rooms.get(roomId) ?? unknown<Own>();
    apply(room);
    if (room.publicRoom || room.groupRoom || room.encrypted || room.calls.length > 0) rooms.set(roomId, room);
    else rooms.delete(roomId);
  };

  const caller = (call: Call) => join(call.roomId, otherUserOf(call) ?? "");

  const olderThan = (call: Call) =>
    [...unanswered].filter((own) => own.call.callId !== call.callId && caller(own.call) === caller(call));

  /** Why an invite does not begin a call, or the call. */
  const admit = (invite: EventOf<"invite">, batch: ArrivedBatch, newPartyId: () => string): Route<Own> => {
    const { roomId, callId, sender, invitee, lifetime } = invite;
    if (sender.userId === us.userId && invitee !== us.userId) return drop("an invite of our own");
    if (invitee !== undefined && invitee !== us.userId) return drop("an invite for somebody else");
    if (over.has(join(roomId, callId)) || withdrawn.has(join(roomId, callId, sender.userId))) {
      return drop("an invite for a call that is over");
    }
    const expiresAt = batch.receivedAt - age(invite, batch) + lifetime;
    if (expiresAt - batch.receivedAt < policy.minTimeToAnswer) return drop("an invite that has expired");
    const call = receive(invite, { userId: us.userId, partyId: newPartyId() }, expiresAt);
    if (calledAt(call) + AGE_TOLERANCE < (lastCalled.get(caller(call)) ?? Number.NEGATIVE_INFINITY))
      return drop("an invite of a caller who has called again since");
    const mayWait = unanswered.size < MAX_UNANSWERED || olderThan(call).length > 0;
    return mayWait ? { type: "new", call } : drop("an invite beyond the number that may wait to ring");
  };

  return {
    find: ({ roomId, callId }) => rooms.get(roomId)?.calls.find(({ call }) => call.callId === callId),

    keep(own) {
      const { call } = own;
      const { roomId, callId, state } = call;
      if (isIn(APPLIES, "superseded", state)) {
        const key = caller(call);
        unanswered.add(own);
        lastCalled.set(key, Math.max(calledAt(call), lastCalled.get(key) ?? Number.NEGATIVE_INFINITY));
      } else unanswered.delete(own);
      change(roomId, (room) => {
        if (state === "ended") room.calls = room.calls.filter((other) => other !== own);
        else if (!room.calls.includes(own)) room.calls = [...room.calls, own];
      });
      if (state === "ended") over.set(join(roomId, callId), true);
    },

    hangupsOf: (call) => [...withdrawn.values()].filter((hangup) => isSame(hangup, call)),

    live: () => [...rooms.values()].flatMap(({ calls }) => calls),

    callsIn: (roomId) => rooms.get(roomId)?.calls ?? [],

    isPublic: (roomId) => rooms.get(roomId)?.publicRoom ?? false,

    isGroup: (roomId) => rooms.get(roomId)?.groupRoom ?? false,

    count(members = []) {
      for (const { roomId, joined } of members) {
        change(roomId, (room) => {
          room.groupRoom = joined > 2;
        });
      }
    },

    note(event) {
      if (event.stateKey === undefined) return;
      if (event.type === "m.room.join_rules") {
        change(event.roomId, (room) => {
          room.publicRoom = field(event, "join_rule") === "public";
        });
      }
      if (event.type === "m.room.encryption") {
        change(event.roomId, (room) => {
          room.encrypted = true;
        });
      }
    },

    losers(event) {
      const membership = field(event, "membership");
      if (membership !== "leave" && membership !== "ban") return [];
      const calls = rooms.get(event.roomId)?.calls ?? [];
      if (event.stateKey === us.userId) return calls.map((own) => ({ own, who: "us" }));
      return calls
        .filter(({ call }) => otherUserOf(call) === event.stateKey)
        .map((own) => ({ own, who: "peer" }));
    },

    olderThan,

    mayRing(call) {
      const rings = (own: Own) => own.call.state === "ringing";
      return [...unanswered].filter(rings).length < policy.maxRinging && !olderThan(call).some(rings);
    },

    isTimely: ({ expiresAt }, at) => expiresAt - at >= policy.minTimeToAnswer,

    concerns({ eventType, sender }, known) {
      // Our hangup ends our call before it comes back: one of a call that lives the homeserver sent for us (P34).
      if (eventType === "m.call.hangup") return true;
      return known ? !sameParty(known.call.us, sender) : eventType === "m.call.invite";
    },

    keepEarly(event, { roomId, callId }) {
      if (!over.has(join(roomId, callId))) early.add(event);
    },

    takeEarly: (call) => early.take(call),

    route(event, known, origin, batch, newPartyId) {
      if (!origin.encrypted && rooms.get(event.roomId)?.encrypted)
        return drop("plaintext in an encrypted room");
      if (known) return { type: "known", own: known };
      if (event.type === "invite") return admit(event, batch, newPartyId);
      if (event.type === "hangup")
        withdrawn.set(join(event.roomId, event.callId, event.sender.userId), event);
      return drop("an event for a call that is not known");
    },
  };
}

/** When its invite was sent, as far as its age tells. */
const calledAt = ({ expiresAt, lifetime }: Call) => expiresAt - lifetime;

const drop = (why: string) => ({ type: "dropped", why }) as const;

const field = (event: RoomEvent, name: string): unknown =>
  (event.content as Readonly<Record<string, unknown>> | null | undefined)?.[name];

/** How old an event was when its batch came, in ms (P8). History of an unknown age counts as too old to ring. */
const age = (event: CallEvent, batch: EventBatch): number =>
  event.age ?? (batch.live ? 0 : Number.POSITIVE_INFINITY);

const unknown = <Own>(): Room<Own> => ({ publicRoom: false, groupRoom: false, encrypted: false, calls: [] });
