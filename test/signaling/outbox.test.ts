import { describe, expect, it } from "vitest";
import { encode } from "../../src/signaling/encode.ts";
import { createOutbox, type Letter } from "../../src/signaling/outbox.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { candidate, offer } from "./support.ts";

const from = { roomId: "!room:test", callId: "call", partyId: "P" };
const invite = (over: Partial<Letter> = {}): Letter => ({
  ...from,
  event: encode.invite(from, offer, 90_000, undefined),
  txnId: "invite",
  expiresAt: 90_000,
  ...over,
});
const candidates = (...names: string[]): Letter => ({
  ...from,
  event: encode.candidates(from, names.map(candidate)),
  txnId: names.join(),
  expiresAt: 90_000,
});
const hangup = (): Letter => ({
  ...from,
  event: encode.hangup(from, "user_hangup"),
  txnId: "hangup",
  expiresAt: 90_000,
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
  const send = (letter: Letter) => {
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

  it("P30 holds every room back while the homeserver limits the user", async () => {
    const { clock, send, last, asked } = setUp();
    send(invite());
    await last().answer(error("rate_limited", 5_000));
    send(invite({ roomId: "!other:test" }));
    expect(asked).toHaveLength(1);
    await clock.advance(5_000);
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

  it("sends neither an invite that was never tried nor its hangup", async () => {
    const { clock, send, last, types } = setUp();
    const other = { ...from, callId: "other" };
    send(invite({ ...other, event: encode.invite(other, offer, 90_000, undefined) }));
    const never = send(invite());
    const nor = send(hangup());
    await last().answer();
    await clock.advance(60_000);
    expect(types()).toEqual(["invite"]);
    expect([never.state, nor.state]).toEqual(["sent", "sent"]);
  });

  it("sends a hangup after an invite that may have arrived", async () => {
    const { clock, send, last, types } = setUp();
    send(invite());
    await last().answer(error("homeserver_unreachable"));
    send(hangup());
    await clock.advance(1_000);
    await last().answer();
    expect(types()).toEqual(["invite", "invite", "hangup"]);
  });

  it("fails everything with closed, and leaves no timer", async () => {
    const { clock, send, last, asked, outbox } = setUp();
    const first = send(invite());
    const second = send(hangup());
    await last().answer(error("homeserver_unreachable"));
    outbox.close();
    await clock.advance(60_000);
    expect([first.code, second.code]).toEqual(["closed", "closed"]);
    expect(asked).toHaveLength(1);
  });
});
