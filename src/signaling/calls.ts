import { Subject, Subscription, timer } from "rxjs";
import { BATCH_POLICY, batchCandidates } from "../streams/batch.ts";
import type {
  CallRef,
  Candidate,
  Clock,
  Command,
  EventBatch,
  Identity,
  RoomEvent,
  Signal,
  TraceEntry,
  Transport,
} from "../streams/contract.ts";
import { fromErrorData, TrunklineError, toErrorData } from "../streams/errors.ts";
import { opaqueId, type Random } from "../streams/ids.ts";
import { place, step } from "./call.ts";
import type { Call, Effect, Input } from "./call-state.ts";
import { type CallEvent, decode } from "./events.ts";
import { createOutbox } from "./outbox.ts";
import { createRouter } from "./router.ts";

/** How long an event that only eases or ends a call is worth sending, in ms. */
const WORTH_SENDING = 60_000;

export interface Calls {
  /** Reads what one sync response brought; calls ring when it is read to its end (P9). */
  read(batch: EventBatch): void;
  /** As `SignalingHalf.dispatch`. */
  dispatch(command: Command): Promise<void>;
  /** Hangs up every call; resolves when the homeserver knows, or will not. */
  hangUpAll(): Promise<void>;
  /** Ends timers and gives up on what is unsent. */
  close(): void;
}

/** What a live call keeps running beside its state. */
interface Running {
  expiry: Subscription;
  readonly candidates: Subject<Candidate>;
}

/** Runs calls: asks the pure function what an input means, and does it. The state of all calls is in the router. */
export function createCalls(options: {
  readonly us: Identity;
  readonly send: Transport["send"];
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: (signal: Signal) => void;
}): Calls {
  const { us, clock, random, emit } = options;
  const router = createRouter(us);
  const running = new Map<string, Running>();

  const trace = ({ roomId, callId }: CallRef, entry: TraceEntry) =>
    emit({ type: "trace", roomId, callId, entry });
  const message = (
    ref: CallRef,
    direction: "sent" | "received" | "dropped",
    eventType: string,
    note?: string,
  ) =>
    trace(ref, {
      kind: "message",
      at: clock.now(),
      direction,
      eventType,
      ...(note !== undefined && { note }),
    });

  const outbox = createOutbox({
    send: options.send,
    clock,
    random,
    onSend: (letter) => {
      const { candidates } = letter.event.content;
      message(
        letter,
        "sent",
        letter.event.type,
        Array.isArray(candidates) ? `${candidates.length}` : undefined,
      );
    },
  });

  const keyOf = ({ roomId, callId }: CallRef) => JSON.stringify([roomId, callId]);

  const runningOf = (call: Call): Running => {
    const known = running.get(keyOf(call));
    if (known) return known;
    const fresh: Running = { expiry: Subscription.EMPTY, candidates: new Subject() };
    running.set(keyOf(call), fresh);
    fresh.candidates
      .pipe(batchCandidates(BATCH_POLICY, clock))
      .subscribe((candidates) => feed(call, { type: "batched", candidates }));
    return fresh;
  };

  const forget = (call: Call) => {
    const known = running.get(keyOf(call));
    running.delete(keyOf(call));
    known?.expiry.unsubscribe();
    known?.candidates.complete();
  };

  /** For what comes of itself: the call may be over by then, and nobody waits for what it sends. */
  const feed = (ref: CallRef, input: Input) => {
    const call = router.find(ref);
    if (call) apply(call, input).catch(() => {});
  };

  const deliver = async (call: Call, { what, event }: Extract<Effect, { type: "send" }>): Promise<void> => {
    const { roomId, callId } = call;
    const expiresAt = what === "invite" || what === "answer" ? call.expiresAt : clock.now() + WORTH_SENDING;
    try {
      await outbox.send({ roomId, callId, event, expiresAt });
    } catch (error) {
      feed(call, { type: "failed", what, error: toErrorData(error) });
      throw error;
    }
    feed(call, { type: "sent", what });
  };

  /** Takes the step and does what it asks. Settles when what it sends has settled. */
  const apply = async (call: Call, input: Input): Promise<void> => {
    const { call: next, effects } = step(call, input, clock.now());
    if (next !== call) router.keep(next);
    const sending: Promise<void>[] = [];
    for (const effect of effects) {
      if (effect.type === "send") sending.push(deliver(next, effect));
      else if (effect.type === "refused") sending.push(Promise.reject(fromErrorData(effect.error)));
      else perform(next, input, effect);
    }
    if (next.phase === "ended") forget(next);
    await Promise.all(sending);
  };

  const perform = (call: Call, input: Input, effect: Exclude<Effect, { type: "send" | "refused" }>): void => {
    switch (effect.type) {
      case "signal":
        emit(effect.signal);
        break;
      case "milestone":
        trace(call, { kind: "milestone", name: effect.name, at: clock.now() });
        break;
      case "batch":
        runningOf(call).candidates.next(effect.candidate);
        break;
      case "expire_at": {
        const own = runningOf(call);
        own.expiry.unsubscribe();
        own.expiry = timer(effect.at - clock.now(), clock).subscribe(() => feed(call, { type: "expired" }));
        break;
      }
      case "never_expire":
        running.get(keyOf(call))?.expiry.unsubscribe();
        break;
      case "dropped":
        if (input.type === "event") message(call, "dropped", input.event.type, effect.why);
    }
  };

  const receive = (origin: RoomEvent, batch: EventBatch): void => {
    for (const { call, who } of router.note(origin)) feed(call, { type: "left", who });
    const event = decode(origin);
    if (!event) return;
    const route = router.route(event, origin, batch, () => opaqueId(random));
    if (route.type === "dropped") {
      if (event.type === "invite") message(event, "dropped", origin.type, route.why);
      return;
    }
    message(event, "received", origin.type, countOf(event));
    if (route.type === "new") router.keep(route.call);
    else feed(route.call, { type: "event", event });
  };

  return {
    read(batch) {
      for (const event of batch.events) receive(event, batch);
      for (const call of router.unread()) {
        feed(call, { type: "batch_read", publicRoom: router.isPublic(call.roomId) });
      }
    },

    async dispatch(command) {
      const call = router.find(command);
      if (command.type === "place" && !call) {
        router.keep(place(command, { userId: us.userId, partyId: opaqueId(random) }));
        return;
      }
      if (!call) {
        throw new TrunklineError(
          "unknown_call",
          `There is no call ${command.callId} in ${command.roomId}: it was never placed, or has ended.`,
        );
      }
      await apply(call, { type: "command", command });
    },

    async hangUpAll() {
      const commands = router.live().map(({ roomId, callId, direction, phase }): Command | undefined => {
        const ref = { roomId, callId };
        if (direction === "incoming" && phase !== "answered") return undefined; // our other devices may still answer
        return { ...ref, type: "hangup", reason: "user_hangup" };
      });
      await Promise.allSettled(commands.map((command) => command && this.dispatch(command)));
    },

    close() {
      for (const { expiry, candidates } of running.values()) {
        expiry.unsubscribe();
        candidates.complete();
      }
      running.clear();
      outbox.close();
    },
  };
}

const countOf = (event: CallEvent): string | undefined =>
  event.type === "candidates" ? `${event.candidates.length}` : undefined;
