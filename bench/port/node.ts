/** The port on Node: runs in a process of its own, and prints what it found. The workers' scripts are bundled in. */
import { Worker } from "node:worker_threads";
import { measurePort } from "./measure-port.ts";

declare const OUR_WORKER: string;
declare const BARE_WORKER: string;

const worker = (script: string) => () =>
  new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));

console.log(JSON.stringify(await measurePort({ ours: worker(OUR_WORKER), bare: worker(BARE_WORKER) })));
