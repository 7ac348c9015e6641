import { BehaviorSubject, map, Subject } from "rxjs";
import { createCalls } from "../../src/signaling/calls.ts";
import { encode, type From, type Outgoing } from "../../src/signaling/encode.ts";
import type {
  CallRef,
  DelayedEvents,
  EventBatch,
  FinalRequest,
  Memory,
  MemoryChange,
  Party,
  RoomEvent,
  Signal,
  Transport,
} from "../../src/streams/contract.ts";
import { NO_MEMORY, remember } from "../../src/streams/memory.ts";
import { POLICIES } from "../../src/streams/policy.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { alice, bob, offer, ref } from "./support.ts";

/** An event of a room, as a sync brings it. */
export function said(sender: Party, { type, content }: Outgoing, over: Partial<RoomEvent> = {}): RoomEvent {
  return {
    roomId: ref.roomId,
    eventId: "$e",
    sender: sender.userId,
    type,
    content,
    age: 0,
    encrypted: false,
    ...over,
  };
}

/** A party's end of a call, to encode what it says. */
export const endOf = (party: Required<Party>, callId: string): From => ({
  roomId: ref.roomId,
  callId,
  partyId: party.partyId,
});

export const inviteBy = (party: Required<Party>, callId: string, invitee?: string): RoomEvent =>
  said(party, encode.invite(endOf(party, callId), offer, 90_000, invitee));

/** The calls of one device, on a homeserver that takes everything at once, unless it is told otherwise. */
export function callsWorld(
  us: Party = alice,
  delayed?: DelayedEvents,
  { calls: remembered }: Memory = NO_MEMORY,
  faults: Error[] = [],
  clock = virtualClock(),
  known: readonly CallRef[] = [],
) {
  const changes = new Subject<MemoryChange>();
  const reconnected$ = new Subject<void>();
  let memory: Memory = { calls: remembered };
  const signals: Signal[] = [];
  const sent: { type: string; content: Readonly<Record<string, unknown>>; txnId: string }[] = [];
  let seed = 0;
  const token = new BehaviorSubject<string | undefined>("token");
  const prepareSend: Transport["prepareSend"] = (roomId, type, content, txnId) =>
    token.pipe(
      map((accessToken) =>
        accessToken === undefined
          ? undefined
          : {
              url: `https://hs.test/${roomId}/${type}/${txnId}`,
              method: "PUT",
              headers: { Authorization: `Bearer ${accessToken}` },
              body: JSON.stringify(content),
            },
      ),
    );
  let prepared: readonly FinalRequest[] | undefined;
  const calls = createCalls({
    policy: POLICIES.balanced,
    us: { userId: us.userId, deviceId: "D" },
    async send(_roomId, type, content, txnId) {
      const fault = faults.shift();
      if (fault) throw fault;
      sent.push({ type, content: content as Record<string, unknown>, txnId });
      return "$id";
    },
    delayed: async () => delayed,
    clock,
    random: () => {
      seed = (seed * 16_807 + 1) % 2_147_483_647;
      return seed / 2_147_483_647;
    },
    emit: (signal) => signals.push(signal),
    memory: changes,
    reconnected$,
    prepareSend,
    remembered,
    known,
  });

  calls.finalRequests$.subscribe((list) => {
    prepared = list;
  });

  return {
    calls,
    clock,
    reconnected$,
    signals,
    sent,
    faults,
    /** The access token in force; undefined where none will do. */
    token,
    /** What a page that closes now would send. */
    prepared: () => prepared,
    /** Has what changes remembered from now on. */
    watch() {
      changes.subscribe((change) => {
        memory = remember(memory, structuredClone(change));
      });
    },
    /** What is remembered. */
    memory: () => memory,
    /** Reads a batch. */
    read(events: readonly RoomEvent[], over: Partial<EventBatch> = {}) {
      calls.read({ live: true, events, ...over });
    },
    /** Places and sends a call to Bob, or as the options say. */
    async place(
      callId: string,
      { invitee = bob.userId, invite = true }: { invitee?: string | null; invite?: boolean } = {},
    ) {
      const call = { roomId: ref.roomId, callId };
      await calls.dispatch({ ...call, type: "place", ...(invitee !== null && { invitee }) });
      if (invite) await calls.dispatch({ ...call, type: "invite", ...offer });
      return call;
    },
    /** What the app was told of a call but for its story. */
    news: ({ callId }: Pick<CallRef, "callId">) =>
      signals.filter((signal) => signal.type !== "trace" && signal.callId === callId),
    /** The messages of a call that were dropped: their types. */
    dropped: ({ callId }: Pick<CallRef, "callId">) =>
      signals.flatMap((signal) =>
        signal.type === "trace" &&
        signal.callId === callId &&
        signal.entry.kind === "message" &&
        signal.entry.direction === "dropped"
          ? [signal.entry.eventType]
          : [],
      ),
    /** The party that we are in a call, as our events say. */
    party(callId: string): Required<Party> {
      const event = sent.find(({ content }) => content.call_id === callId);
      return { userId: us.userId, partyId: String(event?.content.party_id) };
    },
    /** The same, of a call that is watched, before anything of it was sent. */
    watchedParty(callId: string): Required<Party> {
      const kept = memory.calls.find((call) => call.callId === callId);
      return (kept as { state: { call: { us: Required<Party> } } }).state.call.us;
    },
    types: () => sent.map(({ type }) => type.replace("m.call.", "")),
  };
}
