import { describe, expect, it } from "vitest";
import { coded, said, scripted, watched } from "./scripted.ts";

describe("what a sync tells", () => {
  it("P8 takes ages as they are", async () => {
    const { next, batches, subscription } = await watched();
    const event = { event_id: "$1", sender: "@a:x", type: "m.call.invite", content: {} };
    const events = [
      { ...event, unsigned: { age: -5 } },
      { ...event, unsigned: { age: "old" } },
      { ...event, unsigned: null, age: 7 },
    ];
    (await next()).json({ next_batch: "s1", rooms: { join: { "!r": { timeline: { events } } } } });
    await next();
    const parsed = { roomId: "!r", eventId: "$1", sender: "@a:x", type: "m.call.invite", content: {} };
    expect(batches[0]?.events).toEqual([
      { ...parsed, encrypted: false, age: -5 },
      { ...parsed, encrypted: false },
      { ...parsed, encrypted: false },
    ]);
    subscription.unsubscribe();
  });

  it("P13 takes the member counts that are numbers, and says nothing where there are none", async () => {
    const { next, batches, subscription } = await watched();
    const counts = { "!a": 2, "!b": "2", "!c": null, "!d": 1.5, "!e": -1, "!f": 0 };
    const join = Object.entries(counts).map(([roomId, count]) => [
      roomId,
      { summary: { "m.joined_member_count": count } },
    ]);
    (await next()).json({ next_batch: "s1", rooms: { join: Object.fromEntries(join) } });
    (await next()).json({ next_batch: "s2", rooms: { join: { "!a": { summary: {} }, "!b": {} } } });
    await next();
    expect(batches.map(({ members }) => members)).toEqual([
      [
        { roomId: "!a", joined: 2 },
        { roomId: "!f", joined: 0 },
      ],
      undefined,
    ]);
    subscription.unsubscribe();
  });

  it("gives a room's state before its timeline, also of rooms that we are out of", async () => {
    const { next, batches, subscription } = await watched();
    const event = (id: string, more = {}) => ({
      event_id: id,
      sender: "@a:x",
      type: "t",
      content: {},
      ...more,
    });
    const room = (name: string) => ({
      timeline: { events: [event(`${name} 2`), event(`${name} 3`, { state_key: "" })] },
      state: { events: [event(`${name} 1`, { state_key: "" })] },
    });
    const rooms = { join: { "!in": room("in") }, leave: { "!out": room("out") }, invite: { "!new": {} } };
    (await next()).json({ next_batch: "s1", rooms });
    await next();
    const ids = batches[0]?.events.map(({ roomId, eventId, stateKey }) => [roomId, eventId, stateKey]);
    expect(ids).toEqual([
      ["!in", "in 1", ""],
      ["!in", "in 2", undefined],
      ["!in", "in 3", ""],
      ["!out", "out 1", ""],
      ["!out", "out 2", undefined],
      ["!out", "out 3", ""],
    ]);
    subscription.unsubscribe();
  });
});

describe("what a sync tells of rooms", () => {
  it("lets a send to a room that it knows go out at once", async () => {
    const { next, transport, subscription } = await watched();
    (await next()).json({ next_batch: "s1", rooms: { join: { "!r:x": {} } } });
    await next();
    const sent = transport.send("!r:x", "m.call.invite", { a: 1 }, "t/1");
    const request = await next();
    expect([request.method, request.path]).toEqual(["PUT", "/rooms/!r%3Ax/send/m.call.invite/t%2F1"]);
    expect([request.body, request.headers.get("Content-Type")]).toEqual([{ a: 1 }, "application/json"]);
    request.json({ event_id: "$1" });
    expect(await sent).toBe("$1");
    subscription.unsubscribe();
  });

  it("P42 a room that was encrypted once stays so, whatever later syncs do not say", async () => {
    const { next, transport, asked, subscription } = await watched();
    const encryption = {
      event_id: "$e",
      sender: "@a:x",
      type: "m.room.encryption",
      content: {},
      state_key: "",
    };
    const room = { state: { events: [encryption] } };
    (await next()).json({ next_batch: "s1", rooms: { join: { "!r": room } } });
    (await next()).json({ next_batch: "s2", rooms: { join: { "!r": {} } } });
    await next();
    await expect(transport.send("!r", "m.call.invite", {}, "t")).rejects.toEqual(coded("room_encrypted"));
    expect(asked).toHaveLength(0);
    subscription.unsubscribe();
  });

  it("P42 asks once whether a room is encrypted that it does not know", async () => {
    const { next, transport } = scripted();
    const first = transport.send("!r", "m.call.invite", {}, "1");
    const question = await next();
    expect(question.path).toBe("/rooms/!r/state/m.room.encryption/");
    question.json(said("M_NOT_FOUND"), 404);
    (await next()).json({ event_id: "$1" });
    expect(await first).toBe("$1");
    const second = transport.send("!r", "m.call.invite", {}, "2");
    (await next()).json({ event_id: "$2" });
    expect(await second).toBe("$2");
  });

  it("P42 does not send while it cannot learn whether a room is encrypted", async () => {
    const { next, transport, asked } = scripted();
    const sent = transport.send("!r", "m.call.invite", {}, "1");
    (await next()).fail(new TypeError("network"));
    await expect(sent).rejects.toEqual(coded("homeserver_unreachable"));
    expect(asked).toHaveLength(0);
  });

  it("stays with forbidden where it cannot learn whether we are in the room", async () => {
    const { next, transport } = scripted();
    const sent = transport.send("!r", "m.call.invite", {}, "1").catch((error: unknown) => error);
    (await next()).json(said("M_NOT_FOUND"), 404);
    (await next()).json(said("M_FORBIDDEN"), 403);
    (await next()).fail(new TypeError("network"));
    expect(await sent).toEqual(coded("forbidden"));
  });
});
