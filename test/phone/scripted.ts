// What a phone loads when it is needed is there at once: under a virtual clock nothing waits for real time.
import "../../src/phone/again.ts";
import "../../src/phone/recovery.ts";
import "../../src/phone/transfer.ts";
import { NEVER, of, Subject } from "rxjs";
import { createPhone, type Phone } from "../../src/phone/phone.ts";
import { realClock } from "../../src/streams/clock.ts";
import type {
  CallRef,
  Clock,
  Command,
  RemoteDescription,
  Signal,
  SignalingHalf,
  Version,
} from "../../src/streams/contract.ts";
import { fakeMedia } from "../../src/testing/fake-media.ts";

export const capabilities = { transferee: false, dtmf: false };

/** A phone whose engine is the test: it sees each command, and emits what signals it likes. */
export function scripted({ close = async () => {}, clock = realClock as Clock } = {}) {
  const media = fakeMedia();
  const peers = fakeMedia();
  const signals = new Subject<Signal>();
  const commands: Command[] = [];
  const failures = new Map<Command["type"], Error | "never">();
  const signaling: SignalingHalf = {
    signals$: signals,
    status$: NEVER,
    iceServers$: of([]),
    async dispatch(command) {
      commands.push(command);
      const failure = failures.get(command.type);
      if (failure === "never") await new Promise(() => {});
      if (failure) throw failure;
    },
    async close() {
      await close();
      signals.complete();
    },
  };
  const phone: Phone = createPhone({ signaling, media, clock });
  const peer = () => peers.open({ iceServers$: of([]) });
  const sent = <T extends Command["type"]>(type: T) =>
    commands.filter((command): command is Extract<Command, { type: T }> => command.type === type);
  return {
    phone,
    media,
    signaling,
    signals,
    commands,
    sent,
    /** What `dispatch` rejects a type of command with from now on; or does not answer. */
    fail: (type: Command["type"], failure: Error | "never") => failures.set(type, failure),

    /** A call of theirs rings. */
    async ring(
      ref: CallRef,
      {
        negotiable = true,
        version = undefined as Version | undefined,
        userId = "@peer:test",
        replaces = undefined as string | undefined,
      } = {},
    ) {
      const offer = await peer().offer({ audio: true });
      signals.next({
        ...ref,
        ...offer,
        type: "incoming",
        peer: { userId },
        remaining: 90_000,
        capabilities,
        negotiable,
        ...(version !== undefined && { version }),
        ...(replaces !== undefined && { replaces }),
      });
      await settle();
    },

    /** Their peer answers a call of ours. */
    async answer({ roomId, callId }: CallRef, negotiable = true, version?: Version) {
      const invite = sent("invite").find((command) => command.roomId === roomId) as RemoteDescription;
      const answer = await peer().answer(invite, { audio: true });
      signals.next({
        roomId,
        callId,
        ...answer,
        type: "answered",
        peer: { userId: "@peer:test", partyId: "p" },
        capabilities,
        negotiable,
        ...(version !== undefined && { version }),
      });
      await settle();
    },
  };
}

/** Every promise that can settle has settled. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));
