import type { Identity } from "../streams/contract.ts";
import { deviceStores } from "../streams/device.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";

/**
 * Deletes from this browser what an encrypted device has kept there, its keys included: after its login was deleted, for
 * it cannot be used again. Rejects with `storage_blocked` where it is in use: close the phone first.
 */
export async function forgetDevice(device: Identity): Promise<void> {
  const { name, databases } = deviceStores(device);
  if (typeof indexedDB === "undefined" || !navigator.locks)
    throw new TrunklineError(
      "storage_blocked",
      "There is no IndexedDB, or no Web Locks, which take a page that is served by https",
    );
  await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (!lock) throw blocked(device);
    for (const database of databases) await deleted(database, device);
  });
}

const deleted = (database: string, device: Identity) =>
  new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(database);
    request.onsuccess = () => resolve();
    request.onblocked = () => reject(blocked(device));
    request.onerror = () => reject(request.error);
  }).catch((thrown) => {
    throw toTrunklineError(thrown, "storage_blocked");
  });

const blocked = ({ userId, deviceId }: Identity) =>
  new TrunklineError(
    "storage_blocked",
    `Device ${deviceId} of ${userId} is in use, here or in another tab: close its phone first`,
  );
