import type { CallRef, Clock, Transport } from "../streams/contract.ts";
import { toErrorData } from "../streams/errors.ts";
import { opaqueId, type Random } from "../streams/ids.ts";
import { NEGOTIATION_LIFETIME } from "./call-negotiate.ts";
import { type Call, type Effect, type Input, isSame, refOf, type Sent } from "./call-state.ts";
import type { Outgoing } from "./encode.ts";
import { createOutbox } from "./outbox.ts";
import type { PostedLetter } from "./remembered.ts";
import type { Running } from "./running.ts";
import { countOf, type Story } from "./story.ts";

/** How long an event that is neither invite nor answer is worth sending, in ms: a negotiation is good for as long. */
const WORTH_SENDING = NEGOTIATION_LIFETIME;

/** What happens once in a call: its transaction has a name that another engine gives it too (P30). */
const ONCE = new Set(
  ["invite", "answer", "select_answer", "reject", "hangup"].map((what) => `m.call.${what}`),
);

export interface Posting {
  /** Sends a call's event; settles as `Outbox.send` does, when the call has been told. */
  send(own: Running, effect: Extract<Effect, { type: "send" }>): Promise<void>;
  /** Sends again what another engine may have sent. */
  post(own: Running, letter: PostedLetter): Promise<void>;
  /** The room has shown that the homeserver has an event of ours: it settles as sent. */
  delivered(own: Running, what: Sent): void;
  /** Gives up on everything. */
  close(): void;
}

/** The letters of calls: names them, keeps them with their call while they are on their way, and tells it the outcome. */
export function createPosting(options: {
  readonly send: Transport["send"];
  readonly clock: Clock;
  readonly random: Random;
  readonly story: Story;
  /** Gives an input to a call, if it still lives. */
  readonly give: (own: Running, input: Input) => void;
  /** Told when a letter has settled. */
  readonly remember: (own: Running) => void;
}): Posting {
  const { send, clock, random, story, give, remember } = options;
  const prefix = opaqueId(random);
  let count = 0;

  const outbox = createOutbox({
    send,
    clock,
    random,
    onSend: (letter) => story.message(letter, "sent", letter.event.type, countOf(letter.event.content)),
  });

  const txnOf = ({ us }: Call, { type }: Outgoing): string => {
    if (ONCE.has(type)) return `${us.partyId}.${type}`;
    count += 1;
    return `${prefix}.${count}`;
  };

  const post = async (own: Running, letter: PostedLetter): Promise<void> => {
    const { what } = letter;
    const done = outbox.send(letter);
    own.letters.set(letter, done);
    try {
      await done;
      own.letters.delete(letter);
      give(own, { type: "sent", what });
    } catch (error) {
      own.letters.delete(letter);
      give(own, { type: "failed", what, error: toErrorData(error) });
      throw error;
    } finally {
      remember(own);
    }
  };

  return {
    send(own, { what, event }) {
      const { call } = own;
      const expiresAt = what === "invite" || what === "answer" ? call.expiresAt : clock.now() + WORTH_SENDING;
      return post(own, { what, event, txnId: txnOf(call, event), expiresAt, ...refOf(call) });
    },
    post,
    delivered({ call }, what) {
      outbox.delivered(call, `m.call.${what}`);
    },
    close: outbox.close,
  };
}

/** Settles with what happens once in a call, even in one that has ended, and is still on its way to the room. */
export async function allSaid(running: Iterable<Running>, ref: CallRef): Promise<void> {
  const own = [...running].filter(({ call }) => isSame(call, ref));
  const letters = own.flatMap((each) => [...each.letters]).filter(([{ event }]) => ONCE.has(event.type));
  await Promise.all(letters.map(([, done]) => done));
}
