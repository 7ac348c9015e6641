/** An app that did not turn off the calls of its client, but does nothing with them. */
import "../../interop/watch.ts";
import { clientPeer } from "./client-peer.ts";

globalThis.peer = clientPeer(false);
