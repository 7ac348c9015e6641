/** Our phone over an app's client, its engine in a worker, and the chat beside it. */
import type { MatrixClient } from "matrix-js-sdk";
import { matrixClient } from "../../../src/signaling/transports/matrix-client.ts";
import { spawnSignaling } from "../../../src/worker/spawn.ts";
import type { PagePeer } from "../../interop/peer.ts";
import { trunklinePeer } from "../../interop/trunkline-peer.ts";
import { startAppClient } from "./app-client.ts";
import { chatOf } from "./chat.ts";

export function clientPeer(disableVoip: boolean): PagePeer {
  let client: MatrixClient;
  const peer = trunklinePeer(async (options) => {
    client = await startAppClient(options, disableVoip);
    return spawnSignaling({
      transport: matrixClient(client),
      worker: () => new Worker("/worker/entry.js", { type: "module" }),
    });
  });
  return Object.assign(
    peer,
    chatOf(() => client),
  );
}
