import { equal, rejects, truthy } from "../assert.ts";
import { say } from "./say.ts";
import { type TransportTest, test } from "./scene.ts";

export const sendTests: readonly TransportTest[] = [
  test("P30 sends once under one transaction id, and twice under two", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const watch = scene.watch(bob);
    await watch.first();
    const send = (txnId: string) => alice.transport.send(roomId, "m.call.hangup", { call_id: "c" }, txnId);
    const first = await send("t1");
    equal(await send("t1"), first, "the event id of the same transaction");
    const second = await send("t2");
    truthy(second !== first, "another event id for another transaction");
    await watch.batchWith(second);
    const sent = watch.events.filter(({ type }) => type === "m.call.hangup").map(({ eventId }) => eventId);
    equal(sent, [first, second], "the events in the room");
  }),

  test("rejects with not_in_room: a stranger, one who was put out, a room that is not", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const carol = await scene.world.createUser();
    await rejects(say(carol, roomId), "not_in_room");
    await rejects(say(carol, `${roomId}x`), "not_in_room");
    await say(bob, roomId);
    await alice.kick(roomId, bob.userId);
    await rejects(say(bob, roomId), "not_in_room");
  }),

  test(
    "rejects with forbidden where a member may not send",
    async (scene) => {
      const { alice, bob, roomId } = await scene.couple();
      const users = { [alice.userId]: 100 };
      await alice.setState(roomId, "m.room.power_levels", { users, events_default: 50 });
      await rejects(say(bob, roomId), "forbidden");
      await say(alice, roomId);
    },
    "power_levels",
  ),

  test("P30 rejects an event of more than 65,536 bytes, and sends one just below", async (scene) => {
    const { alice, roomId } = await scene.couple();
    await rejects(say(alice, roomId, { sdp: "x".repeat(65_536) }), "event_too_large");
    await say(alice, roomId, { sdp: "x".repeat(60_000) });
  }),

  test(
    "P42 refuses to send into an encrypted room, whether it was told of it or not",
    async (scene) => {
      const { alice, bob, roomId } = await scene.couple();
      const watch = scene.watch(bob);
      await watch.first();
      await say(bob, roomId);
      await alice.setState(roomId, "m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" });
      await watch.event(({ type }) => type === "m.room.encryption", "m.room.encryption");
      await rejects(say(bob, roomId), "room_encrypted");
      await rejects(say(alice, roomId), "room_encrypted");
    },
    "encryption_refusal",
  ),

  test(
    "P42 sends encrypted into an encrypted room, and says so",
    async (scene) => {
      const { alice, bob, roomId } = await scene.couple();
      const watch = scene.watch(bob);
      await watch.first();
      await alice.setState(roomId, "m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" });
      const sent = await say(alice, roomId);
      equal((await watch.event(({ eventId }) => eventId === sent, "the event")).encrypted, true, "encrypted");
    },
    "encryption",
  ),

  test("P29 gives TURN servers with credentials, or none, and how long that holds", async (scene) => {
    const alice = await scene.world.createUser();
    const { iceServers, ttl } = await alice.transport.turnServers();
    truthy(ttl > 0, `a ttl in seconds, not ${ttl}`);
    for (const { urls, username, credential } of iceServers) {
      truthy(urls.length > 0 && !!username && !!credential, `addresses and credentials, not ${urls}`);
    }
  }),
];
