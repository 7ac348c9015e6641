/** Calls whose path is lost: between two hosts of a network, on Synapse, with a TURN server of their own. */
import { setTimeout as pass } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { whyNoWan } from "../../../scripts/wan.ts";
import { media, type Pair } from "../../e2e/call-scenarios.ts";
import { alicesHost, bobsHost, type Network, openNetwork } from "./network.ts";

const missing = process.env.SYNAPSE_URL ? "SYNAPSE_URL names another" : whyNoWan();
if (missing) console.log(`calls over a network of namespaces are skipped: ${missing}`);

/** How often each scenario runs: `NETWORK_RUNS=10` for the gate of docs/decisions/lost-paths.md. */
const runs = Array.from({ length: Number(process.env.NETWORK_RUNS ?? 1) }, (_, index) => index + 1);
/** How long a call may take to recover, in ms. */
const RECOVERY = 45_000;
/** How long the path between the two hosts is cut, in ms. */
const CUT = 12_000;

describe.skipIf(missing)("over a network of namespaces", () => {
  let network: Network;

  beforeAll(async () => {
    network = await openNetwork();
  });
  afterEach(() => network?.clear());
  afterAll(() => network?.close());

  async function placed(pair: Pair) {
    const { alice, bob, roomId, bobId } = pair;
    const ours = await alice.place({ roomId, invitee: bobId, ...media.voice });
    const theirs = await bob.rings();
    const begin = performance.now();
    await bob.answer(theirs, media.voice);
    return { ours, theirs, begin };
  }

  type Placed = Awaited<ReturnType<typeof placed>>;

  /** Waits until both sides are connected and sound comes in on both. */
  async function talking(pair: Pair, { ours, theirs, begin }: Placed, what: string): Promise<void> {
    const { alice, bob } = pair;
    const states = async () => `${await alice.state(ours)} ${await bob.state(theirs)}`;
    try {
      await expect.poll(states, { timeout: RECOVERY, interval: 50 }).toBe("connected connected");
      const took = performance.now() - begin;
      await Promise.all([alice.hears(), bob.hears()]);
      expect(await states()).toBe("connected connected");
      console.log(`${what}: both connected after ${(took / 1_000).toFixed(1)} s`);
    } catch (error) {
      console.log(what, JSON.stringify({ ours: await alice.story(ours), theirs: await bob.story(theirs) }));
      throw error;
    }
  }

  async function connected(pair: Pair): Promise<Placed> {
    const call = await placed(pair);
    await talking(pair, call, "answered");
    return call;
  }

  /** Waits until one of the two is no longer connected, and counts from there on. */
  async function lost({ alice, bob }: Pair, { ours, theirs }: Placed): Promise<Placed> {
    const begin = performance.now();
    const states = async () => [await alice.state(ours), await bob.state(theirs)];
    await expect.poll(states, { timeout: 20_000, interval: 50 }).toContain("reconnecting");
    return { ours, theirs, begin };
  }

  it.each(runs)("a call comes back when the path was cut for 12 s, run %d", async () => {
    await network.coturn.stop(); // a relay would be a second path
    try {
      const pair = await network.pair();
      const call = await connected(pair);
      network.cut();
      await pass(CUT);
      expect([await pair.alice.state(call.ours), await pair.bob.state(call.theirs)]).toContain(
        "reconnecting",
      );
      network.mend();
      const begin = performance.now();
      await talking(pair, { ...call, begin }, "path mended");
    } finally {
      network.mend();
      await network.coturn.start();
    }
  });

  it.each(runs)(
    "a call that is answered while its path is cut connects when it is mended, run %d",
    async () => {
      await network.coturn.stop();
      try {
        const pair = await network.pair();
        network.cut();
        const call = await placed(pair);
        await pass(20_000);
        network.mend();
        await talking(pair, { ...call, begin: performance.now() }, "first path mended");
      } finally {
        network.mend();
        await network.coturn.start();
      }
    },
  );

  it.each(
    runs.flatMap((run) => [
      { who: "caller", run },
      { who: "callee", run },
    ]),
  )("a call goes on when the address of its $who changes, run $run", async ({ who }) => {
    const pair = await network.pair();
    const call = await connected(pair);
    const [losing] = await Promise.all([
      lost(pair, call),
      network.move(who === "caller" ? alicesHost : bobsHost),
    ]);
    await talking(pair, losing, `the ${who} moved`);
  });

  it.each(runs)("a call goes on when the TURN server is restarted, run %d", async () => {
    const pair = await network.pair({ iceTransportPolicy: "relay" });
    const call = await connected(pair);
    await network.coturn.stop();
    await network.coturn.start();
    await talking(pair, await lost(pair, call), "TURN server restarted during the call");
  });

  it.each(runs)(
    "a call connects when the TURN server was restarted before it, kept warm, run %d",
    async () => {
      const pair = await network.pair({ iceTransportPolicy: "relay", warm: true });
      await Promise.all([pair.alice.warmed(), pair.bob.warmed()]);
      await network.coturn.stop();
      await network.coturn.start();
      await talking(pair, await placed(pair), "TURN server restarted before the call");
    },
  );
});
