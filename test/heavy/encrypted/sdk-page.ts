/** matrix-js-sdk's own phone, with Rust crypto. */
import "../../interop/watch.ts";
import type { MatrixClient } from "matrix-js-sdk";
import { sdkPeer } from "../../interop/sdk-peer.ts";
import { chatOf } from "./chat.ts";

let client: MatrixClient;

const peer = sdkPeer(async (made) => {
  client = made;
  await client.initRustCrypto();
});
globalThis.peer = Object.assign(
  peer,
  chatOf(() => client),
);
