import "./watch.ts";
import { sdkPeer } from "./sdk-peer.ts";

globalThis.peer = sdkPeer();
