import { describe, expect, it } from "vitest";
import { encode } from "../../src/signaling/encode.ts";
import { createOutbox } from "../../src/signaling/outbox.ts";
import { nextEntry, type QueuedEvent } from "../../src/signaling/outbox-order.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { candidate, offer } from "./support.ts";

const from = { roomId: "!room:test", callId: "call", partyId: "P" };
const invite = (over: Partial<QueuedEvent> = {}): QueuedEvent => ({
  ...from,
  event: encode.invite(from, offer, 90_000, undefined),
  txnId: "invite",
  expiresAt: 90_000,
  ...over,
});
const candidates = (...names: string[]): QueuedEvent => ({
  ...from,
  event: encode.candidates(from, names.map(candidate)),
  txnId: names.join(),
  expiresAt: 90_000,
});
const hangup = (): QueuedEvent => ({
  ...from,
  event: encode.hangup(from, "user_hangup"),
  txnId: "hangup",
  expiresAt: 90_000,
});
const negotiate = (body: object = {}): QueuedEvent => ({
  ...from,
  event: { type: "m.call.negotiate", content: { ...body } },
  txnId: "negotiate",
  expiresAt: 100_000,
});
const streams = (type: string, callId: string, txnId: string): QueuedEvent => ({
  ...from,
  callId,
  event: { type, content: { txnId } },
  txnId,
  expiresAt: 100_000,
});
const error = (code: TrunklineError["code"], retryAfter?: number) =>
  new TrunklineError(code, code, retryAfter === undefined ? {} : { retryAfter });

/** A homeserver that answers when told to, and what it was asked. */
function setUp() {
  const clock = virtualClock();
  const asked: { type: string; txnId: string; content: object; answer(failure?: Error): Promise<void> }[] =
    [];
  const told: string[] = [];
  const outbox = createOutbox({
    send: (_roomId, type, content, txnId) =>
      new Promise((resolve, reject) => {
        asked.push({
          type,
          txnId,
          content,
          async answer(failure) {
            if (failure) reject(failure);
            else resolve("$id");
            await clock.advance(0);
          },
        });
      }),
    clock,
    random: () => 0,
    onSend: ({ event }) => told.push(event.type),
  });
  const send = (letter: QueuedEvent) => {
    const outcome = { state: "waiting", code: "" };
    outbox.send(letter).then(
      () => {
        outcome.state = "sent";
      },
      (reason: TrunklineError) => {
        outcome.state = "failed";
        outcome.code = reason.code;
      },
    );
    return outcome;
  };
  const last = () => {
    const request = asked.at(-1);
    if (!request) throw new Error("nothing was asked");
    return request;
  };
  return {
    clock,
    asked,
    told,
    outbox,
    send,
    last,
    types: () => asked.map(({ type }) => type.replace("m.call.", "")),
  };
}

describe("the outbox", () => {
  it("sends a room's events one after the other, candidates behind their invite", async () => {
    const { send, last, types } = setUp();
    const first = send(invite());
    send(candidates("a"));
    expect(types()).toEqual(["invite"]);
    await last().answer();
    expect(first.state).toBe("sent");
    expect(types()).toEqual(["invite", "candidates"]);
  });

  it("sends different rooms side by side", () => {
    const { send, types } = setUp();
    send(invite());
    send(invite({ roomId: "!other:test" }));
    expect(types()).toEqual(["invite", "invite"]);
  });

  it("makes one event of candidates that pile up", async () => {
    const { send, last, asked } = setUp();
    send(invite());
    const outcomes = [send(candidates("a")), send(candidates("b", "c"))];
    await last().answer();
    expect(asked).toHaveLength(2);
    expect(last().content).toMatchObject({ candidates: ["a", "b", "c"].map(candidate) });
    expect(outcomes.map(({ state }) => state)).toEqual(["waiting", "waiting"]);
    await last().answer();
    expect(outcomes.map(({ state }) => state)).toEqual(["sent", "sent"]);
  });

  it("P30 repeats under the same transaction id, waiting as long as the homeserver says", async () => {
    const { clock, send, last, asked, told } = setUp();
    const outcome = send(invite());
    await last().answer(error("rate_limited", 5_000));
    await clock.advance(4_999);
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    expect(asked).toHaveLength(2);
    expect(asked.map(({ txnId }) => txnId)).toEqual(["invite", "invite"]);
    await last().answer();
    expect(outcome.state).toBe("sent");
    expect(told).toEqual(["m.call.invite"]);
  });

  it("P30 holds every room back while the homeserver limits the user, then tries them one by one", async () => {
    const { clock, send, last, asked } = setUp();
    send(invite());
    await last().answer(error("rate_limited", 5_000));
    send(invite({ roomId: "!other:test" }));
    expect(asked).toHaveLength(1);
    await clock.advance(5_000);
    expect(asked).toHaveLength(2);
    await last().answer();
    expect(asked).toHaveLength(3);
  });

  it.each(["homeserver_unreachable", "server_error"] as const)("tries again after %s", async (code) => {
    const { clock, send, last, asked } = setUp();
    send(invite());
    await last().answer(error(code));
    await clock.advance(1_000);
    expect(asked).toHaveLength(2);
  });

  it("gives up at once on what will never succeed, and goes on with the next", async () => {
    const { send, last, types } = setUp();
    const first = send(invite());
    send(candidates("a"));
    await last().answer(error("not_in_room"));
    expect(first).toEqual({ state: "failed", code: "not_in_room" });
    expect(types()).toEqual(["invite", "candidates"]);
  });

  it("gives up on what would come too late, with the reason", async () => {
    const { clock, send, last, asked } = setUp();
    const outcome = send(invite({ expiresAt: 3_000 }));
    await last().answer(error("rate_limited", 5_000));
    expect(outcome).toEqual({ state: "failed", code: "rate_limited" });
    const second = send({ ...hangup(), expiresAt: 4_000 });
    await clock.advance(0);
    expect(second).toEqual({ state: "failed", code: "homeserver_unreachable" });
    expect(asked).toHaveLength(1);
  });

  it("lets a hangup pass candidates: those that wait are dropped, those under way are not awaited", async () => {
    const { send, types } = setUp();
    send(candidates("a"));
    const waiting = send(candidates("b"));
    send(hangup());
    await Promise.resolve();
    expect(types()).toEqual(["candidates", "hangup"]);
    expect(waiting.state).toBe("sent");
  });

  it("lets a hangup pass candidates that wait to be repeated", async () => {
    const { clock, send, last, types } = setUp();
    send(candidates("a"));
    await last().answer(error("homeserver_unreachable"));
    send(hangup());
    expect(types()).toEqual(["candidates", "hangup"]);
    await last().answer();
    await clock.advance(60_000);
    expect(types()).toEqual(["candidates", "hangup"]);
  });

  it.each(["homeserver_unreachable", "server_error"] as const)(
    "tries again at once when the connection is back after %s",
    async (code) => {
      const { clock, send, last, asked, outbox } = setUp();
      const outcome = send(invite());
      for (let n = 0; n < 4; n += 1) {
        await last().answer(error(code));
        await clock.advance(16_000);
      }
      const tried = asked.length;
      await last().answer(error(code));
      await clock.advance(1_000);
      expect(asked).toHaveLength(tried);
      outbox.retry();
      expect(asked).toHaveLength(tried + 1);
      await last().answer();
      expect(outcome.state).toBe("sent");
    },
  );

  it("P30 waits as long as the homeserver said though the connection is back", async () => {
    const { clock, send, last, asked, outbox } = setUp();
    send(invite());
    await last().answer(error("rate_limited", 5_000));
    outbox.retry();
    await clock.advance(4_999);
    expect(asked).toHaveLength(1);
  });

  it("does not try without pause where the connection comes and goes", async () => {
    const { clock, send, last, asked, outbox } = setUp();
    send(invite());
    for (let n = 0; n < 200; n += 1) {
      await last().answer(error("homeserver_unreachable"));
      outbox.retry();
      await clock.advance(100);
    }
    expect(asked.length).toBeLessThan(30);
  });

  it("takes what one event's success shows of the connection for the others", async () => {
    const { clock, send, asked, types } = setUp();
    send(negotiate());
    for (let n = 0; n < 6; n += 1) {
      await asked.at(-1)?.answer(error("homeserver_unreachable"));
      await clock.advance(16_000);
    }
    await asked.at(-1)?.answer(error("homeserver_unreachable"));
    await clock.advance(2_000);
    send(streams("m.call.sdp_stream_metadata_changed", "other", "1"));
    await asked.at(-1)?.answer();
    expect(types().slice(-2)).toEqual(["sdp_stream_metadata_changed", "negotiate"]);
  });

  it("gives up an attempt that never settles when its event is no longer worth it", async () => {
    const { clock, send, types } = setUp();
    const stuck = send({ ...negotiate(), expiresAt: 30_000 });
    const next = send(invite());
    expect(types()).toEqual(["negotiate"]);
    await clock.advance(30_000);
    expect(stuck).toEqual({ state: "failed", code: "homeserver_unreachable" });
    expect([types().slice(-2), next.state]).toEqual([["negotiate", "invite"], "waiting"]);
  });

  const offered = (name: string, type = "offer") => ({
    ...negotiate({ description: { type, sdp: name } }),
    txnId: name,
  });

  it("P20 of a call's offers that are queued only the newest is sent, answers are all sent", async () => {
    const { send, last, asked } = setUp();
    send(invite());
    const old = send(offered("first"));
    send(offered("reply", "answer"));
    send(offered("second"));
    expect(old.state).toBe("waiting");
    for (let events = 0; events < 3; events++) await last().answer();
    expect(old.state).toBe("sent");
    expect(asked.map(({ txnId }) => txnId)).toEqual(["invite", "reply", "second"]);
  });

  it("P20 an offer that was being sent goes ahead of the one that takes its place", async () => {
    const { send, last, asked } = setUp();
    send(offered("first"));
    send(offered("second"));
    send({ ...offered("another call's"), callId: "other" });
    expect(asked.map(({ txnId }) => txnId)).toEqual(["first", "another call's"]);
    await asked[0]?.answer();
    await last().answer();
    expect(asked.map(({ txnId }) => txnId)).toEqual(["first", "another call's", "second"]);
  });

  it("lets an attempt take 5 s though its event expires meanwhile: it may have arrived in time", async () => {
    const { clock, send, last, types } = setUp();
    await clock.advance(89_500);
    const late = send(invite());
    await clock.advance(3_000);
    await last().answer();
    expect(late.state).toBe("sent");
    const stuck = send(invite({ expiresAt: 93_000 }));
    await clock.advance(4_900);
    expect(stuck.state).toBe("waiting");
    await clock.advance(100);
    expect(stuck).toEqual({ state: "failed", code: "homeserver_unreachable" });
    const failed = send(invite({ expiresAt: 98_000 }));
    await clock.advance(1_000);
    await last().answer(error("server_error"));
    expect(failed).toEqual({ state: "failed", code: "server_error" });
    expect([types(), clock.pending]).toEqual([["invite", "invite", "invite"], 0]);
  });

  it("looks at what is not due once, however much waits after an outage", () => {
    let looks = 0;
    const entries = Array.from({ length: 400 }, (_, position) => ({
      ...hangup(),
      roomId: `!${position}:test`,
      position,
      retryAt: 1_000,
      get event() {
        looks += 1;
        return hangup().event;
      },
    }));
    expect(nextEntry(entries, 0, Number.NEGATIVE_INFINITY)).toBe(1_000);
    expect(looks).toBeLessThan(400 * 50);
  });

  it("tries again where an attempt never settles, and takes the late outcome of either", async () => {
    const { clock, send, asked } = setUp();
    const outcome = send(invite());
    await clock.advance(4_900);
    expect(asked).toHaveLength(1);
    await clock.advance(3_000);
    expect(asked.map(({ txnId }) => txnId)).toEqual(["invite", "invite"]);
    await asked[0]?.answer(error("forbidden"));
    expect(outcome.state).toBe("waiting");
    await asked[0]?.answer();
    await asked[1]?.answer();
    expect(outcome.state).toBe("sent");
    await clock.advance(90_000);
    expect(asked).toHaveLength(2);
  });

  it("keeps candidates as long as what they wait for, though the first of them came long before", async () => {
    const { clock, send, last, types } = setUp();
    const early = send({ ...candidates("a"), expiresAt: 20_000 });
    await last().answer(error("rate_limited", 25_000));
    expect(early.state).toBe("failed");
    send({ ...candidates("a"), expiresAt: 30_000 });
    const late = send({ ...candidates("b"), expiresAt: 90_000 });
    await clock.advance(25_000);
    await last().answer(error("rate_limited", 10_000));
    await clock.advance(10_000);
    await last().answer();
    expect([types(), late.state]).toEqual([["candidates", "candidates", "candidates"], "sent"]);
  });

  it("holds up nothing but candidates behind candidates", async () => {
    const { send, asked, types } = setUp();
    send(candidates("a"));
    send(streams("m.call.sdp_stream_metadata_changed", "call", "1"));
    send(candidates("b"));
    expect(types()).toEqual(["candidates", "sdp_stream_metadata_changed"]);
    await asked[0]?.answer();
    expect(types()).toHaveLength(2);
    await asked[1]?.answer();
    expect(types()).toEqual(["candidates", "sdp_stream_metadata_changed", "candidates"]);
  });

  it("P30 adds no candidates to an event that may be in the room: it would be taken for the same", async () => {
    const { clock, send, last, asked, outbox } = setUp();
    send(candidates("a"));
    await last().answer(error("homeserver_unreachable"));
    send(candidates("b"));
    await clock.advance(1_000);
    await last().answer();
    await last().answer();
    expect(asked.map(({ content }) => content)).toEqual(
      ["a", "a", "b"].map((name) => ({ ...candidates(name).event.content })),
    );
    outbox.send({ ...candidates("c"), txnId: "theirs" }, true);
    outbox.send({ ...candidates("d"), txnId: "ours" });
    expect(last().content).toMatchObject({ candidates: [candidate("c")] });
  });

  it("fails everything with closed, and leaves no timer", async () => {
    const { clock, send, last, asked, outbox } = setUp();
    const first = send(invite());
    const second = send(candidates("a"));
    await last().answer(error("homeserver_unreachable"));
    outbox.close();
    await clock.advance(60_000);
    expect([first.code, second.code]).toEqual(["closed", "closed"]);
    expect(asked).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});
