/** Our phone over an app's client, and the chat beside it. */
import type { MatrixClient } from "matrix-js-sdk";
import { createEngine } from "../../../src/signaling/engine.ts";
import { matrixClient } from "../../../src/signaling/transports/matrix-client.ts";
import type { PagePeer } from "../../interop/peer.ts";
import { trunklinePeer } from "../../interop/trunkline-peer.ts";
import { startAppClient } from "./app-client.ts";
import { chatOf } from "./chat.ts";

export function clientPeer(disableVoip: boolean): PagePeer {
  let client: MatrixClient;
  const peer = trunklinePeer(async (options) => {
    client = await startAppClient(options, disableVoip);
    return createEngine({ transport: matrixClient(client) });
  });
  return Object.assign(
    peer,
    chatOf(() => client),
  );
}
