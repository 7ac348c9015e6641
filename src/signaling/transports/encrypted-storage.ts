import { firstValueFrom, from, throwError, timeout, timer } from "rxjs";
import type { Clock, Identity } from "../../streams/contract.ts";
import { deviceStores } from "../../streams/device.ts";
import { TrunklineError, toTrunklineError } from "../../streams/errors.ts";

/** How long a device's stores may be in use by a worker that is on its way out, in ms: a page that is reloaded, say. */
const LOCK_WITHIN = 10_000;
/** How long a database may take to open, in ms; one that waits for others to let go of it never does. */
const OPEN_WITHIN = 30_000;
/** Less room than this, in bytes, is none. */
const PROBE = 100_000;

/**
 * Holds the stores of a device for this worker alone: two that encrypt with the same keys break them for both. Resolves
 * with what lets go of them. Rejects with `storage_blocked` where another has them, or there is no IndexedDB.
 */
export async function holdStores(identity: Identity, clock: Clock): Promise<() => void> {
  if (typeof indexedDB === "undefined" || !navigator.locks)
    throw blocked("there is no IndexedDB, or no Web Locks, which take a page that is served by https");
  const { name } = deviceStores(identity);
  const waiting = new AbortController();
  const limit = timer(LOCK_WITHIN, clock).subscribe(() => waiting.abort());
  return new Promise((resolve, reject) => {
    const holding = new Promise<void>((release) => {
      navigator.locks
        .request(name, { signal: waiting.signal }, () => {
          limit.unsubscribe();
          resolve(release);
          return holding;
        })
        .catch(() => {
          limit.unsubscribe();
          reject(blocked(`another tab or worker uses device ${identity.deviceId} of ${identity.userId}`));
        });
    });
  });
}

/** The result of opening what keeps the keys; rejects with `storage_blocked` where that takes too long. */
export function opened<T>(work: Promise<T>, clock: Clock): Promise<T> {
  const late = () => throwError(() => blocked("they do not open: another tab holds them"));
  return firstValueFrom(from(work).pipe(timeout({ first: OPEN_WITHIN, scheduler: clock, with: late })));
}

/**
 * What it means that a database failed, or that the crypto could not be loaded; what has a code is left as it is. A
 * transaction for which there is no room may be aborted without saying so.
 */
export async function storageError(thrown: unknown): Promise<TrunklineError> {
  if (thrown instanceof TrunklineError) return thrown;
  const text = String(thrown instanceof Error ? `${thrown.name} ${thrown.message}` : thrown);
  if (/wasm|WebAssembly|Failed to fetch|NetworkError/i.test(text)) return notLoaded(thrown);
  if (/Quota|disk|no space/i.test(text)) return full(thrown);
  if (!/IndexedDB|IDB|database|Transaction|SecurityError|InvalidState|store/i.test(text))
    return toTrunklineError(thrown);
  return (await isFull().catch(() => false)) ? full(thrown) : blocked(text, thrown);
}

/** Whether a small write fails for want of room: browsers no longer say how much there is. */
async function isFull(): Promise<boolean> {
  const name = "trunkline:probe";
  const database = await new Promise<IDBDatabase | undefined>((resolve) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore("bytes");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(undefined);
  });
  if (!database) return false;
  const failure = await new Promise<DOMException | null>((resolve) => {
    const writing = database.transaction("bytes", "readwrite");
    writing.objectStore("bytes").put(new Uint8Array(PROBE), 0);
    writing.oncomplete = () => resolve(null);
    writing.onabort = () => resolve(writing.error);
  });
  database.close();
  indexedDB.deleteDatabase(name);
  return failure?.name === "QuotaExceededError";
}

const notLoaded = (cause: unknown) =>
  new TrunklineError(
    "worker_failed",
    "The crypto could not be loaded: is encrypted-entry.wasm served beside the worker's script, and allowed by the CSP ('wasm-unsafe-eval', connect-src)?",
    { cause },
  );

const full = (cause: unknown) =>
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
