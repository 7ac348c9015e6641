import { firstValueFrom } from "rxjs";
import { realClock } from "../../streams/clock.ts";
import { equal, rejects, truthy } from "../assert.ts";
import { say } from "./say.ts";
import { type TransportTest, test } from "./scene.ts";
import type { TestUser } from "./world.ts";

export const syncTests: readonly TransportTest[] = [
  test("P10 tells history, in the first batch, from news, in the later ones", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const old = await say(alice, roomId);
    const before = scene.watch(bob);
    await before.batchWith(old);
    before.close();
    const watch = scene.watch(bob);
    equal((await watch.batchWith(old)).live, false, "live of the batch with history");
    equal((await watch.first()).live, false, "live of the first batch");
    const news = await say(alice, roomId);
    equal((await watch.batchWith(news)).live, true, "live of the batch with news");
    equal(watch.batches.filter(({ live }) => !live).length, 1, "the number of batches of history");
  }),

  test("carries an event as it was sent", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const watch = scene.watch(bob);
    await watch.first();
    const content = { call_id: "c", candidates: [{ candidate: "ü", sdpMLineIndex: 0 }], nothing: null };
    const sent = await say(alice, roomId, content);
    const event = await watch.event(({ eventId }) => eventId === sent, "the event");
    const { eventId, sender, type, stateKey, encrypted } = event;
    equal(
      [event.roomId, eventId, sender, type],
      [roomId, sent, alice.userId, "m.call.candidates"],
      "the event",
    );
    equal([stateKey, encrypted], [undefined, false], "its state key, and whether it is encrypted");
    equal(inOrder(event.content), inOrder(content), "its content");
  }),

  test("P9 keeps a room's events in order", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const watch = scene.watch(bob);
    await watch.first();
    const sent: string[] = [];
    for (let number = 0; number < 5; number += 1) sent.push(await say(alice, roomId, { number }));
    await watch.batchWith(sent[4] as string);
    equal(
      watch.events.map(({ eventId }) => eventId).filter((id) => sent.includes(id)),
      sent,
      "the order",
    );
  }),

  test("P5 brings our own events back", async (scene) => {
    const { alice, roomId } = await scene.couple();
    const watch = scene.watch(alice);
    await watch.first();
    const sent = await say(alice, roomId);
    const echo = await watch.event(({ eventId }) => eventId === sent, "our echo");
    equal(echo.sender, alice.userId, "the sender");
  }),

  test("P8 gives ages", async (scene) => {
    const before = realClock.now();
    const { alice, bob, roomId } = await scene.couple();
    const old = await say(alice, roomId);
    const watch = scene.watch(bob);
    const batch = await watch.batchWith(old);
    const elapsed = realClock.now() - before;
    const age = batch.events.find(({ eventId }) => eventId === old)?.age;
    truthy(age !== undefined && age >= 0 && age <= elapsed + 1, `an age of 0 to ${elapsed} ms, not ${age}`);
  }),

  test("P12 shows a room's join rule, as it is and as it changes", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const isRule = (rule: string) => (event: { type: string; stateKey?: string; content: unknown }) =>
      event.type === "m.room.join_rules" &&
      event.stateKey === "" &&
      (event.content as { join_rule?: unknown }).join_rule === rule;
    await say(alice, roomId);
    const watch = scene.watch(bob);
    await watch.event(isRule("invite"), "the first join rule");
    await alice.setState(roomId, "m.room.join_rules", { join_rule: "public" });
    await watch.event(isRule("public"), "the changed join rule");
  }),

  test("P42 shows that a room was encrypted", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const watch = scene.watch(bob);
    await watch.batchWith(await say(alice, roomId));
    await alice.setState(roomId, "m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" });
    const event = await watch.event(({ type }) => type === "m.room.encryption", "m.room.encryption");
    equal([event.stateKey, event.roomId], ["", roomId], "its state key and room");
  }),

  test("P18 shows who comes, who leaves, and that we were put out", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const carol = await scene.world.createUser();
    const watch = scene.watch(bob);
    await watch.batchWith(await say(alice, roomId));
    const membership = (user: TestUser, wanted: string) =>
      watch.event(
        ({ type, stateKey, content }) =>
          type === "m.room.member" &&
          stateKey === user.userId &&
          (content as { membership?: unknown }).membership === wanted,
        `${wanted} of ${user.userId}`,
      );
    await alice.invite(roomId, carol.userId);
    await carol.join(roomId);
    await membership(carol, "join");
    await carol.leave(roomId);
    await membership(carol, "leave");
    await alice.kick(roomId, bob.userId);
    equal((await membership(bob, "leave")).sender, alice.userId, "who put us out");
  }),

  test("P13 tells how many members a room has, at first and as that changes", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const carol = await scene.world.createUser();
    const watch = scene.watch(bob);
    const counts = () =>
      watch.batches.flatMap(({ members = [] }) =>
        members.flatMap((told) => (told.roomId === roomId ? [told.joined] : [])),
      );
    const count = (joined: number) =>
      watch.batch(() => counts().at(-1) === joined, `${roomId} to have ${joined} members`);
    await watch.batchWith(await say(alice, roomId));
    equal(counts(), [2], "the number of members that is told with the first call event at the latest");
    await alice.invite(roomId, carol.userId);
    await carol.join(roomId);
    await count(3);
    await say(alice, roomId);
    await carol.leave(roomId);
    await count(2);
    equal(
      counts().filter((joined) => joined !== 2),
      [3],
      "the other numbers told",
    );
  }),

  test("shows a room that we come into while it syncs", async (scene) => {
    const { alice, roomId } = await scene.couple();
    const old = await say(alice, roomId);
    const carol = await scene.world.createUser();
    const watch = scene.watch(carol);
    await watch.first();
    await alice.invite(roomId, carol.userId);
    await carol.join(roomId);
    await watch.event(
      (event) => event.roomId === roomId && event.type === "m.room.join_rules",
      "its join rule",
    );
    truthy((await watch.batchWith(old)).live, "a room's history to come with news of it");
  }),

  test("stops when it is unsubscribed, and starts over when it is subscribed again", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const watch = scene.watch(bob);
    await watch.first();
    watch.close();
    equal(await firstValueFrom(bob.transport.connected$), false, "connected$ afterwards");
    const other = scene.watch(alice);
    const missed = await say(alice, roomId);
    await other.batchWith(missed);
    const again = scene.watch(bob);
    equal((await again.first()).live, false, "live of the first batch");
    await again.batchWith(missed);
    equal(watch.batches.length, 1, "the number of batches before it was unsubscribed");
    equal(again.events.filter(({ eventId }) => eventId === missed).length, 1, "how often it comes");
  }),

  test("has one subscriber at a time", async (scene) => {
    const alice = await scene.world.createUser();
    const watch = scene.watch(alice);
    await rejects(scene.watch(alice).end(), "wrong_state");
    await watch.first();
  }),
];

/** The order of keys is nobody's promise. */
const inOrder = (content: unknown) => Object.entries(content as object).sort(([a], [b]) => (a < b ? -1 : 1));
