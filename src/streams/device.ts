import type { Identity } from "./contract.ts";

/**
 * Whether the user's other devices, and those of peers, can tell that a device is the user's own.
 *
 * - `verified`: the user's cross-signing identity has signed it.
 * - `unverified`: it has not; clients that encrypt for verified devices only withhold their keys from it.
 * - `unavailable`: the user has no cross-signing identity yet.
 */
export type DeviceVerification = "verified" | "unverified" | "unavailable";

/** Where an encrypted device keeps what it has: names for the SDK, and those of the databases that it makes of them. */
export function deviceStores({ userId, deviceId }: Identity) {
  const name = `trunkline:${userId}:${deviceId}`;
  return {
    /** Also that of the lock which a worker holds while it uses them. */
    name,
    databases: [`matrix-js-sdk:${name}`, `${name}::matrix-sdk-crypto`, `${name}::matrix-sdk-crypto-meta`],
  };
}
