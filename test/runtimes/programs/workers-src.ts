/** Deno and Bun, with workers from src as it is: what JSR serves. */
import { createPhone } from "../../../src/phone/phone.ts";
import { fakeMedia } from "../../../src/testing/fake-media.ts";
import { spawnSignaling } from "../../../src/worker/spawn.ts";
import { callInWorkers } from "../lib/workers-call.ts";

await callInWorkers({ createPhone, fakeMedia, spawnSignaling });
console.log("a call between two engines in workers from src: placed, answered, connected, hung up");
