import { matrixTransport } from "../../../src/signaling/transports/matrix.ts";
import type { TestUser, TransportWorld } from "../../../src/testing/transport-suite.ts";
import { faultyFetch } from "./faulty-fetch.ts";

export type Fetch = typeof globalThis.fetch;

/** The matrix transport on a homeserver that anybody may register with. */
export function httpWorld(options: {
  readonly homeserver: string;
  readonly fetch: Fetch;
  readonly patience: number;
}): TransportWorld {
  const { homeserver, fetch, patience } = options;
  const run = crypto.randomUUID().slice(0, 8);
  let count = 0;

  return {
    capabilities: [
      "addresses",
      "faults",
      "own_sync",
      "shared_devices",
      "power_levels",
      "encryption_refusal",
      "delayed_events",
    ],
    patience,
    async createUser() {
      count += 1;
      const account = await register(homeserver, fetch, `user${run}${count}`);
      const faulty = faultyFetch(fetch);
      const transport = matrixTransport({
        homeserver,
        accessToken: account.access_token,
        fetch: faulty.fetch,
      });
      return { ...roomUser(homeserver, account, fetch), transport, fail: faulty.fail };
    },
    misdirected(to) {
      const elsewhere: Fetch = async () => {
        if (to === "nobody") throw new TypeError("nobody listens");
        return new Response("<!doctype html><title>Welcome</title>", {
          headers: { "Content-Type": "text/html" },
        });
      };
      return matrixTransport({ homeserver: "https://elsewhere.invalid", accessToken: "t", fetch: elsewhere });
    },
  };
}

/** A new user on a homeserver that lets anyone register. */
export function register(homeserver: string, fetch: Fetch, username: string): Promise<Account> {
  const auth = { type: "m.login.dummy" };
  return client(homeserver, fetch)("POST", "/register", { username, password: "not a secret", auth });
}

/** What a user does besides calling. */
export function roomUser(
  homeserver: string,
  account: Account,
  fetch: Fetch,
): Omit<TestUser, "transport" | "fail"> {
  const { user_id: userId, device_id: deviceId, access_token: accessToken } = account;
  const call = client(homeserver, fetch, accessToken);
  const inRoom = (roomId: string, action: string, body: object = {}) =>
    call("POST", `/rooms/${encodeURIComponent(roomId)}/${action}`, body);
  return {
    userId,
    deviceId,
    createRoom: async () => (await call("POST", "/createRoom", { preset: "private_chat" })).room_id,
    async setState(roomId, type, content) {
      await call("PUT", `/rooms/${encodeURIComponent(roomId)}/state/${type}/`, content);
    },
    invite: (roomId, invited) => inRoom(roomId, "invite", { user_id: invited }).then(() => {}),
    join: (roomId) => inRoom(roomId, "join").then(() => {}),
    leave: (roomId) => inRoom(roomId, "leave").then(() => {}),
    kick: (roomId, kicked) => inRoom(roomId, "kick", { user_id: kicked }).then(() => {}),
    revoke: () => call("POST", "/logout", {}).then(() => {}),
    async publishKeys() {
      const keys = { [`curve25519:${deviceId}`]: "c", [`ed25519:${deviceId}`]: "e" };
      const algorithms = ["m.olm.v1.curve25519-aes-sha2"];
      const device_keys = { user_id: userId, device_id: deviceId, algorithms, keys, signatures: {} };
      await call("POST", "/keys/upload", { device_keys });
    },
  };
}

export interface Account {
  readonly user_id: string;
  readonly device_id: string;
  readonly access_token: string;
}

interface Answer extends Account {
  readonly room_id: string;
  readonly retry_after_ms?: number;
}

/** Asks the homeserver for what is not a transport's to do. A stranger's homeserver may make us wait. */
function client(homeserver: string, fetch: Fetch, accessToken?: string) {
  return async function call(method: string, path: string, body: object): Promise<Answer> {
    const response = await fetch(`${homeserver}/_matrix/client/v3${path}`, {
      method,
      body: JSON.stringify(body),
      headers: {
        "Content-Type": "application/json",
        ...(accessToken !== undefined && { Authorization: `Bearer ${accessToken}` }),
      },
    });
    const answer = (await response.json()) as Answer;
    if (response.status === 429) {
      await new Promise((resolve) => setTimeout(resolve, answer.retry_after_ms ?? 1_000));
      return call(method, path, body);
    }
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
}
