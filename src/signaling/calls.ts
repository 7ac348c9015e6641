import type {
  CallRef,
  Clock,
  Command,
  DelayedEvents,
  EventBatch,
  Identity,
  Signal,
  TraceEntry,
  Transport,
} from "../streams/contract.ts";
import { fromErrorData, TrunklineError, toErrorData } from "../streams/errors.ts";
import { opaqueId, type Random } from "../streams/ids.ts";
import { place, step } from "./call.ts";
import { NEGOTIATION_LIFETIME } from "./call-negotiate.ts";
import { type Call, type Effect, type Input, refOf } from "./call-state.ts";
import { deadMan } from "./dead-man.ts";
import { createOutbox } from "./outbox.ts";
import { createReader } from "./reader.ts";
import { createRouter } from "./router.ts";
import { Running } from "./running.ts";

/** How long an event that is neither invite nor answer is worth sending, in ms: a negotiation is good for as long. */
const WORTH_SENDING = NEGOTIATION_LIFETIME;

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

/** Runs calls: asks the pure function what an input means, and does it. The state of all calls is in the router. */
export function createCalls(options: {
  readonly us: Identity;
  readonly send: Transport["send"];
  readonly delayed: () => Promise<DelayedEvents | undefined>;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: (signal: Signal) => void;
}): Calls {
  const { us, delayed, clock, random, emit } = options;
  const router = createRouter(us);
  /** By our party, the one thing of a call that stays what it is (P4). */
  const running = new Map<Call["us"], Running>();

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

  const runningOf = (call: Call): Running => {
    const known = running.get(call.us);
    if (known) return known;
    const fresh = new Running((input) => feed(refOf(call), input), clock);
    running.set(call.us, fresh);
    return fresh;
  };

  /** For what comes of itself: the call may be over by then, and nobody waits for what it sends. */
  const feed = (ref: CallRef, input: Input) => {
    const call = router.find(ref);
    if (call) apply(call, input)?.catch(() => {});
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

  /** Takes the step and does what it asks. Settles when what it sends has settled, if it sends anything. */
  const apply = (call: Call, input: Input): Promise<void> | undefined => {
    const { call: next, effects } = step(call, input, clock.now());
    if (next !== call) router.keep(next);
    const sending: Promise<void>[] = [];
    for (const effect of effects) {
      if (effect.type === "send") sending.push(deliver(next, effect));
      else if (effect.type === "refused") sending.push(Promise.reject(fromErrorData(effect.error)));
      else perform(next, effect);
    }
    const ended = next.phase === "ended" ? running.get(next.us) : undefined;
    if (ended) running.delete(next.us);
    ended?.close();
    if (sending.length === 0 && !ended) return undefined;
    // Not before goodbye is said: should it not be, the homeserver says it (P34).
    return Promise.all(sending).then(() => void ended?.disarm());
  };

  const perform = (call: Call, effect: Exclude<Effect, { type: "send" | "refused" }>): void => {
    switch (effect.type) {
      case "signal":
        emit(effect.signal);
        break;
      case "milestone":
        trace(call, { kind: "milestone", name: effect.name, at: clock.now() });
        break;
      case "batch":
        runningOf(call).batch(effect.candidate);
        break;
      case "settle_streams":
        runningOf(call).settleStreams();
        break;
      case "expire_at":
        runningOf(call).expireAt(effect.at);
        break;
      case "never_expire":
        running.get(call.us)?.neverExpire();
        break;
      case "arm": {
        const { event } = effect;
        runningOf(call).arm(deadMan({ delayed, roomId: call.roomId, event, clock, random }));
        break;
      }
      case "dropped":
        message(call, "dropped", effect.eventType, effect.why);
    }
  };

  return {
    read: createReader({ router, random, feed, trace: message }),

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
      const hangUp = async (call: Call) => {
        const { roomId, callId, direction, phase } = call;
        if (direction === "incoming" && phase !== "answered") return; // our other devices may still answer
        const own = running.get(call.us);
        await apply(call, {
          type: "command",
          command: { roomId, callId, type: "hangup", reason: "user_hangup" },
        });
        await own?.disarm();
      };
      await Promise.allSettled(router.live().map(hangUp));
    },

    close() {
      for (const own of running.values()) own.close();
      running.clear();
      outbox.close();
    },
  };
}
