import type { RoomEvent } from "../streams/contract.ts";
import { opaqueId, type Random } from "../streams/ids.ts";
import type { Call, Input } from "./call-state.ts";
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

/** Reads what sync responses bring, event by event, and gives each call its own; decides what rings at the end. */
export function createReader<Own extends Holder>(options: {
  readonly router: Router<Own>;
  readonly random: Random;
  /** Gives an input to a call, if it still lives. */
  readonly give: (own: Own, input: Input) => void;
  /** Holds a call that an invite begins. */
  readonly begin: (call: Call) => Own;
  readonly trace: Story["message"];
}): (batch: ArrivedBatch) => void {
  const { router, random, give, begin, trace } = options;

  /** A hangup of ours that may be part of glare is put off until it is known what rings. */
  const receive = (
    origin: RoomEvent,
    batch: ArrivedBatch,
    begun: Begun<Own>[],
    hangups: Late<Own>[],
  ): void => {
    for (const { own, who } of router.note(origin)) give(own, { type: "left", who });
    const head = headOf(origin);
    const known = head && router.find(head);
    if (!head || !router.concerns(head, known)) return;
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
        const group = router.isGroup(call.roomId);
        const ours = router.callsIn(call.roomId).filter((own) => isGlare(own.call, call, group));
        begun.push({ theirs: begin(call), ours, taken: false });
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
            call.taken = route.own.call.phase === "ended";
    }
  };

  /** The batch is read: theirs rings, or takes the place of ours, or gives way to it (P9, P21). */
  const announce = ({ theirs, ours, taken }: Begun<Own>) => {
    const { roomId } = theirs.call;
    const lives = ({ call }: Own) => call.phase !== "ended";
    if (!lives(theirs) && !taken) return;
    const room = { publicRoom: router.isPublic(roomId), groupRoom: router.isGroup(roomId) };
    // What may not ring in a public room is not accepted there unasked either (P12).
    const crossed = room.publicRoom ? [] : ours.filter(lives);
    const calls = crossed.map(({ call }) => call);
    if (!takesPlaceOf(theirs.call, calls)) return give(theirs, { type: "outranked" });
    const [replaced, ...others] = crossed;
    if (replaced) give(replaced, { type: "replaced", elsewhere: taken });
    for (const other of others) give(other, { type: "replaced", elsewhere: true });
    give(theirs, { type: "batch_read", ...room, ...(replaced && { replaces: replaced.call.callId }) });
  };

  return (batch) => {
    const begun: Begun<Own>[] = [];
    const hangups: Late<Own>[] = [];
    router.count(batch.members);
    for (const event of batch.events) receive(event, batch, begun, hangups);
    for (const call of begun) announce(call);
    for (const { own, event } of hangups) give(own, { type: "event", event });
  };
}

/** Whether a call of theirs that came in the same batch is about to take the place of this one. */
const isOvertaken = (call: Call, begun: readonly Begun<Holder>[]): boolean =>
  begun.some(({ theirs, ours }) => givesWay(call, theirs.call) && ours.some((own) => own.call === call));
