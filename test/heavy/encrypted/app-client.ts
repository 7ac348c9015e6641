/** A client as a chat app has it: with Rust crypto, and synced. */
import { ClientEvent, createClient, type MatrixClient, SyncState } from "matrix-js-sdk";
import type { StartOptions } from "../../interop/peer.ts";

export async function startAppClient(
  { homeserver, userId, deviceId, accessToken }: StartOptions,
  disableVoip: boolean,
): Promise<MatrixClient> {
  const client = createClient({ baseUrl: homeserver, userId, deviceId, accessToken, disableVoip });
  await client.initRustCrypto();
  const synced = new Promise<void>((resolve) => {
    client.on(ClientEvent.Sync, (state) => state === SyncState.Syncing && resolve());
  });
  await client.startClient();
  await synced;
  return client;
}
