/** The demo in a browser: each phone has a worker of its own, and the browser's camera, microphone and WebRTC. */
import { createPhone } from "trunkline";
import { browserMedia } from "trunkline/media";
import { spawnSignaling } from "trunkline/worker/spawn";
import { startPage } from "./start-page.ts";

// A page that goes hangs up by its signalling half, and has phones again where it comes back.
const story$ = startPage((login) => createPhone({ signaling: spawnSignaling(login), media: browserMedia() }));

// For the console, and for `npm start -- --once`.
story$.subscribe((story) => Object.assign(globalThis, { story }));
