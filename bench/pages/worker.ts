/** Loaded into Trunkline's worker before the engine: tells the page of requests. */
import { watchRequests } from "./requests.ts";

const channel = new BroadcastChannel("requests");
watchRequests((sending) => channel.postMessage(sending));
