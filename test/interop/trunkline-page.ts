import "./watch.ts";
import { spawnSignaling } from "../../src/worker/spawn.ts";
import { trunklinePeer } from "./trunkline-peer.ts";

globalThis.peer = trunklinePeer(({ homeserver, accessToken }) =>
  spawnSignaling({
    homeserver,
    accessToken,
    worker: () => new Worker("/worker/entry.js", { type: "module" }),
  }),
);
