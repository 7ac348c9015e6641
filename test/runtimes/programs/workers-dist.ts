/** Deno and Bun, with workers from dist, by the package's own name: what npm serves. */
import { createPhone } from "trunkline";
import { fakeMedia } from "trunkline/testing";
import { spawnSignaling } from "trunkline/worker/spawn";
import { callInWorkers } from "../lib/workers-call.ts";

await callInWorkers({ createPhone, fakeMedia, spawnSignaling });
console.log("a call between two engines in workers from dist: placed, answered, connected, hung up");
