import type { Observable } from "rxjs";
import type { SignalingHalf } from "../streams/contract.ts";
import type { DeviceVerification } from "../streams/device.ts";
import { fromErrorData, TrunklineError } from "../streams/errors.ts";
import { VerificationRequests } from "./encrypted-requests.ts";
import type { WorkerEndpoint } from "./endpoint.ts";
import { checkOptions, type LoginOptions } from "./options.ts";
import { remoteSignaling } from "./remote.ts";
import { asUrl, isScriptUrl, type ScriptUrl } from "./script-url.ts";
import { singleRefresh } from "./tokens.ts";

export type { Identity } from "../streams/contract.ts";
export type { DeviceVerification } from "../streams/device.ts";
export { forgetDevice } from "./encrypted-forget.ts";
export type { WorkerEndpoint } from "./endpoint.ts";
export type { LoginOptions } from "./options.ts";
export type { ScriptUrl, TrustedScriptUrl } from "./script-url.ts";

/** The first sync of thousands of rooms keeps the SDK busy for so many seconds, and more where the machine is slow. */
const LIFE_LIMIT = 60;

export type EncryptedOptions = LoginOptions & {
  /** As of `spawnSignaling`; the worker's script imports `trunkline/worker/encrypted-entry`. */
  readonly worker?: WorkerEndpoint | (() => WorkerEndpoint) | ScriptUrl;
};

export interface EncryptedSignaling extends SignalingHalf {
  /** Emits whether the device is verified, once that is known, then each change. Completes with `status$`. */
  readonly verification$: Observable<DeviceVerification>;
  /**
   * Verifies the device by the recovery key that the user has kept: the user's cross-signing identity signs it. Resolves
   * when the homeserver has the signature. Rejects with `invalid_option` where it is not the account's recovery key,
   * `wrong_state` where the account has none, a code of `Transport.send`, `worker_lost`, or `closed`.
   */
  verify(options: { readonly recoveryKey: string }): Promise<void>;
}

/**
 * Starts the engine in a worker with an encrypted device of its own: it syncs, decrypts and encrypts there, and keeps its
 * keys in IndexedDB. Give it a login that no other client uses. Throws and ends as `spawnSignaling` does; also ends
 * with `storage_blocked` where another tab uses the device or the browser has no IndexedDB, `storage_full`, and
 * `storage_lost` where the keys of the device are not there any more: then the user has to log in again.
 */
export function encryptedSignaling(options: EncryptedOptions): EncryptedSignaling {
  const worker = checkWorker(options?.worker);
  const checked = checkOptions(options, "encryptedSignaling");
  if (checked.transport) throw invalid("transport", "left out: it has one, with a login of its own");
  const { tokenRefresh, ...login } = checked;
  const requests = new VerificationRequests();
  const start = { ...login, tokenRefresh: tokenRefresh !== undefined };
  const refresh = tokenRefresh && {
    tokenRefresh: singleRefresh(tokenRefresh, (accessToken) => Object.assign(start, { accessToken })),
  };
  const half = remoteSignaling(worker, start, undefined, {
    exposed: { ...requests.exposed, ...refresh },
    lifeLimit: LIFE_LIMIT,
  });
  half.status$.subscribe(({ state, error }) => {
    if (state === "stopped") requests.end(error ? fromErrorData(error) : closed());
  });
  return {
    ...half,
    verification$: requests.verification$,
    async verify(options) {
      const recoveryKey: unknown = options?.recoveryKey;
      // What cannot be cloned would end the stream of requests, for later ones too.
      if (typeof recoveryKey === "string") return requests.verify(recoveryKey);
      throw new TrunklineError("invalid_option", 'verify: "recoveryKey" must be the recovery key, as text');
    },
  };
}

function checkWorker(worker: EncryptedOptions["worker"]): WorkerEndpoint | (() => WorkerEndpoint) {
  const options = { type: "module", name: "trunkline-encrypted" } as const;
  if (worker === undefined)
    return () =>
      // In one expression, for that is the form in which bundlers look for workers.
      new Worker(new URL("./encrypted-entry.js", import.meta.url), {
        type: "module",
        name: "trunkline-encrypted",
      });
  if (isScriptUrl(worker)) return () => new Worker(asUrl(worker), options);
  if (typeof worker === "function" || typeof worker?.postMessage === "function") return worker;
  throw invalid(
    "worker",
    "a Worker, a MessagePort, a function that makes a Worker, or the URL of its script",
  );
}

const invalid = (name: string, wanted: string) =>
  new TrunklineError("invalid_option", `encryptedSignaling: "${name}" must be ${wanted}`);

const closed = () => new TrunklineError("closed", "The signalling half has been closed");
