import type { DelayedEvents } from "../../streams/contract.ts";
import { equal, rejects, truthy } from "../assert.ts";
import { say } from "./say.ts";
import { type Scene, type TransportTest, test } from "./scene.ts";
import type { TestUser } from "./world.ts";

export const delayedTests: readonly TransportTest[] = [
  test(
    "P34 sends a delayed event after its delay, once for a transaction id, and none that was cancelled",
    async (scene) => {
      const { alice, bob, roomId, unit } = await stage(scene);
      const delayed = await delayedOf(alice);
      const watch = scene.watch(bob);
      await watch.first();
      const hangup = (callId: string, txnId: string, delay: number) =>
        delayed.schedule(roomId, "m.call.hangup", { call_id: callId }, txnId, delay);
      const cancelled = await hangup("cancelled", "1", 2 * unit);
      const id = await hangup("sent", "2", 2 * unit);
      equal(await hangup("sent", "2", 2 * unit), id, "the id of the same transaction");
      await delayed.cancel(cancelled);
      await hangup("last", "3", 3 * unit);
      const now = await say(alice, roomId);
      const sent = await watch.event(isOf("sent"), "the delayed event");
      equal([sent.sender, sent.type], [alice.userId, "m.call.hangup"], "its sender and type");
      await watch.event(isOf("last"), "the last delayed event");
      const calls = watch.events.flatMap(({ eventId, content }) =>
        eventId === now ? ["now"] : [callIdOf(content)].filter((callId) => callId !== undefined),
      );
      equal(calls, ["now", "sent", "last"], "what came, and in which order");
    },
    "delayed_events",
  ),

  test(
    "P34 sends a delayed event later where it is restarted",
    async (scene) => {
      const { alice, bob, roomId, unit } = await stage(scene);
      const delayed = await delayedOf(alice);
      const watch = scene.watch(bob);
      await watch.first();
      const hangup = (callId: string, delay: number) =>
        delayed.schedule(roomId, "m.call.hangup", { call_id: callId }, callId, delay);
      const restarted = await hangup("restarted", 3 * unit);
      await hangup("first", unit);
      await watch.event(isOf("first"), "the first event");
      // Due after the time at which the other one was due, and before the one at which it now is.
      await hangup("second", 2.5 * unit);
      equal(await delayed.restart(restarted), true, "whether it waits");
      await watch.event(isOf("restarted"), "the restarted event");
      const calls = watch.events.map(({ content }) => callIdOf(content)).filter(Boolean);
      equal(calls, ["first", "second", "restarted"], "the order");
    },
    "delayed_events",
  ),

  test(
    "P34 tells that a delayed event no longer waits: one that was sent, was cancelled, or never was",
    async (scene) => {
      const { alice, bob, roomId } = await stage(scene);
      const delayed = await delayedOf(alice);
      const watch = scene.watch(bob);
      await watch.first();
      const content = { call_id: "c" };
      const sent = await delayed.schedule(roomId, "m.call.hangup", content, "1", 1);
      await watch.event(isOf("c"), "the delayed event");
      const cancelled = await delayed.schedule(roomId, "m.call.hangup", {}, "2", 60_000);
      await delayed.cancel(cancelled);
      for (const id of [sent, cancelled, "unknown"]) {
        equal(await delayed.restart(id), false, `whether ${id} waits`);
        await delayed.cancel(id);
      }
    },
    "delayed_events",
  ),

  test(
    "P34 drops a delayed event of one who has left",
    async (scene) => {
      const { alice, bob, roomId, unit } = await stage(scene);
      const watch = scene.watch(bob);
      await watch.first();
      const schedule = async (user: TestUser, callId: string, delay: number) =>
        (await delayedOf(user)).schedule(roomId, "m.call.hangup", { call_id: callId }, callId, delay);
      const carol = await scene.world.createUser();
      await alice.invite(roomId, carol.userId);
      await carol.join(roomId);
      await schedule(carol, "gone", 2 * unit);
      await schedule(alice, "here", 3 * unit);
      await carol.leave(roomId);
      await watch.event(isOf("here"), "the event of one who is here");
      truthy(!watch.events.some(isOf("gone")), "no event of one who has left");
    },
    "delayed_events",
  ),

  test(
    "P34 rejects with unknown_token where the token was taken away",
    async (scene) => {
      const { alice, roomId } = await stage(scene);
      const delayed = await delayedOf(alice);
      const id = await delayed.schedule(roomId, "m.call.hangup", {}, "1", 60_000);
      await alice.revoke();
      await rejects(delayed.schedule(roomId, "m.call.hangup", {}, "2", 60_000), "unknown_token");
      await rejects(delayed.restart(id), "unknown_token");
      await rejects(delayed.cancel(id), "unknown_token");
    },
    "delayed_events",
  ),

  test(
    "P42 refuses a delayed event for an encrypted room",
    async (scene) => {
      const { alice, roomId } = await stage(scene);
      await alice.setState(roomId, "m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" });
      const schedule = (await delayedOf(alice)).schedule(roomId, "m.call.hangup", {}, "1", 60_000);
      await rejects(schedule, "room_encrypted");
    },
    "delayed_events",
    "encryption_refusal",
  ),
];

/** A couple, and a time in ms that is long beside what a request takes. */
async function stage(scene: Scene) {
  return { ...(await scene.couple()), unit: scene.world.patience / 20 };
}

async function delayedOf({ transport }: TestUser): Promise<DelayedEvents> {
  const delayed = await transport.delayed?.();
  if (delayed) return delayed;
  throw new Error("The homeserver offers no delayed events; Synapse's option is max_event_delay_duration");
}

const callIdOf = (content: unknown) => (content as { readonly call_id?: unknown }).call_id;

const isOf =
  (callId: string) =>
  ({ content }: { readonly content: unknown }) =>
    callIdOf(content) === callId;
