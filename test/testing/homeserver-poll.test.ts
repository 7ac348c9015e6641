import { describe, expect, it } from "vitest";
import { asker, createClient, directRoom, twoInRoom, typesIn, verbs } from "./homeserver-client.ts";

const CALLS = { room: { timeline: { types: ["m.call.*"] } } };

/** Whether a promise has settled once everything that could has. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  const turn = new Promise((resolve) => setTimeout(resolve, 0, pending));
  return (await Promise.race([promise, turn])) === pending;
}

describe("a long poll", () => {
  it("answers in the turn of the event that ends it, with no time passing", async () => {
    const { alice, bob, roomId, since } = await twoInRoom();
    const poll = bob.sync({ since, timeout: 30_000 });
    expect(await isPending(poll)).toBe(true);
    await alice.send(roomId, "m.call.invite", "1");
    expect(typesIn(await poll, roomId)).toEqual(["m.call.invite"]);
  });

  it("answers with all that one request made", async () => {
    const { homeserver, alice, bob, since } = await twoInRoom();
    const poll = alice.sync({ since, timeout: 30_000 });
    const roomId = await alice.createRoom({ invite: [bob.userId, createClient(homeserver, "carol").userId] });
    expect(typesIn(await poll, roomId)).toHaveLength(8);
  });

  it("answers with nothing new when its time is up", async () => {
    const { clock, bob, since } = await twoInRoom();
    const poll = bob.sync({ since, timeout: 30_000 });
    await clock.advance(29_999);
    expect(await isPending(poll)).toBe(true);
    await clock.advance(1);
    expect((await poll).next_batch).toBe(since);
  });

  it("sleeps through what the filter keeps out, and other rooms' events", async () => {
    const { homeserver, alice, bob, roomId, since } = await twoInRoom();
    const poll = bob.sync({ since, timeout: 30_000, filter: CALLS });
    await alice.send(roomId, "m.room.message", "1");
    await alice.send(await directRoom(alice, createClient(homeserver, "carol")), "m.call.invite", "2");
    expect(await isPending(poll)).toBe(true);
    await alice.send(roomId, "m.call.invite", "3");
    expect(typesIn(await poll, roomId)).toEqual(["m.call.invite"]);
  });

  it("is forgotten when its request is aborted, timer and all", async () => {
    const { clock, bob, since } = await twoInRoom();
    const before = clock.pending;
    const abort = new AbortController();
    const poll = bob.sync({ since, timeout: 30_000, signal: abort.signal });
    expect(await isPending(poll)).toBe(true);
    expect(clock.pending).toBe(before + 1);
    abort.abort(new Error("enough"));
    await expect(poll).rejects.toThrow("enough");
    expect(clock.pending).toBe(before);
  });

  it("of a device that is logged out ends at once, as in Synapse, and the next is refused", async () => {
    const { homeserver, clock, bob, since } = await twoInRoom();
    const body = { type: "m.login.password", user: "bob", password: bob.password };
    const { access_token } = (await bob.ask("POST", "/login", { body })).body;
    const tablet = verbs(asker(homeserver, access_token)).sync({ since, timeout: 30_000 });
    const poll = bob.sync({ since, timeout: 30_000 });
    expect(await isPending(poll)).toBe(true);
    await bob.ask("POST", "/logout");
    expect((await poll).rooms).toBeUndefined();
    expect((await bob.sync({ since })).errcode).toBe("M_UNKNOWN_TOKEN");
    expect(await isPending(tablet)).toBe(true);
    await clock.advance(30_000);
    await tablet;
  });

  it("of an access token ends where the device gets another one", async () => {
    const { bob, since } = await twoInRoom();
    const poll = bob.sync({ since, timeout: 30_000 });
    expect(await isPending(poll)).toBe(true);
    const body = { type: "m.login.password", user: "bob", password: bob.password, device_id: bob.deviceId };
    await bob.ask("POST", "/login", { body });
    expect((await poll).rooms).toBeUndefined();
  });

  it("breaks when the homeserver closes, and so does what is asked later", async () => {
    const { clock, homeserver, bob, since } = await twoInRoom();
    const poll = bob.sync({ since, timeout: 30_000 });
    expect(await isPending(poll)).toBe(true);
    homeserver.close();
    await expect(poll).rejects.toThrow(TypeError);
    await expect(bob.sync()).rejects.toThrow(TypeError);
    expect(clock.pending).toBe(0);
  });
});

describe("a to-device message", () => {
  const message = (n: number) => ({ type: "m.x", sender: "@alice:homeserver.test", content: { n } });

  it("comes to the devices that it names, once for a transaction", async () => {
    const { alice, bob, since } = await twoInRoom();
    const send = (transaction: string, device: string, n: number) =>
      alice.ask("PUT", `/sendToDevice/m.x/${transaction}`, {
        body: { messages: { [bob.userId]: { [device]: { n } } } },
      });
    await send("1", "B", 1);
    await send("1", "B", 1);
    await send("2", "*", 2);
    await send("3", "OTHER", 3);
    expect((await bob.sync({ since })).to_device?.events).toEqual([message(1), message(2)]);
  });

  it("is there until a sync names the one that brought it, which then ate it for all on the device", async () => {
    const { alice, bob, since } = await twoInRoom();
    const poll = bob.sync({ since, timeout: 30_000 });
    const body = { messages: { [bob.userId]: { B: { n: 1 } } } };
    await alice.ask("PUT", "/sendToDevice/m.x/1", { body });
    const got = await poll;
    expect(got.to_device?.events).toEqual([message(1)]);
    expect((await bob.sync({ since })).to_device?.events).toEqual([message(1)]);
    expect((await bob.sync()).to_device?.events).toEqual([message(1)]);
    // Another client on the same device goes on from where this one was.
    await bob.sync({ since: got.next_batch, filter: { room: { rooms: [] } } });
    expect((await bob.sync({ since })).to_device).toBeUndefined();
  });
});
