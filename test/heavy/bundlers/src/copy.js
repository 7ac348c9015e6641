import { spawnSignaling } from "trunkline/worker/spawn";
import { start } from "./app.js";

// The file of `trunkline/worker/entry`, copied beside the page by whatever deploys the app.
const script = new URL("trunkline-worker.js", document.baseURI);
const worker = () => new Worker(script, { type: "module" });

start((options) => spawnSignaling({ ...options, worker }));
