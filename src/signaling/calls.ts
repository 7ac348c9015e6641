import type { Observable, Subject } from "rxjs";
import type {
  CallRef,
  Clock,
  Command,
  DelayedEvents,
  EventBatch,
  FinalRequest,
  Identity,
  MemoryChange,
  RememberedCall,
  Signal,
  Transport,
} from "../streams/contract.ts";
import { type ErrorData, fromErrorData, TrunklineError } from "../streams/errors.ts";
import { opaqueId, type Random } from "../streams/ids.ts";
import type { SignalingPolicy } from "../streams/policy.ts";
import { place, step } from "./call.ts";
import { alreadyApplied, resume, unsent } from "./call-resume.ts";
import { type Call, type Effect, type Input, isAnswered, isSame, needsHangup, refOf } from "./call-state.ts";
import { armHangup } from "./dead-man.ts";
import type { Outgoing } from "./encode.ts";
import { createFinalRequests } from "./final-requests.ts";
import { isTerminal } from "./outbox-order.ts";
import { createPosting, pendingSettled } from "./posting.ts";
import { createReader } from "./reader.ts";
import { readState } from "./remembered.ts";
import { createRouter } from "./router.ts";
import { Running } from "./running.ts";
import { createStory } from "./story.ts";

export interface Calls {
  /** Reads what one sync response brought; calls ring when it is read to its end (P9). */
  read(batch: EventBatch): void;
  /** As `SignalingHalf.dispatch`. */
  dispatch(command: Command): Promise<void>;
  /** Goes on with calls of another engine, of which this one did not know when it began. */
  adopt(calls: readonly RememberedCall[]): void;
  /** Hangs up every call of ours; resolves when no final event of any call is pending any more. */
  hangUpAll(): Promise<void>;
  /** As `SignalingHalf.finalRequests$`. */
  readonly finalRequests$: Observable<readonly FinalRequest[]>;
  /** Ends timers and gives up on what is unsent. */
  close(): void;
}

/** How a call ends whose snapshot is not read. */
const UNREADABLE: ErrorData = {
  code: "invalid_option",
  message: "The call's snapshot cannot be read: it is of another version of trunkline, or of another user.",
};

/** Runs calls: asks the pure function what an input means, and does it. The state of all calls is in the router. */
export function createCalls(options: {
  readonly us: Identity;
  readonly send: Transport["send"];
  readonly prepareSend?: Transport["prepareSend"];
  readonly delayed: () => Promise<DelayedEvents | undefined>;
  readonly policy: SignalingPolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: (signal: Signal) => void;
  /** Told what another engine would have to know to go on. */
  readonly memory: Subject<MemoryChange>;
  /** Emits when the homeserver can be reached again. */
  readonly reconnected$: Observable<unknown>;
  /** Calls of another engine, to go on with. */
  readonly remembered?: readonly RememberedCall[] | undefined;
  /** Calls that the page takes for live. */
  readonly known?: readonly CallRef[] | undefined;
}): Calls {
  const { us, delayed, policy, clock, random, emit, memory, remembered = [], reconnected$ } = options;
  const finalRequests = createFinalRequests(options.prepareSend);
  const router = createRouter<Running>(us, policy);
  const story = createStory(emit, clock);
  /** One that has ended stays until its final event has left. */
  const running = new Set<Running>();
  /** Nothing happens to a call any more: what fails because of the end is no reason to send anything. */
  let closed = false;

  const begin = (call: Call): Running => {
    const own = new Running(call, (input) => give(own, input), clock, policy);
    running.add(own);
    router.keep(own);
    return own;
  };

  const remember = (own: Running) => {
    finalRequests.update(own);
    // An invite of a batch that is not read to its end will be read again (P9).
    const isNew = own.call.state === "arriving";
    if (!memory.observed || isNew || !running.has(own)) return;
    memory.next({ type: "call", state: own.state, ...refOf(own.call) });
  };

  /**
   * Lets go of a call that has ended: not before its final event has left. Where that fails, the homeserver sends the
   * delayed hangup (P34). No timer of the call outlives its end.
   */
  const release = async (own: Running) => {
    own.close();
    posting.end(own);
    const terminal = [...own.pending].filter(([pending]) => isTerminal(pending));
    try {
      await Promise.all(terminal.map(([, sent]) => sent));
      await own.disarm();
    } catch {
      // whoever hung up knows
    }
    await Promise.allSettled(own.pending.values());
    running.delete(own);
    if (memory.observed) memory.next({ type: "call", ...refOf(own.call) });
  };

  /** For what comes of itself: the call may be over by then, and nobody waits for what it sends. */
  const give = (own: Running, input: Input) => {
    if (!closed && own.call.state !== "ended") apply(own, input)?.catch(() => {});
  };

  const posting = createPosting({ send: options.send, clock, random, story, give, remember });

  /** Takes the step and does what it asks. Settles when what it sends has settled, if it sends anything. */
  const apply = (own: Running, input: Input): Promise<unknown> | undefined => {
    const { call } = own;
    const { call: next, effects } = step(call, input, clock.now());
    own.call = next;
    if (next !== call) router.keep(own);
    const sending: Promise<void>[] = [];
    for (const effect of effects) {
      const sent = perform(own, effect);
      if (sent) sending.push(sent);
    }
    if (next !== call || sending.length > 0 || input.type === "command") remember(own);
    if (next.state === "ended") own.released ??= release(own);
    if (call.state === "ringing" && next.state !== "ringing") reader.ringWaiting();
    return sending.length > 0 ? Promise.all(sending) : undefined;
  };

  /** Settles with what it sends. */
  const perform = (own: Running, effect: Effect): Promise<void> | undefined => {
    const { call } = own;
    switch (effect.type) {
      case "send":
        return posting.send(own, effect);
      case "refused":
        return Promise.reject(fromErrorData(effect.error));
      case "delivered":
        posting.delivered(own, effect);
        break;
      case "signal":
        emit(effect.signal);
        break;
      case "milestone":
        story.milestone(call, effect.name);
        break;
      case "batch":
        own.batch(effect.candidate);
        break;
      case "settle_streams":
        own.settleStreams();
        break;
      case "expire_at":
        own.expireAt(effect.at);
        break;
      case "never_expire":
        own.neverExpire();
        break;
      case "arm":
        arm(own, effect.event);
        break;
      case "dropped":
        story.message(call, "dropped", effect.eventType, effect.why);
    }
    return undefined;
  };

  const arm = (own: Running, event: Outgoing) => {
    const { roomId, us } = own.call;
    own.arm((earlier) =>
      armHangup({
        delayed,
        roomId,
        event,
        txnId: `${us.partyId}.delayed_hangup`,
        earlier,
        onScheduled(ref) {
          own.goodbye = ref;
          remember(own);
        },
        reconnected$,
        clock,
        random,
      }),
    );
  };

  /** Goes on with a call where the engine that had it was lost. */
  const restore = (call: RememberedCall) => {
    const state = readState(call, us.userId, clock.now());
    if (!state) {
      unconfirmed.push({ ...refOf(call), error: UNREADABLE });
      return;
    }
    const own = begin(state.call);
    own.goodbye = state.goodbye;
    for (const pending of unsent(state)) posting.resend(own, pending).catch(() => {});
    for (const effect of resume(state)) perform(own, effect);
    finalRequests.update(own);
    if (state.call.state === "ended") own.released = release(own);
  };

  /** Calls that end once a batch is read, unless that brings them: their snapshot was refused, or the page knows them. */
  const unconfirmed: (CallRef & { readonly error?: ErrorData })[] = [];
  for (const call of remembered) restore(call);
  unconfirmed.push(
    ...(options.known ?? []).filter((ref) => !unconfirmed.some((other) => isSame(ref, other))),
  );
  const reconnecting = reconnected$.subscribe(posting.retry);
  const now = () => clock.now();
  const reader = createReader({ router, random, now, give, begin, trace: story.message });

  /** Not before a batch is read: it may bring an invite that the engine before this one had no time to remember. */
  const endUnknown = () => {
    for (const { roomId, callId, error } of unconfirmed.splice(0)) {
      if (router.find({ roomId, callId })) continue;
      const end = { by: "system", reason: "signalling_failed", ...(error && { error }) } as const;
      emit({ type: "ended", roomId, callId, end });
      if (error && memory.observed) memory.next({ type: "call", roomId, callId });
    }
  };

  return {
    finalRequests$: finalRequests.list$,

    read(batch) {
      reader.read({ ...batch, receivedAt: clock.now() });
      posting.retry();
      endUnknown();
      const { position } = batch;
      if (position !== undefined && memory.observed) memory.next({ type: "position", position });
    },

    async dispatch(command) {
      const own = router.find(command);
      if (command.type === "place" && !own) {
        const ours = { userId: us.userId, partyId: opaqueId(random) };
        const { lifetime = policy.lifetime } = command;
        const placed = begin(place({ ...command, lifetime }, ours, clock.now()));
        placed.expireAt(placed.call.expiresAt);
        remember(placed);
        reader.ringWaiting();
        return;
      }
      if (alreadyApplied(own?.call, command)) return pendingSettled(running, command);
      if (!own) {
        if (command.type === "path") return;
        throw new TrunklineError(
          "unknown_call",
          `There is no call ${command.callId} in ${command.roomId}: it was never placed, or has ended.`,
        );
      }
      await apply(own, { type: "command", command });
    },

    adopt(calls) {
      for (const call of calls) {
        if (router.find(call)) continue;
        restore(call);
        const own = router.find(call);
        if (!own) continue;
        remember(own);
        // What came before it was known has been read. Of that, one that is answered may have read some before.
        if (!isAnswered(own.call))
          reader.read({ live: true, events: router.takeEarly(own.call), receivedAt: now() });
        for (const event of router.hangupsOf(call)) give(own, { type: "event", event });
      }
    },

    async hangUpAll() {
      for (const own of router.live()) {
        const { roomId, callId, state } = own.call;
        if (state !== "preparing" && !needsHangup(own.call)) continue; // it rings on at our other devices (P48)
        give(own, { type: "command", command: { roomId, callId, type: "hangup", reason: "user_hangup" } });
      }
      await Promise.all([...running].map(({ released }) => released));
    },

    close() {
      closed = true;
      reconnecting.unsubscribe();
      for (const own of running) own.close();
      running.clear();
      posting.close();
      finalRequests.close();
    },
  };
}
