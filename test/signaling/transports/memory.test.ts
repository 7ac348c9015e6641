import { VirtualTimeScheduler } from "rxjs";
import { describe, expect, it } from "vitest";
import { createMemoryRooms } from "../../../src/signaling/transports/memory.ts";
import type { EventBatch } from "../../../src/streams/contract.ts";
import { TrunklineError } from "../../../src/streams/errors.ts";
import { showable, unshowable } from "../../../src/testing/transport-suite.ts";
import { ofFaults, ofItsOwn } from "./left-out.ts";
import { memoryWorld } from "./memory-world.ts";

describe("the transport suite on rooms in memory", () => {
  const world = memoryWorld();
  for (const test of showable(world)) it(test.name, () => test.run(world));

  it("leaves out what needs a network", () => {
    expect(unshowable(world)).toEqual([
      "rejects with forbidden where a member may not send",
      "P42 refuses to send into an encrypted room, whether it was told of it or not",
      "P42 refuses a delayed event for an encrypted room",
      ...ofFaults,
      ...ofItsOwn,
    ]);
  });
});

describe("rooms in memory under a virtual clock", () => {
  const roomId = "!r:memory";
  const alice = { userId: "@alice:memory", deviceId: "A" };
  const bob = { userId: "@bob:memory", deviceId: "B" };

  /** Alice and Bob in a room, 10 ms away from it; `log` is what Bob's phone hears, and when. */
  function stage() {
    const clock = new VirtualTimeScheduler();
    const rooms = createMemoryRooms({ clock, latency: 10 });
    rooms.join(roomId, alice.userId);
    rooms.join(roomId, bob.userId);
    const [phone, other] = [rooms.connect(alice), rooms.connect(bob)];
    const log: string[] = [];
    const hear = ({ live, events }: EventBatch) => {
      const heard = events.map(({ type, age }) => `${type} aged ${age}`).join(", ");
      log.push(`${clock.now()} ${live ? "live" : "history"}: ${heard}`);
    };
    const at = (time: number, work: () => void) => clock.schedule(work, time);
    return { clock, rooms, phone, other, log, hear, at };
  }

  it("takes the latency there and back, and answers polls with what came meanwhile", async () => {
    const { clock, phone, other, log, hear, at } = stage();
    const subscription = other.batches$.subscribe(hear);
    const acknowledged: Promise<number>[] = [];
    const send = (txnId: string) =>
      acknowledged.push(phone.send(roomId, `m.call.${txnId}`, {}, txnId).then(() => clock.now()));
    // Each reaches the rooms 10 ms later; the second and third while the answer with the first is under way.
    at(100, () => send("one"));
    at(105, () => send("two"));
    at(112, () => send("three"));
    at(1_000, () => subscription.unsubscribe());
    clock.flush();
    expect(log).toEqual([
      "20 history: m.room.join_rules aged 10, m.room.member aged 10, m.room.member aged 10",
      "120 live: m.call.one aged 0",
      "140 live: m.call.two aged 15, m.call.three aged 8",
    ]);
    await expect(Promise.all(acknowledged)).resolves.toHaveLength(3);
  });

  it("P8 an event that waited for a cut line has its age", () => {
    const { clock, rooms, other, log, hear, at } = stage();
    const connected: string[] = [];
    other.connected$.subscribe((yes) => connected.push(`${clock.now()} ${yes}`));
    const subscription = other.batches$.subscribe(hear);
    at(100, () => other.setOnline(false));
    at(150, () => rooms.post(roomId, { sender: alice.userId, type: "m.call.invite", content: {} }));
    at(400, () => other.setOnline(true));
    at(1_000, () => subscription.unsubscribe());
    clock.flush();
    expect(log.at(-1)).toBe("410 live: m.call.invite aged 250");
    expect(connected).toEqual(["0 false", "20 true", "100 false", "410 true", "1000 false"]);
  });

  it("loses an answer that is under way when the line is cut, and gives it again", () => {
    const { clock, rooms, other, log, hear, at } = stage();
    const subscription = other.batches$.subscribe(hear);
    at(100, () => rooms.post(roomId, { sender: alice.userId, type: "m.call.invite", content: {} }));
    at(105, () => other.setOnline(false));
    at(300, () => other.setOnline(true));
    at(1_000, () => subscription.unsubscribe());
    clock.flush();
    expect(log.slice(1)).toEqual(["310 live: m.call.invite aged 200"]);
  });

  it("tells that the line is mended, though there is no news", () => {
    const { clock, other, log, hear, at } = stage();
    const subscription = other.batches$.subscribe(hear);
    at(100, () => other.setOnline(false));
    at(300, () => other.setOnline(true));
    at(1_000, () => subscription.unsubscribe());
    clock.flush();
    expect(log.slice(1)).toEqual(["310 live: "]);
  });

  it("a send whose answer is under way when the line is cut is done, and rejects", async () => {
    const { clock, phone, other, log, hear, at } = stage();
    const subscription = other.batches$.subscribe(hear);
    const sent = phone.send(roomId, "m.call.invite", {}, "t").catch((error) => error.code);
    at(15, () => phone.setOnline(false));
    at(1_000, () => subscription.unsubscribe());
    clock.flush();
    expect(await sent).toBe("homeserver_unreachable");
    expect(log.join()).toContain("m.call.invite");
  });

  it("has no history of rooms that we have left", () => {
    const { clock, rooms, other, log, hear, at } = stage();
    rooms.leave(roomId, bob.userId);
    const subscription = other.batches$.subscribe(hear);
    at(50, () => subscription.unsubscribe());
    clock.flush();
    expect(log).toEqual(["20 history: "]);
  });

  it("leaves nothing on the clock after it is unsubscribed", () => {
    const { clock, rooms, other, at } = stage();
    const subscription = other.batches$.subscribe();
    at(105, () => rooms.post(roomId, { sender: alice.userId, type: "m.call.invite", content: {} }));
    at(106, () => subscription.unsubscribe());
    clock.flush();
    expect(clock.now()).toBe(106);
  });

  it("gives every reader a content of its own", () => {
    const { clock, rooms, phone, other } = stage();
    const content = { candidates: [1] };
    rooms.post(roomId, { sender: bob.userId, type: "m.call.candidates", content });
    content.candidates.push(2);
    const contents: unknown[] = [];
    for (const transport of [phone, other]) {
      const subscription = transport.batches$.subscribe(({ events }) => {
        const last = events.at(-1)?.content as typeof content;
        contents.push(structuredClone(last));
        last.candidates.push(3);
      });
      clock.schedule(() => subscription.unsubscribe(), 50);
    }
    clock.flush();
    expect(contents).toEqual([{ candidates: [1] }, { candidates: [1] }]);
  });

  it("P42 shows plaintext in an encrypted room as what it is", () => {
    const { clock, rooms, other } = stage();
    rooms.post(roomId, { sender: alice.userId, type: "m.room.encryption", stateKey: "", content: {} });
    rooms.post(roomId, { sender: alice.userId, type: "m.call.invite", content: {} });
    const encrypted: boolean[] = [];
    const subscription = other.batches$.subscribe(({ events }) =>
      encrypted.push(...events.map((e) => e.encrypted)),
    );
    clock.schedule(() => subscription.unsubscribe(), 50);
    clock.flush();
    expect(encrypted.at(-1)).toBe(false);
  });

  it("has sends fail as told, in turn", async () => {
    const { clock, phone, other, log, hear } = stage();
    phone.failSend(new TrunklineError("rate_limited", "too fast", { retryAfter: 5 }));
    phone.failSend(new TrunklineError("server_error", "broken"));
    const send = (txnId: string) =>
      phone.send(roomId, "m.call.invite", {}, txnId).catch((error) => error.code);
    const outcomes = Promise.all(["a", "b", "c"].map(send));
    clock.flush();
    expect(await outcomes).toEqual(["rate_limited", "server_error", expect.stringMatching(/^\$/)]);
    const subscription = other.batches$.subscribe(hear);
    clock.schedule(() => subscription.unsubscribe(), 50);
    clock.flush();
    expect(log.join().match(/m\.call\.invite/g)).toHaveLength(1);
  });
});
