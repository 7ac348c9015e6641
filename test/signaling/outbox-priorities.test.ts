import { describe, expect, it } from "vitest";
import { createOutbox, type Outbox } from "../../src/signaling/outbox.ts";
import type { QueuedEvent } from "../../src/signaling/outbox-order.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";

const STREAMS = "m.call.sdp_stream_metadata_changed";
const UNSTABLE_STREAMS = "org.matrix.call.sdp_stream_metadata_changed";

/** A homeserver that lets one event through every 5 s, as Synapse does once the first ten are used up (P30). */
function limitedWorld() {
  const clock = virtualClock();
  const sent: string[] = [];
  const settled: string[] = [];
  const faults: Error[] = [];
  let freeAt = 5_000;
  const outbox = createOutbox({
    async send(_roomId, _type, _content, txnId) {
      const fault = faults.shift();
      if (fault) throw fault;
      if (clock.now() < freeAt) {
        throw new TrunklineError("rate_limited", "slow down", { retryAfter: freeAt - clock.now() });
      }
      freeAt = clock.now() + 5_000;
      sent.push(txnId);
      return "$id";
    },
    clock,
    random: () => 0,
    onSend: () => {},
  });
  let count = 0;
  /** Queues an event; its transaction is named after the call and the type, numbered from the second on. */
  const send = (callId: string, type: string, content: object = {}, roomId = `!${callId}`) => {
    count += 1;
    const full = type.includes(".") ? type : `m.call.${type}`;
    const txnId = `${callId} ${type.split(".").at(-1)}`;
    const event = { type: full, content: { ...content } };
    const name = sent.includes(txnId) || settled.includes(txnId) ? `${txnId} ${count}` : txnId;
    outbox.send({ roomId, callId, event, txnId: name, expiresAt: clock.now() + 600_000 }).then(
      () => settled.push(name),
      (error: TrunklineError) => settled.push(`${name}: ${error.code}`),
    );
  };
  return { clock, outbox, sent, settled, faults, send };
}

const unreachable = new TrunklineError("homeserver_unreachable", "down");
const limited = new TrunklineError("rate_limited", "slow down", { retryAfter: 50 });

describe("while the homeserver limits us (P30)", () => {
  it("what ends a call goes first, what makes one next, in all rooms; mutes and candidates after that", async () => {
    const { clock, send, sent } = limitedWorld();
    send("talking", STREAMS);
    send("found", "candidates", { candidates: [] });
    send("first", "invite");
    send("asked", "answer");
    send("held", "negotiate");
    send("rejected", "reject");
    send("over", "hangup");
    send("chosen", "select_answer");
    await clock.advance(60_000);
    expect(sent).toEqual([
      "rejected reject",
      "over hangup",
      "chosen select_answer",
      "first invite",
      "asked answer",
      "held negotiate",
      "talking sdp_stream_metadata_changed",
      "found candidates",
    ]);
  });

  it("nothing of a call overtakes its invite, and its candidates come after it", async () => {
    const { clock, send, sent } = limitedWorld();
    send("a", "invite");
    send("a", "candidates", { candidates: [] });
    send("b", STREAMS);
    await clock.advance(60_000);
    expect(sent).toEqual(["a invite", "a candidates", "b sdp_stream_metadata_changed"]);
  });

  it("a call's hangup goes at the next chance, and the rest of the call is dropped", async () => {
    const { clock, send, sent, settled } = limitedWorld();
    send("a", "negotiate");
    for (const type of [STREAMS, UNSTABLE_STREAMS]) send("a", type);
    send("a", "select_answer");
    send("a", "candidates", { candidates: [] });
    await clock.advance(1_000);
    send("a", "hangup");
    await clock.advance(0);
    expect(settled.sort()).toEqual([
      "a candidates",
      "a negotiate",
      "a sdp_stream_metadata_changed",
      "a sdp_stream_metadata_changed",
      "a select_answer",
    ]);
    await clock.advance(4_000);
    expect(sent).toEqual(["a hangup"]);
    await clock.advance(60_000);
    expect(sent).toEqual(["a hangup"]);
  });

  it("an invite that was refused for the rate alone is taken back, and needs no hangup", async () => {
    const { clock, send, sent, settled } = limitedWorld();
    send("a", "invite");
    await clock.advance(1_000);
    send("a", "hangup");
    await clock.advance(60_000);
    expect([sent, settled]).toEqual([[], ["a invite", "a hangup"]]);
  });

  it("nor does one whose refusal comes after the hangup was asked for", async () => {
    const { clock, send, sent, settled } = limitedWorld();
    send("a", "invite");
    send("a", "hangup");
    await clock.advance(60_000);
    expect([sent, settled]).toEqual([[], ["a invite", "a hangup"]]);
  });

  it("of stream changes the newest of each type goes, in the place of the first", async () => {
    const { clock, outbox, sent, settled } = limitedWorld();
    const change = (type: string, muted: boolean, txnId: string) =>
      outbox
        .send({
          roomId: "!r",
          callId: "a",
          event: { type, content: { muted } },
          txnId,
          expiresAt: 60_000,
        })
        .then(() => settled.push(txnId));
    for (let n = 1; n <= 3; n += 1) {
      change(STREAMS, true, `stable ${n}`);
      change(UNSTABLE_STREAMS, true, `unstable ${n}`);
    }
    await clock.advance(5_000);
    // Neither type waits the longer the more often the user presses.
    change(STREAMS, false, "stable 4");
    change(UNSTABLE_STREAMS, false, "unstable 4");
    await clock.advance(10_000);
    expect(sent).toEqual(["stable 3", "unstable 4", "stable 4"]);
  });

  it("a description that says what our streams are supersedes changes that wait: none arrives after a newer", async () => {
    const { clock, send, sent } = limitedWorld();
    send("a", STREAMS);
    send("a", "negotiate", { sdp_stream_metadata: {} });
    send("b", STREAMS);
    send("b", "negotiate");
    await clock.advance(60_000);
    expect(sent).toEqual(["a negotiate", "b negotiate", "b sdp_stream_metadata_changed"]);
  });

  it("an attempt that hangs holds up other calls for a moment only, and no hangup at all", async () => {
    const { clock, sent } = limitedWorld();
    const asked: string[] = [];
    let limited = true;
    const outbox = createOutbox({
      send(_roomId, _type, _content, txnId) {
        if (limited) return Promise.reject(new TrunklineError("rate_limited", "", { retryAfter: 1_000 }));
        asked.push(`${clock.now()} ${txnId}`);
        return new Promise(() => {});
      },
      clock,
      random: () => 0,
      onSend: () => {},
    });
    const send = (callId: string, type: string) =>
      void outbox
        .send({ roomId: "!r", callId, event: { type, content: {} }, txnId: callId, expiresAt: 60_000 })
        .catch(() => {});
    send("a", "m.call.negotiate");
    await clock.advance(0);
    limited = false;
    send("b", "m.call.invite");
    await clock.advance(1_500);
    send("c", "m.call.hangup");
    await clock.advance(2_000);
    expect([asked, sent]).toEqual([["1000 a", "1500 c", "2500 b"], []]);
    outbox.close();
  });
});

describe("the final event of a call", () => {
  /** A homeserver that answers when it is told to. */
  const world = () => {
    const clock = virtualClock();
    const asked: string[] = [];
    const answers: ((fault?: Error) => Promise<void>)[] = [];
    const outbox = createOutbox({
      send: (_roomId, type) =>
        new Promise((resolve, reject) => {
          asked.push(type.replace("m.call.", ""));
          answers.push(async (fault) => {
            if (fault) reject(fault);
            else resolve("$id");
            await clock.advance(0);
          });
        }),
      clock,
      random: () => 0,
      onSend: () => {},
    });
    const send = (type: string, { callId = "a", roomId = "!r", maybeStored = false, ttl = 600_000 } = {}) => {
      const outcome = { state: "pending" };
      outbox
        .send(
          {
            roomId,
            callId,
            event: { type: `m.call.${type}`, content: {} },
            txnId: type,
            expiresAt: clock.now() + ttl,
          },
          maybeStored,
        )
        .then(
          () => {
            outcome.state = "sent";
          },
          (error: TrunklineError) => {
            outcome.state = error.code;
          },
        );
      return outcome;
    };
    return { clock, asked, answers, outbox, send };
  };

  it("takes back an invite that was never tried, and is not needed then", async () => {
    const { clock, asked, answers, send } = world();
    send("negotiate", { callId: "limited" });
    await answers[0]?.(new TrunklineError("rate_limited", "", { retryAfter: 5_000 }));
    const taken = [send("invite"), send("hangup")];
    await clock.advance(5_000);
    expect(taken.map(({ state }) => state)).toEqual(["sent", "sent"]);
    expect(asked).toEqual(["negotiate", "negotiate"]);
  });

  it("follows an invite that may have arrived, which is not sent again: it would ring for nothing", async () => {
    const { clock, asked, answers, send } = world();
    send("invite");
    await answers[0]?.(unreachable);
    const hangup = send("hangup");
    await answers[1]?.();
    await clock.advance(60_000);
    expect([asked, hangup.state]).toEqual([["invite", "hangup"], "sent"]);
  });

  it("follows an invite that another engine may have sent", async () => {
    const { clock, asked, answers, send } = world();
    send("negotiate", { callId: "limited" });
    await answers[0]?.(new TrunklineError("rate_limited", "", { retryAfter: 5_000 }));
    send("invite", { maybeStored: true });
    send("hangup");
    await clock.advance(5_000);
    expect(asked).toEqual(["negotiate", "hangup"]);
  });

  it("waits a second, and no longer, for an invite or an answer that is under way", async () => {
    for (const type of ["invite", "answer"]) {
      const { clock, asked, send } = world();
      send(type);
      send("hangup");
      await clock.advance(999);
      expect(asked).toEqual([type]);
      await clock.advance(1);
      expect(asked).toEqual([type, "hangup"]);
    }
  });

  it.each([unreachable, limited])("is sent, or not, as the invite under way fails: $code", async (fault) => {
    const { clock, asked, answers, send } = world();
    send("invite");
    const hangup = send("hangup");
    await answers[0]?.(fault);
    await clock.advance(100);
    expect(asked).toEqual(fault === limited ? ["invite"] : ["invite", "hangup"]);
    expect(hangup.state).toBe(fault === limited ? "sent" : "pending");
  });

  it.each(["negotiate", "candidates", "sdp_stream_metadata_changed", "select_answer"])(
    "does not wait for %s under way, which is not repeated after it",
    async (type) => {
      const { clock, asked, answers, send } = world();
      const before = send(type);
      send("hangup");
      expect(asked).toEqual([type, "hangup"]);
      await answers[0]?.(unreachable);
      await answers[1]?.();
      await clock.advance(60_000);
      expect([asked, before.state]).toEqual([[type, "hangup"], "sent"]);
    },
  );

  it("of a call that ended without one drops what is queued, but for a selection", async () => {
    const { clock, asked, answers, send, outbox } = world();
    send("select_answer");
    await answers[0]?.(unreachable);
    const dropped = [send("negotiate"), send("candidates")];
    outbox.end({ roomId: "!r", callId: "a" });
    await clock.advance(1_000);
    expect([asked, dropped.map(({ state }) => state)]).toEqual([
      ["select_answer", "select_answer"],
      ["sent", "sent"],
    ]);
  });

  it("holds up no other call in its room: an invite waits a moment for it, so that they arrive in order", async () => {
    const { clock, asked, send } = world();
    send("hangup");
    send("invite", { callId: "next" });
    send("invite", { callId: "elsewhere", roomId: "!other" });
    expect(asked).toEqual(["hangup", "invite"]);
    await clock.advance(1_000);
    expect(asked).toEqual(["hangup", "invite", "invite"]);
  });

  it("that has failed holds up no other call at all", async () => {
    const { asked, answers, send } = world();
    send("hangup");
    await answers[0]?.(unreachable);
    send("invite", { callId: "next" });
    expect(asked).toEqual(["hangup", "invite"]);
  });
});

describe("what the room shows to be delivered", () => {
  const ofType =
    (type: string) =>
    ({ event }: QueuedEvent) =>
      event.type === type;
  const world = (fault: Error | undefined) => {
    const clock = virtualClock();
    const asked: string[] = [];
    const outbox: Outbox = createOutbox({
      send: async (_roomId, type) => {
        asked.push(type);
        if (!fault) return new Promise(() => {});
        throw fault;
      },
      clock,
      random: () => 0,
      onSend: () => {},
    });
    const call = { roomId: "!r", callId: "a" };
    const send = (type: string) =>
      outbox.send({ ...call, event: { type, content: {} }, txnId: type, expiresAt: 90_000 });
    return { clock, asked, outbox, call, send };
  };

  it.each([unreachable, undefined])("settles as sent, and is not sent again: %s", async (fault) => {
    const { clock, asked, outbox, call, send } = world(fault);
    const invite = send("m.call.invite");
    await clock.advance(100);
    outbox.delivered(call, ofType("m.call.invite"));
    await invite;
    await clock.advance(90_000);
    expect(asked).toEqual(["m.call.invite"]);
    expect(clock.pending).toBe(0);
  });

  it("lets go at once of what waits behind it", async () => {
    const { clock, asked, outbox, call, send } = world(undefined);
    send("m.call.invite").catch(() => {});
    send("m.call.negotiate").catch(() => {});
    outbox.delivered(call, ofType("m.call.invite"));
    await clock.advance(0);
    expect(asked).toEqual(["m.call.invite", "m.call.negotiate"]);
  });

  it("may be what another engine has sent", async () => {
    const { clock, asked, outbox, call, send } = world(
      new TrunklineError("rate_limited", "", { retryAfter: 500 }),
    );
    send("m.call.negotiate").catch(() => {});
    await clock.advance(0);
    const event = { type: "m.call.invite", content: {} };
    const invite = outbox.send({ ...call, event, txnId: "invite", expiresAt: 90_000 }, true);
    outbox.delivered(call, ofType("m.call.invite"));
    await invite;
    await clock.advance(500);
    expect(asked).toEqual(["m.call.negotiate", "m.call.negotiate"]);
    outbox.close();
  });

  it("is nothing that was never tried", async () => {
    const { clock, asked, outbox, call, send } = world(
      new TrunklineError("rate_limited", "", { retryAfter: 500 }),
    );
    send("m.call.invite").catch(() => {});
    await clock.advance(0);
    send("m.call.negotiate").catch(() => {});
    outbox.delivered(call, ofType("m.call.negotiate"));
    outbox.delivered(call, ofType("m.call.invite"));
    await clock.advance(500);
    expect(asked).toEqual(["m.call.invite", "m.call.negotiate"]);
  });
});
