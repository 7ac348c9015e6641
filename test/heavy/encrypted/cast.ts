/** Users with encrypted devices, in encrypted rooms. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { directRoom } from "../../e2e/rooms.ts";
import { createUser, type Device, type User } from "../../interop/accounts.ts";
import { proxyTo } from "../../interop/gate.ts";
import { openStage, type Stage } from "../../interop/stage.ts";
import type { ChatPeer } from "./chat.ts";
import { createKeyGate, type KeyGate } from "./key-gate.ts";

const PAGES = {
  trunkline: "test/heavy/encrypted/trunkline-page.ts",
  careless: "test/heavy/encrypted/careless-page.ts",
  sdk: "test/heavy/encrypted/sdk-page.ts",
  worker: "test/heavy/encrypted/worker-page.ts",
};

const WASM = "pkg/matrix_sdk_crypto_wasm_bg.wasm";

/** What the crypto of a client on a page fetches from beside the page's script. */
export const cryptoWasm = () => {
  const crypto = dirname(createRequire(import.meta.url).resolve("@matrix-org/matrix-sdk-crypto-wasm"));
  return { [`/${WASM}`]: { type: "application/wasm", body: read(join(crypto, WASM)) } };
};

/** The worker for encrypted rooms as `npm run build` has made it, and what it fetches. */
export const encryptedWorker = () => ({
  "/worker/encrypted-entry.js": { type: "text/javascript", body: read("dist/worker/encrypted-entry.js") },
  "/worker/encrypted-entry.wasm": {
    type: "application/wasm",
    body: read("dist/worker/encrypted-entry.wasm"),
  },
});

const read = (path: string) => new Uint8Array(readFileSync(path));

/** The keys that a device has published, by algorithm and device; undefined where it has not. */
export async function publishedKeys(homeserver: string, { userId, deviceId, accessToken }: Device) {
  const response = await fetch(`${homeserver}/_matrix/client/v3/keys/query`, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ device_keys: { [userId]: [deviceId] } }),
  });
  const { device_keys } = await response.json();
  return device_keys[userId]?.[deviceId]?.keys as Readonly<Record<string, string>> | undefined;
}

export interface Member {
  readonly user: User;
  readonly device: Device;
  readonly peer: ChatPeer;
}

export interface EncryptedStage {
  readonly stage: Stage;
  readonly keys: KeyGate;
  /** A user, a new one unless it is given, with a page of this make. */
  member(make: keyof typeof PAGES, user?: User): Promise<Member>;
  /** A room of two, encrypted unless it is to be `plain` at first. */
  room(one: Member, other: Member, plain?: "plain"): Promise<string>;
  encrypt(member: Member, roomId: string): Promise<void>;
  /** The types of the last 100 events of the room, as they lie on the homeserver, newest first. */
  stored(member: Member, roomId: string): Promise<readonly string[]>;
  /** What waits at the homeserver to be sent for the member. */
  delayed(member: Member): Promise<readonly { readonly roomId: string; readonly type: string }[]>;
  /** Sends an event as it is, past all crypto, from another device of the user. */
  sendPlain(member: Member, roomId: string, type: string, content: object): Promise<void>;
}

export async function openEncryptedStage(homeserver: string): Promise<EncryptedStage> {
  const keys = createKeyGate(proxyTo(homeserver));
  const stage = await openStage(keys.fetch, PAGES, { ...cryptoWasm(), ...encryptedWorker() });
  const put = async ({ accessToken }: Device, path: string, body: object) => {
    const response = await fetch(`${stage.url}/_matrix/client/v3/rooms/${path}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${accessToken}` },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  };
  const get = async <T>(member: Member, path: string): Promise<T> => {
    const { accessToken } = await member.user.logIn();
    const response = await fetch(`${stage.url}/_matrix/client/${path}`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const encrypt = async (member: Member, roomId: string) =>
    put(await member.user.logIn(), `${encodeURIComponent(roomId)}/state/m.room.encryption/`, {
      algorithm: "m.megolm.v1.aes-sha2",
    });
  return {
    stage,
    keys,
    async member(make, known) {
      const user = known ?? (await createUser(stage.url, make));
      const device = await user.logIn();
      return { user, device, peer: (await stage.chromium(make, device)) as ChatPeer };
    },
    async room(one, other, plain) {
      const roomId = await directRoom(stage.url, await one.user.logIn(), await other.user.logIn());
      if (!plain) await encrypt(one, roomId);
      return roomId;
    },
    encrypt,
    async stored(member, roomId) {
      const path = `v3/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=100`;
      const { chunk } = await get<{ readonly chunk: readonly { readonly type: string }[] }>(member, path);
      return chunk.map(({ type }) => type);
    },
    async delayed(member) {
      const answer = await get<{
        readonly delayed_events: readonly { readonly room_id: string; readonly type: string }[];
      }>(member, "unstable/org.matrix.msc4140/delayed_events");
      return answer.delayed_events.map(({ room_id: roomId, type }) => ({ roomId, type }));
    },
    async sendPlain(member, roomId, type, content) {
      const path = `${encodeURIComponent(roomId)}/send/${type}/${globalThis.crypto.randomUUID()}`;
      await put(await member.user.logIn(), path, content);
    },
  };
}
