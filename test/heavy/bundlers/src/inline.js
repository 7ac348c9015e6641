import { inlineWorker } from "trunkline/worker/inline";
import { spawnSignaling } from "trunkline/worker/spawn";
import { start } from "./app.js";

start((options) => spawnSignaling({ ...options, worker: inlineWorker }));
