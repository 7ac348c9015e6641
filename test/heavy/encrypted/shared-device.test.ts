/** What the lean transport's refusal of a device with encryption keys is for, on a real homeserver with real keys. */
import { type MatrixClient, MsgType } from "matrix-js-sdk";
import { afterEach, describe, expect, inject, it } from "vitest";
import { matrixTransport } from "../../../src/signaling/transports/matrix.ts";
import { type ClientUser, clientWorld, heard } from "../../signaling/transports/client-world.ts";
import type { Fetch } from "../../signaling/transports/http-world.ts";
import { coded } from "../../signaling/transports/scripted.ts";

const homeserver = inject("synapseUrl");

/** Holds back the next sync of one device, before the homeserver hears of it. */
function syncGate() {
  let heldToken: string | undefined;
  let holds = () => {};
  let release = () => {};
  let open = Promise.resolve();
  const gated: Fetch = async (resource, init) => {
    const isHeld = new Headers(init?.headers).get("authorization") === `Bearer ${heldToken}`;
    if (isHeld && new URL(String(resource)).pathname.endsWith("/sync")) {
      holds();
      await open;
    }
    return fetch(resource, init);
  };
  return {
    fetch: gated,
    /** Resolves when a sync is held. */
    hold(token: string): Promise<void> {
      heldToken = token;
      open = new Promise((resolve) => {
        release = resolve;
      });
      return new Promise((resolve) => {
        holds = resolve;
      });
    },
    release: () => {
      heldToken = undefined;
      release();
    },
  };
}

const gate = syncGate();
const world = clientWorld({
  homeserver,
  fetch: gate.fetch,
  patience: 30_000,
  capabilities: [],
  prepare: (client) => client.initRustCrypto({ useIndexedDB: false }),
});
afterEach(() => world.close());

const ENCRYPTION = { algorithm: "m.megolm.v1.aes-sha2" };

/** Alice and Bob in an encrypted room, with real keys. */
async function couple() {
  const [alice, bob] = [await world.createUser(), await world.createUser()];
  const roomId = await alice.createRoom();
  await alice.invite(roomId, bob.userId);
  await bob.join(roomId);
  await alice.setState(roomId, "m.room.encryption", ENCRYPTION);
  await heard(bob.client, () => bob.client.getRoom(roomId)?.hasEncryptionStateEvent() === true);
  return { alice, bob, roomId };
}

/** Whether the app can read a message, once it has come. */
async function reads({ client }: ClientUser, roomId: string, eventId: string): Promise<boolean> {
  const find = () => client.getRoom(roomId)?.findEventById(eventId);
  await heard(client, () => find() !== undefined);
  const event = find();
  if (!event) return false;
  await client.decryptEventIfNeeded(event);
  return event.getType() === "m.room.message" && !event.isDecryptionFailure();
}

const say = async (client: MatrixClient, roomId: string) =>
  (await client.sendMessage(roomId, { msgtype: MsgType.Text, body: "hello" })).event_id;

/** A lean transport on the app's device, with what it asks. */
function leanOn({ client }: ClientUser, options: { readonly refuses: boolean }) {
  const asked: URL[] = [];
  const transport = matrixTransport({
    homeserver,
    accessToken: client.getAccessToken() ?? "",
    fetch: async (resource, init) => {
      const url = new URL(String(resource));
      asked.push(url);
      const isQuestion = url.pathname.endsWith("/keys/query");
      return isQuestion && !options.refuses ? Response.json({ device_keys: {} }) : fetch(resource, init);
    },
  });
  return { transport, asked };
}

describe("a second sync on the device of an app", () => {
  it("without the refusal eats a room key: the app cannot read the message", async () => {
    const { alice, bob, roomId } = await couple();
    await gate.hold(bob.client.getAccessToken() ?? "");
    const message = await say(alice.client, roomId);
    const { transport } = leanOn(bob, { refuses: false });
    // The second batch is the answer to a sync that told the homeserver: what came with the first has arrived.
    const second = new Promise<void>((resolve, reject) => {
      let batches = 0;
      const subscription = transport.batches$.subscribe({
        next: async () => {
          batches += 1;
          if (batches === 1) return alice.setState(roomId, "m.room.join_rules", { join_rule: "knock" });
          subscription.unsubscribe();
          resolve();
        },
        error: reject,
      });
    });
    await second;
    gate.release();
    expect(await reads(bob, roomId, message)).toBe(false);
  });

  it("is refused with shared_device before it goes on from a place, which is what eats, and nothing is lost", async () => {
    const { alice, bob, roomId } = await couple();
    await gate.hold(bob.client.getAccessToken() ?? "");
    const message = await say(alice.client, roomId);
    const { transport, asked } = leanOn(bob, { refuses: true });
    const end = new Promise((resolve) => transport.batches$.subscribe({ error: resolve }));
    expect(await end).toEqual(coded("shared_device"));
    const eats = ({ pathname, searchParams }: URL) => pathname.endsWith("/sync") && searchParams.has("since");
    expect(asked.filter(eats)).toEqual([]);
    gate.release();
    expect(await reads(bob, roomId, message)).toBe(true);
  });
});
