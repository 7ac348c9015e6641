/** Chat clients of matrix-js-sdk on Node, with Rust crypto: what a user and a peer have beside the phone. */
import { createClient, type MatrixClient } from "matrix-js-sdk";
import type { Device } from "../../interop/accounts.ts";
import { heard } from "../../signaling/transports/client-world.ts";
import { quiet } from "../../signaling/transports/sdk-on-node.ts";

export interface ChatClient {
  readonly client: MatrixClient;
  /** Sets up the user's cross-signing identity; resolves with the recovery key for it. */
  setUpRecovery(): Promise<string>;
}

export async function startChat(homeserver: string, device: Device): Promise<ChatClient> {
  let key: Uint8Array<ArrayBuffer> | undefined;
  const client = createClient({
    ...device,
    baseUrl: homeserver,
    disableVoip: true,
    logger: quiet,
    cryptoCallbacks: {
      getSecretStorageKey: async ({ keys }) => {
        const [name] = Object.keys(keys);
        return key && name !== undefined ? [name, key] : null;
      },
      cacheSecretStorageKey: (_id, _info, made) => {
        key = made;
      },
    },
  });
  await client.initRustCrypto({ useIndexedDB: false });
  await client.startClient({ initialSyncLimit: 20 });
  await heard(client, () => client.isInitialSyncComplete());
  return {
    client,
    async setUpRecovery() {
      const crypto = client.getCrypto();
      const recoveryKey = await crypto?.createRecoveryKeyFromPassphrase();
      if (!crypto || !recoveryKey?.encodedPrivateKey) throw new Error("no recovery key was made");
      await crypto.bootstrapCrossSigning({
        authUploadDeviceSigningKeys: async (upload) => void (await upload(null)),
      });
      await crypto.bootstrapSecretStorage({
        createSecretStorageKey: async () => recoveryKey,
        setupNewSecretStorage: true,
        setupNewKeyBackup: true,
      });
      return recoveryKey.encodedPrivateKey;
    },
  };
}
