import type { Identity } from "../../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../../streams/errors.ts";

/** How long a device's stores may be in use by a worker that is on its way out, in ms: a page that is reloaded, say. */
const LOCK_WITHIN = 10_000;
/** How long a database may take to open, in ms; one that waits for others to let go of it never does. */
const OPEN_WITHIN = 30_000;

/** The databases of a device, by name. */
export interface StoreNames {
  /** Of what was synced: a cache. */
  readonly sync: string;
  /** The prefix of those with its keys. */
  readonly crypto: string;
}

export function storeNames({ userId, deviceId }: Identity): StoreNames {
  const prefix = `trunkline:${userId}:${deviceId}`;
  return { sync: prefix, crypto: prefix };
}

/**
 * Holds the stores of a device for this worker alone: two that encrypt with the same keys break them for both. Resolves
 * with what lets go of them. Rejects with `storage_blocked` where another has them, or there is no IndexedDB.
 */
export async function holdStores(identity: Identity): Promise<() => void> {
  if (typeof indexedDB === "undefined") throw blocked("this browser has no IndexedDB here");
  const { crypto } = storeNames(identity);
  return new Promise((resolve, reject) => {
    const holding = new Promise<void>((release) => {
      navigator.locks
        .request(crypto, { signal: AbortSignal.timeout(LOCK_WITHIN) }, () => {
          resolve(release);
          return holding;
        })
        .catch(() =>
          reject(blocked(`another tab or worker uses device ${identity.deviceId} of ${identity.userId}`)),
        );
    });
  });
}

/** The result of opening a database; rejects with a code of `storageError`. */
export async function opened<T>(work: Promise<T>): Promise<T> {
  let late: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(blocked("it does not open: another tab holds it")), OPEN_WITHIN);
  });
  try {
    return await Promise.race([work, limit]);
  } catch (thrown) {
    throw storageError(thrown);
  } finally {
    clearTimeout(late);
  }
}

/** What a failure of a database means; what is none is left as it is. */
export function storageError(thrown: unknown): TrunklineError {
  if (thrown instanceof TrunklineError) return thrown;
  const text = String(thrown instanceof Error ? `${thrown.name} ${thrown.message}` : thrown);
  if (/Quota|disk|no space/i.test(text)) return full(thrown);
  if (/IndexedDB|IDB|database|SecurityError|InvalidState|store/i.test(text)) return blocked(text, thrown);
  return toTrunklineError(thrown);
}

export const full = (cause: unknown) =>
  new TrunklineError(
    "storage_full",
    "There is no room left for the device's keys. Free some of the site's storage, then start again: they are not lost",
    { cause },
  );

export const lost = (why: string, cause?: unknown) =>
  new TrunklineError(
    "storage_lost",
    `The keys of this device are gone: ${why}. Log in again, for a device of its own`,
    { cause },
  );

const blocked = (why: string, cause?: unknown) =>
  new TrunklineError("storage_blocked", `The device's keys cannot be read: ${why}`, { cause });
