import { MatrixClient } from "matrix-js-sdk/lib/client.js";
import { Filter } from "matrix-js-sdk/lib/filter.js";
import { IndexedDBStore } from "matrix-js-sdk/lib/store/indexeddb.js";
import type { Clock, Identity } from "../../streams/contract.ts";
import { deviceStores } from "../../streams/device.ts";
import type { TrunklineError } from "../../streams/errors.ts";
import { online$ } from "../online.ts";
import { secretKeys } from "./encrypted-device.ts";
import { holdStores, lost, opened, storageError } from "./encrypted-storage.ts";
import { clientRequestError } from "./matrix-client-errors.ts";
import type { Http } from "./matrix-http.ts";
import { publishedDevice, whoIs } from "./matrix-identity.ts";
import { own } from "./matrix-parse.ts";
import type { MatrixToken } from "./matrix-token.ts";
import { freshSync, tokenFetch } from "./token-fetch.ts";

const NONE = { not_types: ["*"] };
const STATE_TYPES = [
  "m.room.create",
  "m.room.encryption",
  "m.room.history_visibility",
  "m.room.join_rules",
  "m.room.member",
];

/** Of history, no more than a call that may still ring: in each room, and there may be thousands. */
const HISTORY_LIMIT = 20;

/**
 * What calls and keys need. Every encrypted event comes, for none shows its type; account data is that of the user's
 * secrets, by which devices verify each other.
 */
const FILTER = {
  presence: NONE,
  account_data: { types: ["m.secret_storage.*", "m.cross_signing.*", "m.megolm_backup.*"] },
  room: {
    account_data: NONE,
    ephemeral: NONE,
    state: { types: STATE_TYPES },
    timeline: { types: ["m.call.*", "org.matrix.call.*", "m.room.encrypted", ...STATE_TYPES], limit: 100 },
  },
};

export interface EncryptedClientOptions {
  readonly homeserver: string;
  readonly http: Http;
  readonly token: MatrixToken;
  readonly expected: Partial<Identity>;
  readonly clock: Clock;
  /** Called once, when the stores fail for good. */
  readonly onStorageError: (error: TrunklineError) => void;
}

/** A client that syncs and encrypts. */
export interface EncryptedClient {
  readonly client: MatrixClient;
  readonly identity: Identity;
  /** Lets the client read the user's secrets, until what is returned is called. */
  unlock(key: Uint8Array<ArrayBuffer>): () => void;
  /** Stops it, keeps what it knows, and lets go of its stores. */
  stop(): Promise<void>;
}

/**
 * Starts the SDK's client with the keys of the device, which it makes where there are none. Rejects as `identity()` of
 * the contract does, or with `storage_blocked`, `storage_full` or `storage_lost`.
 */
export async function startEncryptedClient(options: EncryptedClientOptions): Promise<EncryptedClient> {
  const { homeserver, http, token, clock, onStorageError } = options;
  const identity = await whoIs(http, options.expected);
  const release = await holdStores(identity, clock);
  const { name } = deviceStores(identity);
  const { secretStorageKey, unlock } = secretKeys();
  const store = new IndexedDBStore({ indexedDB: globalThis.indexedDB, dbName: name });
  const client = new MatrixClient({
    ...identity,
    baseUrl: homeserver,
    accessToken: token.current,
    fetchFn: freshSync(tokenFetch(token)),
    localTimeoutMs: 30_000,
    store,
    disableVoip: true,
    cryptoCallbacks: { getSecretStorageKey: secretStorageKey },
  });
  const watching = token.current$.subscribe({
    next: (current) => client.setAccessToken(current),
    error: () => {}, // the homeserver's refusal reaches the client too
  });
  // The SDK looks for the network to come back on a page only.
  watching.add(online$.subscribe(() => client.retryImmediately()));
  /** Whether the stores can be written to. */
  let isSound = false;
  const fail = (error: TrunklineError) => {
    isSound = false;
    onStorageError(error);
  };
  const stop = async () => {
    watching.unsubscribe();
    client.stopClient();
    try {
      if (isSound) await store.save(true);
      await store.destroy();
    } finally {
      release();
    }
  };
  try {
    await opened(store.startup(), clock);
    await opened(client.initRustCrypto({ cryptoDatabasePrefix: name }), clock);
    await checkKeys(client, http, identity);
    isSound = true;
    store.on("degraded", (cause) => void storageError(cause).then(fail));
    store.on("closed", () => fail(lost("the browser has deleted its storage")));
    await client.startClient({
      filter: leanFilter(identity),
      initialSyncLimit: HISTORY_LIMIT,
      lazyLoadMembers: true,
      disablePresence: true,
    });
    return { client, identity, stop, unlock };
  } catch (thrown) {
    await stop().catch(() => {});
    throw clientRequestError(thrown, homeserver) ?? (await storageError(thrown));
  }
}

function leanFilter({ userId }: Identity): Filter {
  const filter = new Filter(userId);
  filter.setDefinition(structuredClone(FILTER));
  return filter;
}

/** What is published under the device's name must be ours: peers believe the first keys that they see, and no others. */
async function checkKeys(client: MatrixClient, http: Http, identity: Identity): Promise<void> {
  const published = own(await publishedDevice(http, identity), "keys");
  const ours = await client.getCrypto()?.getOwnDeviceKeys();
  if (published === undefined || own(published, `ed25519:${identity.deviceId}`) === ours?.ed25519) return;
  throw lost(
    `device ${identity.deviceId} of ${identity.userId} has published others. Its storage was cleared, or another client uses it`,
  );
}
