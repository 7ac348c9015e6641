/** Our phone over an encrypted device of its own, in a worker. */
import "../../interop/watch.ts";
import { type EncryptedSignaling, encryptedSignaling } from "../../../src/worker/encrypted.ts";
import { trunklinePeer } from "../../interop/trunkline-peer.ts";

let signaling: EncryptedSignaling;

globalThis.peer = trunklinePeer((options) => {
  signaling = encryptedSignaling({ ...options, worker: "/worker/encrypted-entry.js" });
  return signaling;
});
