import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/CryptoEvent.js";
import { decodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/recovery-key.js";
import { distinctUntilChanged, Observable, startWith, switchMap } from "rxjs";
import type { Identity } from "../../streams/contract.ts";
import type { DeviceVerification } from "../../streams/device.ts";
import { TrunklineError, toTrunklineError } from "../../streams/errors.ts";
import type { EncryptedClient } from "./encrypted-client.ts";
import { clientAsk } from "./matrix-client-errors.ts";

/** How the SDK's client reads the user's secrets: it may while any verification lasts, for there may be several. */
export function secretKeys() {
  const unlocked = new Set<Uint8Array<ArrayBuffer>>();
  return {
    async secretStorageKey({ keys }: { readonly keys: object }) {
      const [name] = Object.keys(keys);
      const [key] = unlocked;
      return key && name !== undefined ? ([name, key] satisfies [unknown, unknown]) : null;
    },
    unlock(key: Uint8Array<ArrayBuffer>): () => void {
      unlocked.add(key);
      return () => void unlocked.delete(key);
    },
  };
}

/** What may change whether a device is verified. */
const CHANGES = [
  CryptoEvent.KeysChanged,
  CryptoEvent.DevicesUpdated,
  CryptoEvent.UserTrustStatusChanged,
] as const;

/** Emits whether the device is verified, on subscription and then each change. Never completes. */
export function verification$({ client, identity }: EncryptedClient): Observable<DeviceVerification> {
  const changes$ = new Observable<undefined>((subscriber) => {
    const emit = () => subscriber.next(undefined);
    for (const event of CHANGES) client.on(event, emit);
    return () => {
      for (const event of CHANGES) client.off(event, emit);
    };
  });
  return changes$.pipe(
    startWith(undefined),
    switchMap(() => verificationOf(client, identity)),
    distinctUntilChanged(),
  );
}

async function verificationOf(
  client: MatrixClient,
  { userId, deviceId }: Identity,
): Promise<DeviceVerification> {
  const crypto = client.getCrypto();
  // A question that the homeserver does not answer is asked again with the next change.
  const status = await crypto?.getDeviceVerificationStatus(userId, deviceId).catch(() => undefined);
  if (status?.signedByOwner) return "verified";
  const hasIdentity = await crypto?.userHasCrossSigningKeys(userId, true).catch(() => true);
  return hasIdentity ? "unverified" : "unavailable";
}

/**
 * Has the user's cross-signing identity sign the device. Rejects with `invalid_option` where `recoveryKey` is not the one
 * of the account, with `wrong_state` where the account has none, or as a request of the client's does.
 */
export async function verifyDevice(
  { client, identity, unlock }: EncryptedClient,
  recoveryKey: string,
): Promise<void> {
  const key = decoded(recoveryKey);
  const crypto = client.getCrypto();
  if (!crypto) throw new TrunklineError("closed", "The client was stopped");
  const ask = <T>(request: Promise<T>) => clientAsk(client, request);
  // Without it the SDK would make another identity, and the user's other devices would be strangers to this one.
  const [storage, hasIdentity] = [
    client.secretStorage,
    await ask(crypto.userHasCrossSigningKeys(identity.userId, true)),
  ];
  const [, info] = (await ask(storage.getKey())) ?? [];
  if (!hasIdentity || !info || !(await ask(storage.isStored("m.cross_signing.self_signing"))))
    throw noRecovery(identity);
  if (!(await storage.checkKey(key, info))) throw wrongKey();
  const lock = unlock(key);
  try {
    await ask(crypto.bootstrapCrossSigning({}));
    // Where an earlier attempt had the keys, but not the homeserver's answer.
    if ((await verificationOf(client, identity)) !== "verified")
      await ask(crypto.crossSignDevice(identity.deviceId));
    await loadBackup(client);
  } finally {
    lock();
  }
}

/** With its key, room keys that never came can be had from the user's backup. Without it, calls go on. */
async function loadBackup(client: MatrixClient): Promise<void> {
  try {
    if (!(await client.isKeyBackupKeyStored())) return;
    await client.getCrypto()?.loadSessionBackupPrivateKeyFromSecretStorage();
    await client.getCrypto()?.checkKeyBackupAndEnable();
  } catch {
    // The next verification tries again.
  }
}

function decoded(recoveryKey: unknown): Uint8Array<ArrayBuffer> {
  try {
    return decodeRecoveryKey(recoveryKey as string);
  } catch (cause) {
    throw new TrunklineError(
      "invalid_option",
      `recoveryKey is not one (${toTrunklineError(cause).message}): give the 48 letters that the user has kept`,
    );
  }
}

const wrongKey = () =>
  new TrunklineError("invalid_option", "recoveryKey is not the account's: it may have been replaced since");

const noRecovery = ({ userId }: Identity) =>
  new TrunklineError(
    "wrong_state",
    `${userId} has no recovery key, or no cross-signing keys under it. Set it up in the client that the user chats with`,
  );
