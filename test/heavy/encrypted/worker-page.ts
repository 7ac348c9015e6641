/** Our phone over an encrypted device of its own, in a worker. */
import "../../interop/watch.ts";
import { firstValueFrom } from "rxjs";
import {
  type DeviceVerification,
  type EncryptedSignaling,
  encryptedSignaling,
} from "../../../src/worker/encrypted.ts";
import { trunklinePeer } from "../../interop/trunkline-peer.ts";

/** What the page of an encrypted device has beside calls. */
export interface DevicePeer {
  /** Rejects with the code before the message. */
  verify(recoveryKey: string): Promise<void>;
  verification(): Promise<DeviceVerification>;
  /** Ends the worker as a crash does. */
  crash(): void;
  state(): Promise<string>;
}

let signaling: EncryptedSignaling;
let worker: Worker;

const peer = trunklinePeer((options) => {
  signaling = encryptedSignaling({
    ...options,
    worker() {
      worker = new Worker("/worker/encrypted-entry.js", { type: "module" });
      return worker;
    },
  });
  return signaling;
});

const device: DevicePeer & { enters(): void } = {
  enters: () => {}, // it waits for the room by itself
  verify: (recoveryKey) =>
    signaling.verify({ recoveryKey }).catch(({ code, message }) => {
      throw new Error(`${code}: ${message}`);
    }),
  verification: () => firstValueFrom(signaling.verification$),
  crash: () => worker.terminate(),
  async state() {
    const { state, error } = await firstValueFrom(signaling.status$);
    return error ? `${state}: ${error.code}` : state;
  },
};
globalThis.peer = Object.assign(peer, device);
