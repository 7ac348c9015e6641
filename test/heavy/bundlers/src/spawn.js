import { spawnSignaling } from "trunkline/worker/spawn";
import { start } from "./app.js";

start(spawnSignaling);
