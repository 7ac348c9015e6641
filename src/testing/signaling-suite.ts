import { firstValueFrom, lastValueFrom, toArray } from "rxjs";
import type { StreamInfo, Transfer } from "../streams/contract.ts";
import { equal, rejects, truthy } from "./assert.ts";
import {
  ANSWER,
  answered,
  CANDIDATES,
  isPlain,
  listOf,
  OFFER,
  online,
  placed,
  refIn,
  type SignalingWorld,
} from "./signaling-suite-tools.ts";

export type { SignalingWorld } from "./signaling-suite-tools.ts";

export interface SignalingCase {
  readonly name: string;
  /** Rejects where the halves do not do as the contract says. */
  run(world: SignalingWorld): Promise<void>;
}

/** What every signalling half has to do, wherever its engine runs. Any test runner can run it. */
export const signalingSuite: readonly SignalingCase[] = [
  {
    name: "carries a whole call, from place to hangup",
    async run(world) {
      const { alice, bob, ref } = await placed(world);
      await alice.half.dispatch({ ...ref, type: "invite", ...OFFER });
      await alice.signal("invited");
      const incoming = await bob.signal("incoming");
      equal(incoming.peer.userId, alice.userId, "the caller");
      equal(incoming.description, OFFER.description, "the offer");
      equal(incoming.streams, OFFER.streams, "the caller's streams");
      await bob.half.dispatch({ ...ref, type: "answer", ...ANSWER });
      const answered = await alice.signal("answered");
      equal(answered.peer.userId, bob.userId, "the callee");
      equal(answered.description, ANSWER.description, "the answer");
      equal(answered.streams, ANSWER.streams, "the callee's streams");
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        for (const candidate of CANDIDATES)
          await from.half.dispatch({ ...ref, type: "candidate", candidate });
        equal(await to.candidates(CANDIDATES.length), CANDIDATES, "the candidates");
      }
      await alice.half.dispatch({ ...ref, type: "hangup", reason: "user_hangup" });
      await alice.ended({ by: "us", reason: "user_hangup" });
      await bob.ended({ by: "peer", reason: "user_hangup" });
    },
  },
  {
    name: "carries a rejection",
    async run(world) {
      const { alice, bob, ref } = await placed(world);
      await alice.half.dispatch({ ...ref, type: "invite", ...OFFER });
      await bob.signal("incoming");
      await bob.half.dispatch({ ...ref, type: "reject" });
      await alice.ended({ by: "peer", reason: "rejected" });
      await bob.ended({ by: "us", reason: "rejected" });
    },
  },
  {
    name: "says what each side can do, and that they can negotiate (P19, P31)",
    async run(world) {
      const { alice, bob } = await answered(world);
      for (const { capabilities, negotiable } of [
        await alice.signal("answered"),
        await bob.signal("incoming"),
      ]) {
        equal(capabilities, { transferee: true, dtmf: true }, "what the other side can do");
        equal(negotiable, true, "whether it can negotiate");
      }
    },
  },
  {
    name: "carries negotiations, both ways (P19)",
    async run(world) {
      const { alice, bob, ref } = await answered(world);
      await alice.half.dispatch({ ...ref, type: "negotiate", ...OFFER });
      const { type: _offer, ...offer } = await bob.signal("negotiate");
      equal(offer, { ...ref, ...OFFER }, "the new offer");
      await bob.half.dispatch({ ...ref, type: "negotiate", ...ANSWER });
      const { type: _answer, ...answer } = await alice.signal("negotiate");
      equal(answer, { ...ref, ...ANSWER }, "the new answer");
    },
  },
  {
    name: "tells the peer of changed streams, as they are in the end (P25)",
    async run(world) {
      const { alice, bob, ref } = await answered(world);
      const muted: StreamInfo[] = [
        { id: "alice", purpose: "m.usermedia", audioMuted: true, videoMuted: true },
      ];
      for (const streams of [OFFER.streams ?? [], muted])
        await alice.half.dispatch({ ...ref, type: "streams", streams });
      equal((await bob.signal("streams")).streams, muted, "the caller's streams");
    },
  },
  {
    name: "carries a transfer, and its refusal (P32)",
    async run(world) {
      const { alice, bob, ref } = await answered(world);
      const transfer: Transfer = {
        replacementId: "replacement",
        targetUser: { userId: "@carol:example.org", displayName: "Carol" },
        createCall: "new",
      };
      await alice.half.dispatch({ ...ref, type: "transfer", transfer });
      equal((await bob.signal("transfer")).transfer, transfer, "the transfer");
      const { replacementId } = transfer;
      await bob.half.dispatch({ ...ref, type: "refuse_transfer", replacementId, reason: "declined" });
      const refusal = await alice.signal("transfer_refused");
      equal([refusal.replacementId, refusal.reason], [replacementId, "declined"], "the refusal");
    },
  },
  {
    name: "makes one call of two that cross (P21)",
    async run(world) {
      const [alice, bob] = await Promise.all([online(world.alice), online(world.bob)]);
      const { roomId } = world;
      const hers = { roomId, callId: "b" };
      const his = { roomId, callId: "a" };
      await bob.half.dispatch({ ...his, type: "place", invitee: alice.userId });
      await alice.half.dispatch({ ...hers, type: "place", invitee: bob.userId });
      await Promise.all([
        alice.half.dispatch({ ...hers, type: "invite", ...OFFER }),
        bob.half.dispatch({ ...his, type: "invite", ...OFFER }),
      ]);
      const { callId, replaces } = await alice.signal("incoming");
      equal([callId, replaces], ["a", "b"], "the call that goes on, and the one that it replaces");
      await alice.half.dispatch({ ...his, type: "answer", ...ANSWER });
      equal((await bob.signal("answered")).callId, "a", "the call that is answered");
      await bob.half.dispatch({ ...his, type: "hangup", reason: "user_hangup" });
      const { callId: ended } = await alice.signal("ended");
      equal(ended, "a", "the first call that ended for the caller whose call was replaced");
    },
  },
  {
    name: "puts only plain, cloneable values on its streams",
    async run(world) {
      const { alice, bob, ref } = await placed(world);
      await alice.half.dispatch({ ...ref, type: "invite", ...OFFER });
      await bob.signal("incoming");
      await bob.half.dispatch({ ...ref, type: "reject" });
      await alice.signal("ended");
      await Promise.all([alice.half.close(), bob.half.close()]);
      for (const { signals, statuses } of [alice, bob]) {
        const all = [...(await listOf(signals)), ...(await listOf(statuses))];
        truthy(
          all.some((value) => "type" in value && value.type === "trace"),
          "there is a trace",
        );
        for (const value of all) truthy(isPlain(value), `this is plain data: ${JSON.stringify(value)}`);
      }
    },
  },
  {
    name: "rejects a command for a call that is not known with unknown_call",
    async run(world) {
      const alice = await online(world.alice);
      await rejects(alice.half.dispatch({ ...refIn(world), type: "reject" }), "unknown_call");
    },
  },
  {
    name: "rejects a command that does not fit the call's state with wrong_state, and goes on with the call",
    async run(world) {
      const { alice, bob, ref } = await placed(world);
      await rejects(alice.half.dispatch({ ...ref, type: "answer", ...ANSWER }), "wrong_state");
      await alice.half.dispatch({ ...ref, type: "invite", ...OFFER });
      await rejects(alice.half.dispatch({ ...ref, type: "invite", ...OFFER }), "wrong_state");
      await bob.signal("incoming");
    },
  },
  {
    name: "takes commands at once, before it is online",
    async run(world) {
      const ref = refIn(world);
      const placing = world.alice.dispatch({ ...ref, type: "place" });
      const inviting = world.alice.dispatch({ ...ref, type: "invite", ...OFFER });
      await (await online(world.bob)).signal("incoming");
      await Promise.all([placing, inviting]);
    },
  },
  {
    name: "replays the ICE servers in force to each subscriber (P29)",
    async run({ alice }) {
      const first = await firstValueFrom(alice.iceServers$);
      equal(await firstValueFrom(alice.iceServers$), first, "the servers");
    },
  },
  {
    name: "replays its status to each subscriber, and completes it after stopped",
    async run({ alice }) {
      const { half, statuses } = await online(alice);
      equal((await firstValueFrom(half.status$)).state, "online", "the status now");
      await half.close();
      const states = (await listOf(statuses)).map(({ state }) => state);
      equal([states.at(0), states.at(-1)], ["starting", "stopped"], "the first status and the last");
      equal(states.filter((state) => state === "stopped").length, 1, "how often it stopped");
      const late = await lastValueFrom(half.status$);
      equal([late.state, late.error], ["stopped", undefined], "the status to one who comes late");
    },
  },
  {
    name: "completes its streams on close(), once",
    async run({ alice }) {
      const { half, signals } = await online(alice);
      const servers = lastValueFrom(half.iceServers$.pipe(toArray()));
      await Promise.all([half.close(), half.close()]);
      await half.close();
      await listOf(signals);
      await servers;
    },
  },
  {
    name: "rejects commands after close() with closed",
    async run(world) {
      const { alice, ref } = await placed(world);
      const closing = alice.half.close();
      await rejects(alice.half.dispatch({ ...ref, type: "invite", ...OFFER }), "closed");
      await closing;
      await rejects(alice.half.dispatch({ ...ref, type: "invite", ...OFFER }), "closed");
    },
  },
  {
    name: "P34 takes note of the path of any call, and refuses none that it does not know",
    async run(world) {
      const { alice, ref } = await placed(world);
      await alice.half.dispatch({ ...ref, type: "path", alive: true });
      await alice.half.dispatch({ ...ref, callId: "unknown", type: "path", alive: false });
    },
  },
  {
    name: "hangs up live calls on close(), and says so first",
    async run(world) {
      const { alice, bob, ref } = await placed(world);
      await alice.half.dispatch({ ...ref, type: "invite", ...OFFER });
      await bob.signal("incoming");
      await alice.half.close();
      await alice.ended({ by: "us", reason: "user_hangup" });
      await bob.ended({ by: "peer", reason: "user_hangup" });
    },
  },
];
