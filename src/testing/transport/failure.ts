import { firstValueFrom } from "rxjs";
import { equal, rejects, truthy } from "../assert.ts";
import { say } from "./say.ts";
import { type TransportTest, test } from "./scene.ts";

export const failureTests: readonly TransportTest[] = [
  test("knows who we are", async (scene) => {
    const { userId, deviceId, transport } = await scene.world.createUser();
    const identity = await transport.identity();
    equal([identity.userId, identity.deviceId], [userId, deviceId], "the identity");
  }),

  test("connected$ is false until a sync got through", async (scene) => {
    const alice = await scene.world.createUser();
    equal(await firstValueFrom(alice.transport.connected$), false, "connected$ at the start");
    const watch = scene.watch(alice);
    await watch.connection(false, true);
    equal(watch.connected, [false, true], "what connected$ emitted");
  }),

  test("ends with unknown_token where there is no valid access token", async (scene) => {
    const { alice, roomId } = await scene.couple();
    await alice.revoke();
    await rejects(alice.transport.identity(), "unknown_token");
    await rejects(say(alice, roomId), "unknown_token");
    await rejects(alice.transport.turnServers(), "unknown_token");
    await rejects(scene.watch(alice).end(), "unknown_token");
  }),

  test("batches$ errors with unknown_token when the token is taken away while it syncs", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const watch = scene.watch(bob);
    await watch.connection(true);
    await bob.revoke();
    await say(alice, roomId); // ends the poll that waits, if the homeserver has not
    await rejects(watch.end(), "unknown_token");
    equal(await firstValueFrom(bob.transport.connected$), false, "connected$ afterwards");
  }),

  test("P30 does not send twice where the answer was lost and the same transaction is tried again", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const watch = scene.watch(bob);
    await watch.first();
    const invite = () => alice.transport.send(roomId, "m.call.invite", { call_id: "c" }, "t");
    alice.fail("send", "lost_answer");
    await rejects(invite(), "homeserver_unreachable");
    const eventId = await invite();
    await watch.batchWith(await say(alice, roomId));
    const invites = watch.events.filter(({ type }) => type === "m.call.invite");
    equal(
      invites.map((event) => event.eventId),
      [eventId],
      "the invites in the room",
    );
  }),

  test("rejects with homeserver_unreachable where a request does not get through, and recovers", async (scene) => {
    const { alice, roomId } = await scene.couple();
    alice.fail("send", "unreachable");
    await rejects(say(alice, roomId), "homeserver_unreachable");
    await say(alice, roomId);
  }),

  test("survives a sync that does not get through, and misses nothing", async (scene) => {
    const { alice, bob, roomId } = await scene.couple();
    const watch = scene.watch(bob);
    await watch.connection(true);
    bob.fail("sync", "unreachable");
    const sent = [await say(alice, roomId)];
    await watch.connection(true, false);
    sent.push(await say(alice, roomId));
    await watch.connection(true, false, true);
    truthy((await watch.batchWith(sent[1] as string)).live, "news to be live after a cut");
    equal(
      watch.events.map(({ eventId }) => eventId).filter((id) => sent.includes(id)),
      sent,
      "what came",
    );
  }),

  test(
    "survives a sync that fails at the start",
    async (scene) => {
      const alice = await scene.world.createUser();
      alice.fail("identity", "unreachable");
      alice.fail("sync", "server_error");
      equal((await scene.watch(alice).first()).live, false, "live of the first batch");
    },
    "faults",
  ),

  test(
    "P30 rejects with rate_limited and how long to wait, and the same transaction goes through then",
    async (scene) => {
      const { alice, roomId } = await scene.couple();
      const send = () => alice.transport.send(roomId, "m.call.hangup", {}, "t");
      alice.fail("send", { retryAfter: 3_000 });
      equal((await rejects(send(), "rate_limited")).retryAfter, 3_000, "retryAfter");
      truthy((await send()).length > 0, "an event id");
    },
    "faults",
  ),

  test(
    "rejects with server_error where the homeserver fails",
    async (scene) => {
      const { alice, roomId } = await scene.couple();
      alice.fail("send", "server_error");
      await rejects(say(alice, roomId), "server_error");
      alice.fail("turn_servers", "server_error");
      await rejects(alice.transport.turnServers(), "server_error");
    },
    "faults",
  ),

  test(
    "takes a refusal from something in between for a failure that passes, not for a log-out",
    async (scene) => {
      const { alice, bob, roomId } = await scene.couple();
      alice.fail("send", "intercepted");
      await rejects(say(alice, roomId), "server_error");
      alice.fail("turn_servers", "intercepted");
      await rejects(alice.transport.turnServers(), "server_error");
      const watch = scene.watch(bob);
      await watch.connection(true);
      bob.fail("sync", "intercepted");
      await say(alice, roomId);
      await watch.connection(true, false);
      await watch.batchWith(await say(alice, roomId));
    },
    "faults",
  ),

  test(
    "takes a locked account for one that will be unlocked",
    async (scene) => {
      const { alice, roomId } = await scene.couple();
      alice.fail("send", "locked");
      const { retryAfter = 0 } = await rejects(say(alice, roomId), "server_error");
      truthy(retryAfter >= 10_000, "a while before another try");
      alice.fail("turn_servers", "locked");
      await rejects(alice.transport.turnServers(), "server_error");
      await say(alice, roomId);
    },
    "faults",
  ),

  test(
    "asks who we are again where that was refused for now",
    async (scene) => {
      const { transport, userId, fail } = await scene.world.createUser();
      for (const fault of ["intercepted", "locked"] as const) {
        fail("identity", fault);
        await rejects(transport.identity(), "server_error");
      }
      equal((await transport.identity()).userId, userId, "the user");
    },
    "faults",
    "own_sync",
  ),

  test(
    "asks again who we are where that failed",
    async (scene) => {
      const { transport, userId, fail } = await scene.world.createUser();
      fail("identity", "unreachable");
      await rejects(transport.identity(), "homeserver_unreachable");
      equal((await transport.identity()).userId, userId, "the user");
    },
    "faults",
    "own_sync",
  ),

  test(
    "P43 passes over malformed events",
    async (scene) => {
      const { alice, bob, roomId } = await scene.couple();
      const watch = scene.watch(bob);
      await watch.first();
      bob.fail("sync", "malformed");
      await watch.batchWith(await say(alice, roomId));
      await watch.batchWith(await say(alice, roomId));
      for (const { eventId, sender, type, content } of watch.events) {
        const texts = [eventId, sender, type].every((text) => typeof text === "string");
        truthy(texts && typeof content === "object", "whole events only");
      }
      truthy(!("polluted" in {}), "nothing to be polluted");
    },
    "faults",
    "own_sync",
  ),

  test(
    "refuses a device that has published encryption keys",
    async (scene) => {
      const alice = await scene.world.createUser();
      await alice.publishKeys();
      await rejects(alice.transport.identity(), "shared_device");
      const watch = scene.watch(alice);
      await rejects(watch.end(), "shared_device");
      equal(watch.batches.length, 0, "the number of batches");
    },
    "shared_devices",
  ),

  test(
    "tells a wrong address",
    async (scene) => {
      await rejects(scene.world.misdirected("nobody").identity(), "homeserver_unreachable");
      await rejects(scene.world.misdirected("stranger").identity(), "not_a_homeserver");
    },
    "addresses",
  ),
];
