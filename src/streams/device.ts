/**
 * Whether the user's other devices, and those of peers, can tell that a device is the user's own.
 *
 * - `verified`: the user's cross-signing identity has signed it.
 * - `unverified`: it has not; clients that encrypt for verified devices only withhold their keys from it.
 * - `unavailable`: the user has no cross-signing identity yet.
 */
export type DeviceVerification = "verified" | "unverified" | "unavailable";
