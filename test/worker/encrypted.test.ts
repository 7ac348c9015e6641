import { firstValueFrom, NEVER, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { wrapPort } from "../../src/comlink/port.ts";
import type { Transport } from "../../src/streams/contract.ts";
import { type EncryptedOptions, encryptedSignaling } from "../../src/worker/encrypted.ts";
import type { VerificationPage } from "../../src/worker/encrypted-requests.ts";
import { inlineWorker } from "./stand-in.ts";

const LOGIN = { homeserver: "https://hs.test", accessToken: "secret", userId: "@us:hs.test", deviceId: "D" };
const IDLE: Transport = {
  batches$: NEVER,
  connected$: NEVER,
  identity: async () => LOGIN,
  send: async () => "$e",
  turnServers: async () => ({ iceServers: [], ttl: 60 }),
};
const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe("encryptedSignaling", () => {
  it.each<[string, unknown]>([
    ["no homeserver", { ...LOGIN, homeserver: "hs.test" }],
    ["a transport", { transport: IDLE }],
    ["a worker that is none", { ...LOGIN, worker: {} }],
    ["nothing", undefined],
  ])("throws invalid_option for %s", (_what, options) => {
    expect(() => encryptedSignaling(options as EncryptedOptions)).toThrow(code("invalid_option"));
  });

  it("starts the worker with the login, and with the token in force when another is made", async () => {
    const workers = [inlineWorker(), inlineWorker()];
    const made = [...workers];
    const half = encryptedSignaling({
      ...LOGIN,
      tokenRefresh: async () => "fresh",
      worker: () => made.shift() ?? inlineWorker(),
    });
    await expect.poll(() => workers[0]?.started).toEqual([{ ...LOGIN, tokenRefresh: true }]);
    workers[0]?.vanish();
    await expect.poll(() => workers[1]?.started.length).toBe(1);
    await half.close();
  });

  it("ends with its worker: what is asked of it, and the state", async () => {
    const worker = inlineWorker();
    const half = encryptedSignaling({ ...LOGIN, worker });
    const states = firstValueFrom(half.verification$.pipe(toArray()));
    const verified = half.verify({ recoveryKey: "key" });
    verified.catch(() => {});
    await half.close();
    await expect(verified).rejects.toEqual(code("closed"));
    await expect(half.verify({ recoveryKey: "key" })).rejects.toEqual(code("closed"));
    expect(await states).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["a function", { recoveryKey: () => "key" }],
    ["nothing", {}],
    ["no options", undefined],
  ])(
    "rejects a recovery key that is %s with invalid_option, and asks the worker for the next",
    async (_what, options) => {
      const asked: string[] = [];
      const worker = inlineWorker((half, { page }) => {
        const far = wrapPort<VerificationPage>(page as MessagePort);
        far
          .stream(({ verificationRequests$ }) => verificationRequests$)
          .subscribe({
            next({ id, recoveryKey }) {
              asked.push(recoveryKey);
              void far.call(({ answered }) => answered(id));
            },
            error: () => {},
          });
        return half;
      });
      const half = encryptedSignaling({ ...LOGIN, worker });
      await expect(half.verify(options as { recoveryKey: string })).rejects.toEqual(code("invalid_option"));
      await half.verify({ recoveryKey: "key" });
      expect(asked).toEqual(["key"]);
      await half.close();
    },
  );
});
