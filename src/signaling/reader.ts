import type { RoomEvent } from "../streams/contract.ts";
import { opaqueId, type Random } from "../streams/ids.ts";
import { type Call, type Input, type Sent, sameParty } from "./call-state.ts";
import { join } from "./early-events.ts";
import type { CallEvent } from "./event-types.ts";
import { decode, headOf } from "./events.ts";
import { givesWay, isGlare, takesPlaceOf } from "./glare.ts";
import type { ArrivedBatch, Holder, Router } from "./router.ts";
import { countOf, type Story } from "./story.ts";

/** A call whose invite came in the batch that is being read, and those of ours that it crossed (P21). */
interface Begun<Own> {
  readonly theirs: Own;
  readonly ours: readonly Own[];
  /** Whether another device of ours has answered it since. */
  taken: boolean;
}

/** A hangup that waits until the batch is read. */
interface Late<Own> {
  readonly own: Own;
  readonly event: CallEvent;
}

export interface Reader {
  /** Reads a batch event by event, gives each call its own, and decides at the end what rings (P9). */
  read(batch: ArrivedBatch): void;
  /** To be called when fewer calls ring, or one of ours begins: calls that have waited for it may ring now (P46). */
  ringWaiting(): void;
}

export function createReader<Own extends Holder>(options: {
  readonly router: Router<Own>;
  readonly random: Random;
  readonly now: () => number;
  /** Gives an input to a call, if it still lives. */
  readonly give: (own: Own, input: Input) => void;
  /** Holds a call that an invite begins. */
  readonly begin: (call: Call) => Own;
  readonly trace: Story["message"];
}): Reader {
  const { router, random, now, give, begin, trace } = options;
  let reading = false;
  let waiting: readonly Own[] = [];

  /** Those of ours that a call of theirs crosses. */
  const crossedBy = (call: Call) => {
    const group = router.isGroup(call.roomId);
    return router.callsIn(call.roomId).filter((own) => isGlare(own.call, call, group));
  };

  /** A hangup of ours that may be part of glare is put off until it is known what rings. */
  const receive = (
    origin: RoomEvent,
    batch: ArrivedBatch,
    begun: Begun<Own>[],
    hangups: Late<Own>[],
  ): void => {
    router.note(origin);
    const head = headOf(origin);
    if (!head) return;
    const known = router.find(head);
    const echoed = ECHOES.get(head.eventType);
    if (known && echoed && sameParty(known.call.us, head.sender)) {
      give(known, { type: "echoed", what: echoed });
      return;
    }
    if (!router.concerns(head, known)) {
      if (!known) router.keepEarly(origin, head);
      return;
    }
    const event = decode(origin, head);
    if (!event) {
      if (known) trace(head, "dropped", origin.type, "malformed");
      return;
    }
    const route = router.route(event, known, origin, batch, () => opaqueId(random));
    switch (route.type) {
      case "dropped":
        if (event.type === "invite" || known) trace(event, "dropped", event.eventType, route.why);
        break;
      case "new": {
        trace(event, "received", event.eventType, countOf(event));
        const { call } = route;
        for (const older of router.olderThan(call)) give(older, { type: "superseded" });
        const ours = crossedBy(call);
        begun.push({ theirs: begin(call), ours, taken: false });
        for (const early of router.takeEarly(call)) receive(early, batch, begun, hangups);
        break;
      }
      case "known":
        trace(event, "received", event.eventType, countOf(event));
        // A peer whose call wins may hang up ours before we have come to that end ourselves (P21).
        if (event.type === "hangup" && isOvertaken(route.own.call, begun))
          hangups.push({ own: route.own, event });
        else give(route.own, { type: "event", event });
        for (const call of begun)
          if (event.type === "answer" && call.theirs === route.own)
            call.taken = route.own.call.state === "ended";
    }
  };

  /** The batch is read: theirs rings, or takes the place of ours, or gives way to it (P9, P21), or waits (P46). */
  const announce = ({ theirs, ours, taken }: Begun<Own>) => {
    const { roomId } = theirs.call;
    if (!lives(theirs) && !taken) return;
    const room = { publicRoom: router.isPublic(roomId), groupRoom: router.isGroup(roomId) };
    // What may not ring in a public room is not accepted there unasked either (P12).
    const crossed = room.publicRoom ? [] : ours.filter(lives);
    const calls = crossed.map(({ call }) => call);
    if (!takesPlaceOf(theirs.call, calls)) return give(theirs, { type: "outranked" });
    const [replaced, ...others] = crossed;
    if (!replaced && !router.mayRing(theirs.call)) {
      waiting = [...waiting, theirs];
      return;
    }
    if (replaced) give(replaced, { type: "replaced", elsewhere: taken });
    for (const other of others) give(other, { type: "replaced", elsewhere: true });
    give(theirs, { type: "batch_read", ...room, ...(replaced && { replaces: replaced.call.callId }) });
  };

  const ringWaiting = () => {
    // What is being read may hold the hangup (P9).
    if (reading || waiting.length === 0) return;
    const due = waiting;
    waiting = [];
    for (const theirs of due) {
      if (router.isTimely(theirs.call, now()))
        announce({ theirs, ours: crossedBy(theirs.call), taken: false });
      else give(theirs, { type: "expired" });
    }
  };

  return {
    read(batch) {
      const begun: Begun<Own>[] = [];
      const hangups: Late<Own>[] = [];
      /** By room and user: who leaves and comes back has not left (P18). */
      const members = new Map<string, RoomEvent>();
      reading = true;
      router.count(batch.members);
      for (const event of batch.events) {
        receive(event, batch, begun, hangups);
        if (event.type === "m.room.member" && event.stateKey !== undefined)
          members.set(join(event.roomId, event.stateKey), event);
      }
      for (const event of members.values())
        for (const { own, who } of router.losers(event)) give(own, { type: "left", who });
      for (const call of begun) announce(call);
      for (const { own, event } of hangups) give(own, { type: "event", event });
      reading = false;
      ringWaiting();
    },
    ringWaiting,
  };
}

/** Our own events that prove by coming back that they were stored: each is sent once in a call. */
const ECHOES = new Map<string, Sent>([
  ["m.call.invite", "invite"],
  ["m.call.answer", "answer"],
]);

const lives = ({ call }: Holder) => call.state !== "ended";

/** Whether a call of theirs that came in the same batch is about to take the place of this one. */
const isOvertaken = (call: Call, begun: readonly Begun<Holder>[]): boolean =>
  begun.some(({ theirs, ours }) => givesWay(call, theirs.call) && ours.some((own) => own.call === call));
