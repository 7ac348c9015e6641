import { ClientEvent, createClient, type MatrixClient, type Room, SyncState } from "matrix-js-sdk";
import { matrixClient } from "../../../src/signaling/transports/matrix-client.ts";
import type { Capability, TestUser, TransportWorld } from "../../../src/testing/transport-suite.ts";
import { faultyFetch } from "./faulty-fetch.ts";
import { type Account, type Fetch, register, roomUser } from "./http-world.ts";
import { quiet } from "./sdk-on-node.ts";

export interface ClientUser extends TestUser {
  readonly client: MatrixClient;
}

export interface ClientWorld extends TransportWorld {
  createUser(): Promise<ClientUser>;
  /** Stops every client: to be done after each test, for they would go on polling. */
  close(): void;
}

/** How long the homeserver may hold a poll, in ms: a client learns that it was logged out when it ends. */
const POLL = 1_000;

/** The transport over an app's client, on a homeserver that anybody may register with. */
export function clientWorld(options: {
  readonly homeserver: string;
  readonly fetch: Fetch;
  readonly patience: number;
  readonly capabilities: readonly Capability[];
  /** Makes a client ready before it is started, such as for encryption. */
  readonly prepare?: (client: MatrixClient) => Promise<void>;
}): ClientWorld {
  const { homeserver, fetch, patience, capabilities, prepare } = options;
  const run = crypto.randomUUID().slice(0, 8);
  const clients: MatrixClient[] = [];
  let count = 0;

  async function createUser(): Promise<ClientUser> {
    count += 1;
    const account = await register(homeserver, fetch, `app${run}${count}`);
    const faulty = faultyFetch(fetch);
    const client = createAppClient(homeserver, account, faulty.fetch);
    clients.push(client);
    await prepare?.(client);
    await client.startClient({ pollTimeout: POLL, initialSyncLimit: 20 });
    await heard(client, () => client.getSyncState() === SyncState.Syncing);
    const user = roomUser(homeserver, account, fetch);
    const joined = (roomId: string) =>
      heard(client, () => client.getRoom(roomId)?.getMyMembership() === "join");
    return {
      ...user,
      client,
      transport: matrixClient(client),
      fail: faulty.fail,
      async createRoom() {
        const roomId = await user.createRoom();
        await joined(roomId);
        return roomId;
      },
      async join(roomId) {
        await user.join(roomId);
        await joined(roomId);
      },
      async setState(roomId, type, content) {
        await user.setState(roomId, type, content);
        await heard(client, () => isState(client.getRoom(roomId), type, content));
      },
      async revoke() {
        await user.revoke();
        await heard(client, () => client.getSyncState() === SyncState.Error);
      },
    };
  }

  return {
    capabilities,
    patience,
    createUser,
    misdirected() {
      throw new Error("An app's client has its address already");
    },
    close() {
      for (const client of clients.splice(0)) client.stopClient();
    },
  };
}

/** A client as an app makes it, that looks again at once when the line was cut. */
export function createAppClient(homeserver: string, account: Account, fetchFn: Fetch): MatrixClient {
  const { user_id: userId, device_id: deviceId, access_token: accessToken } = account;
  const client = createClient({
    baseUrl: homeserver,
    userId,
    deviceId,
    accessToken,
    fetchFn,
    disableVoip: true,
    logger: quiet,
  });
  client.on(ClientEvent.Sync, (state) => {
    if (state === SyncState.Reconnecting) queueMicrotask(() => client.retryImmediately());
  });
  return client;
}

/** Resolves when a sync has brought it about. */
export function heard(client: MatrixClient, isTrue: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!isTrue()) return;
      client.off(ClientEvent.Sync, look);
      resolve();
    };
    client.on(ClientEvent.Sync, look);
    look();
  });
}

function isState(room: Room | null, type: string, content: object): boolean {
  const now = room?.currentState.getStateEvents(type, "")?.getContent();
  return (
    now !== undefined && Object.entries(content).every(([key, value]) => String(now[key]) === String(value))
  );
}
