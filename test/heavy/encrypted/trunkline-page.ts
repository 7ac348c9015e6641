import "../../interop/watch.ts";
import { clientPeer } from "./client-peer.ts";

globalThis.peer = clientPeer(true);
