import { encryptedSignaling } from "trunkline/worker/encrypted";
import { start } from "./app.js";

start(encryptedSignaling);
