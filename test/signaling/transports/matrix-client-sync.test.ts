import { SyncState } from "matrix-js-sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import { coded } from "./scripted.ts";
import {
  ENCRYPTION,
  encrypted,
  event,
  listen,
  PEER,
  ROOM,
  scriptedClient,
  turn,
  US,
} from "./scripted-client.ts";

async function stage(options: Parameters<typeof scriptedClient>[0] = {}) {
  const app = await scriptedClient(options);
  const ears = listen(app.transport);
  await turn();
  onTestFinished(() => {
    ears.stop();
    app.client.stopClient();
  });
  return { ...app, ears };
}

const INVITE = "m.call.invite";
const HANGUP = "m.call.hangup";

describe("reading by an app's client", () => {
  it("P9 makes one batch of a sync, when all of it is decrypted", async () => {
    const { sync, crypto, ears } = await stage();
    crypto.addKey("k");
    let decrypt = () => {};
    crypto.busy = new Promise((resolve) => {
      decrypt = resolve;
    });
    await sync(encrypted("$1", "k", INVITE, { call_id: "c" }), event("$2", "m.call.candidates"));
    await sync(encrypted("$3", "k", HANGUP));
    expect(ears.heard()).toEqual([[]]);
    decrypt();
    await turn();
    expect(ears.heard()).toEqual([[], ["$1", "$2"], ["$3"]]);
    expect(ears.batches.map(({ live }) => live)).toEqual([false, true, true]);
    const [invite] = ears.batches[1]?.events.filter(({ eventId }) => eventId === "$1") ?? [];
    expect(invite).toMatchObject({ roomId: ROOM, sender: PEER, type: INVITE, content: { call_id: "c" } });
  });

  it("P42 tells what was encrypted and what was not", async () => {
    const { sync, crypto, ears } = await stage({ roomState: [ENCRYPTION] });
    crypto.addKey("k");
    await sync(encrypted("$1", "k", INVITE), event("$2", INVITE));
    const told = ears.batches[1]?.events.map(({ type, encrypted: was }) => [type, was]);
    expect(told).toEqual([
      ["m.room.join_rules", false],
      ["m.room.encryption", false],
      [INVITE, true],
      [INVITE, false],
    ]);
  });

  it("P42 a room stays encrypted where the homeserver says it no more", async () => {
    const { sync, crypto, ears } = await stage();
    crypto.roomsOnceEncrypted.add(ROOM);
    await sync(event("$1", INVITE));
    expect(ears.batches[1]?.events).toContainEqual(
      expect.objectContaining({ type: "m.room.encryption", stateKey: "", roomId: ROOM }),
    );
  });

  it("P8 an event whose key comes late is told then, with its age then", async () => {
    const { sync, crypto, clock, ears } = await stage();
    await sync(encrypted("$1", "k", INVITE));
    await clock.advance(5_000);
    expect(ears.heard()).toEqual([[], []]);
    crypto.addKey("k");
    await turn();
    expect(ears.heard()).toEqual([[], [], ["$1"]]);
    const late = ears.batches[2];
    expect(late?.events.at(-1)).toMatchObject({ eventId: "$1", age: 5_050, encrypted: true });
  });

  it("P9 what a key opens makes one batch, in the order in which it came", async () => {
    const { sync, crypto, ears } = await stage();
    await sync(encrypted("$1", "k", INVITE), encrypted("$2", "other", "m.call.answer"));
    await sync(encrypted("$3", "k", HANGUP));
    crypto.addKey("k");
    await turn();
    expect(ears.heard().at(-1)).toEqual(["$1", "$3"]);
    crypto.addKey("other");
    await turn();
    expect(ears.heard().slice(3)).toEqual([["$1", "$3"], ["$2"]]);
  });

  it("P9 what a key opens is told with the sync that brought the key", async () => {
    const { sync, answer, ears } = await stage();
    await sync(encrypted("$1", "k", INVITE));
    const key = { type: "m.room_key", sender: PEER, content: { session: "k" } };
    const timeline = { events: [encrypted("$2", "k", HANGUP)], prev_batch: "p" };
    await answer({ to_device: { events: [key] }, rooms: { join: { [ROOM]: { timeline } } } });
    expect(ears.heard()).toEqual([[], [], ["$1", "$2"]]);
  });

  it("forgets what is locked when it can be answered no more", async () => {
    const { sync, crypto, clock, ears } = await stage();
    await sync(encrypted("$1", "k", INVITE));
    await clock.advance(600_000);
    await sync();
    crypto.addKey("k");
    await turn();
    expect(ears.heard().flat()).toEqual([]);
  });

  it("P44 keeps a bounded number of locked events, the newest", async () => {
    const { sync, crypto, ears } = await stage();
    await sync(...Array.from({ length: 600 }, (_, index) => encrypted(`$${index}`, "k", INVITE)));
    await sync();
    crypto.addKey("k");
    await turn();
    expect(ears.heard().at(-1)).toEqual(Array.from({ length: 500 }, (_, index) => `$${index + 100}`));
  });

  it("does not read other messages, local echoes and what is paged back", async () => {
    const { client, sync, script, ears } = await stage();
    script.answer = () => new Promise(() => {});
    void client.sendEvent(ROOM, "m.call.hangup" as never, {} as never).catch(() => {});
    await sync(event("$1", "m.room.message", { body: "x" }));
    const room = client.getRoom(ROOM);
    const older = client.getEventMapper()({ ...event("$0", INVITE), room_id: ROOM });
    room?.addEventsToTimeline([older], true, false, room.getLiveTimeline());
    await sync();
    expect(ears.batches.flatMap(({ events }) => events)).toEqual([]);
    client.stopClient();
  });

  it("tells a sent event once, when it comes back", async () => {
    const { transport, sync, crypto, ears } = await stage({ roomState: [ENCRYPTION] });
    crypto.addKey("ours1");
    const id = await transport.send(ROOM, HANGUP, { call_id: "c" }, "t1");
    const echo = { sender: US, unsigned: { age: 5, transaction_id: "t1" } };
    await sync(encrypted(id, "ours1", HANGUP, { call_id: "c" }, echo));
    await sync(encrypted(id, "ours1", HANGUP, { call_id: "c" }, echo));
    expect(ears.heard()).toEqual([[], [id], []]);
  });
});

describe("what an app's client has synced before", () => {
  it("P10 is history, where it is young enough to ring; of the rest nothing is decrypted", async () => {
    const { transport, sync, crypto, ears } = await stage();
    crypto.addKey("k");
    const old = { unsigned: { age: 600_000 } };
    await sync(encrypted("$1", "k", INVITE, {}, old), encrypted("$2", "k", INVITE), event("$3", HANGUP));
    ears.stop();
    crypto.decrypted.length = 0;
    const again = listen(transport);
    await turn();
    expect(again.heard()).toEqual([["$2", "$3"]]);
    expect(again.batches[0]).toMatchObject({ live: false, members: [{ roomId: ROOM, joined: 2 }] });
    expect(again.batches[0]?.events[0]?.type).toBe("m.room.join_rules");
    again.stop();
  });

  it("P8 does not ring where the homeserver gave no age", async () => {
    const { transport, sync, ears } = await stage();
    await sync(event("$1", INVITE, {}, { unsigned: {} }));
    expect(ears.heard().at(-1)).toEqual(["$1"]);
    ears.stop();
    const again = listen(transport);
    await turn();
    expect(again.heard()).toEqual([[]]);
    again.stop();
  });
});

describe("the state of rooms", () => {
  it("is told with the first call event, and then as it changes; of other rooms nothing", async () => {
    const { sync, ears } = await stage();
    const rule = (id: string, join_rule: string) =>
      event(id, "m.room.join_rules", { join_rule }, { state_key: "" });
    await sync(rule("$1", "knock"));
    expect(ears.batches.flatMap(({ events, members = [] }) => [...events, ...members])).toEqual([]);
    await sync(event("$2", INVITE));
    await sync(rule("$3", "public"));
    const told = ears.batches.map(({ events }) => events.map(({ eventId }) => eventId));
    expect(told).toEqual([[], [], ["$1", "$2"], ["$3"]]);
    expect(ears.batches.map(({ members }) => members)).toEqual([
      undefined,
      undefined,
      [{ roomId: ROOM, joined: 2 }],
      undefined,
    ]);
  });

  it("P18 tells that the peer left, of a room that was only sent to as well", async () => {
    const { transport, sync, ears } = await stage();
    await transport.send(ROOM, INVITE, {}, "t");
    await sync(event("$1", "m.room.member", { membership: "leave" }, { state_key: PEER }));
    expect(ears.batches[1]?.events.at(-1)).toMatchObject({ type: "m.room.member", stateKey: PEER });
  });

  it("P18 tells that the peer left in the sync that brought the invite", async () => {
    const { sync, ears } = await stage();
    const left = event("$2", "m.room.member", { membership: "leave" }, { state_key: PEER });
    await sync(event("$1", INVITE), left);
    expect(ears.batches[1]?.events.map(({ eventId }) => eventId)).toContain("$2");
  });
});

describe("a sync that left something out", () => {
  const limited = (...events: object[]) => ({ timeline: { events, limited: true, prev_batch: "gap" } });

  it("P9 is completed before it is told", async () => {
    const { inRoom, sync, asked, script, ears } = await stage();
    await sync(event("$1", INVITE));
    script.answer = async ({ path, query }) => {
      expect([path, query.get("from"), query.get("dir")]).toEqual([
        `/rooms/${encodeURIComponent(ROOM)}/messages`,
        "gap",
        "b",
      ]);
      return Response.json({
        chunk: [event("$3", HANGUP), event("$2", "m.call.candidates"), event("$1", INVITE)],
      });
    };
    await inRoom(limited(event("$4", "m.call.reject")));
    await turn();
    expect(ears.heard()).toEqual([[], ["$1"], ["$2", "$3", "$4"]]);
    expect(asked).toHaveLength(1);
  });

  it("asks for no more than may ring", async () => {
    const { inRoom, asked, script, ears } = await stage();
    const old = { unsigned: { age: 600_000 } };
    script.answer = async () =>
      Response.json({ chunk: [event("$3", HANGUP), event("$2", INVITE, {}, old)], end: "more" });
    await inRoom(limited(event("$4", "m.call.reject")));
    await turn();
    expect(ears.heard()).toEqual([[], ["$3", "$4"]]);
    expect(asked).toHaveLength(1);
    await inRoom(limited(event("$5", "m.room.message", {}, old), event("$6", HANGUP)));
    await turn();
    expect(ears.heard().at(-1)).toEqual(["$6"]);
    expect(asked).toHaveLength(1);
  });

  it("P9 is completed where the request for the rest fails for a moment", async () => {
    const { inRoom, script, clock, ears, asked } = await stage();
    script.answer = async () =>
      asked.length < 3
        ? new Response("<h1>Bad gateway</h1>", { status: 502 })
        : Response.json({ chunk: [event("$2", HANGUP)] });
    await inRoom(limited(event("$3", INVITE)));
    for (let second = 0; second < 2; second += 1) {
      await turn();
      expect(ears.heard().at(-1)).toEqual([]);
      await clock.advance(1_000);
    }
    await turn();
    expect([ears.heard().at(-1), asked.length]).toEqual([["$2", "$3"], 3]);
  });

  it("is told as it is where the rest cannot be had", async () => {
    const { inRoom, script, clock, ears } = await stage();
    script.answer = async () => Response.json({ errcode: "M_FORBIDDEN", error: "no" }, { status: 403 });
    await inRoom(limited(event("$1", INVITE)));
    await turn();
    expect(ears.heard().at(-1)).toEqual(["$1"]);
    script.answer = () => new Promise(() => {});
    await inRoom(limited(event("$2", HANGUP)));
    await clock.advance(4_999);
    expect(ears.heard().at(-1)).toEqual(["$1"]);
    await clock.advance(1);
    expect(ears.heard().at(-1)).toEqual(["$2"]);
  });
});

describe("the end of an app's client", () => {
  it("is an error with the remedy: unknown_token where it was logged out", async () => {
    const { failSync, ears, transport } = await stage();
    await failSync("M_UNKNOWN_TOKEN", 401);
    expect(ears.errors).toEqual([coded("unknown_token")]);
    expect(ears.connected).toEqual([true, false]);
    await expect(transport.identity()).rejects.toEqual(coded("unknown_token"));
  });

  it("is an error with the remedy: wrong_state where it was stopped", async () => {
    const { client, ears, transport } = await stage();
    client.stopClient();
    await turn();
    expect(ears.errors).toEqual([
      coded("wrong_state", { message: expect.stringContaining("client.startClient()") }),
    ]);
    await expect(transport.identity()).rejects.toEqual(coded("wrong_state"));
  });

  it("connected$ shows a line that is cut", async () => {
    const { failSync, client, ears } = await stage();
    await failSync("M_UNKNOWN", 502);
    expect(client.getSyncState()).toBe(SyncState.Reconnecting);
    expect(ears.connected).toEqual([true, false]);
  });

  it("is not there where the account is locked, or something in between refuses", async () => {
    for (const errcode of ["M_USER_LOCKED", "M_UNKNOWN"]) {
      const { failSync, ears, transport } = await stage();
      await failSync(errcode, 401);
      expect(ears.errors).toEqual([]);
      expect(ears.connected).toEqual([true, false]);
      await transport.identity();
    }
  });

  it("leaves no listener behind when nobody listens", async () => {
    const { client, transport, ears } = await stage();
    ears.stop();
    const left = ["event", "sync", "Event.decrypted", "Room.timelineReset", "Session.logged_out"];
    const counts = (own: readonly string[]) => own.map((name) => client.listenerCount(name as never));
    const before = counts(left);
    const again = listen(transport);
    await turn();
    expect(counts(left)).toEqual(before.map((count) => count + 1));
    again.stop();
    expect(counts(left)).toEqual(before);
  });
});
