import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import { encodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/recovery-key.js";
import { describe, expect, it } from "vitest";
import { secretKeys, verifyDevice } from "../../../src/signaling/transports/encrypted-device.ts";

const KEY = new Uint8Array(32).fill(7);
const RECOVERY_KEY = encodeRecoveryKey(KEY) ?? "";

/** A client whose requests take a turn of their own each, and which reads a secret at the end of some. */
function device() {
  const { secretStorageKey, unlock } = secretKeys();
  const read = async () => secretStorageKey({ keys: { name: {} } });
  const bootstraps: (() => void)[] = [];
  const crypto = {
    userHasCrossSigningKeys: async () => true,
    getDeviceVerificationStatus: async () => ({ signedByOwner: true }),
    async bootstrapCrossSigning() {
      await new Promise<void>((resolve) => bootstraps.push(resolve));
      if (!(await read())) throw new Error("the secrets are locked");
    },
  };
  const client = {
    getCrypto: () => crypto,
    getHomeserverUrl: () => "https://hs.test",
    isKeyBackupKeyStored: async () => null,
    secretStorage: {
      getKey: async () => ["name", {}],
      isStored: async () => ({}),
      checkKey: async (key: Uint8Array) => key.every((byte) => byte === 7),
    },
  } as unknown as MatrixClient;
  const identity = { userId: "@us:hs.test", deviceId: "D" };
  return { read, bootstraps, encrypted: { client, identity, unlock, stop: async () => {} } };
}

describe("verifyDevice", () => {
  it("succeeds each time where it is asked for twice, and leaves the secrets locked", async () => {
    const { read, bootstraps, encrypted } = device();
    const twice = [verifyDevice(encrypted, RECOVERY_KEY), verifyDevice(encrypted, RECOVERY_KEY)];
    await expect.poll(() => bootstraps.length).toBe(2);
    bootstraps[0]?.();
    await twice[0];
    bootstraps[1]?.();
    await twice[1];
    expect(await read()).toBeNull();
  });

  it("rejects a recovery key of another account with invalid_option, and reads no secret", async () => {
    const { read, encrypted } = device();
    const other = encodeRecoveryKey(new Uint8Array(32)) ?? "";
    await expect(verifyDevice(encrypted, other)).rejects.toMatchObject({ code: "invalid_option" });
    expect(await read()).toBeNull();
  });
});
