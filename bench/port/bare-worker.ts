/** The far end of a bare port: answers each command, and sends signals when it is asked to. */
import type { Command } from "../../src/streams/contract.ts";
import { SIGNAL_GAP, signal, wait } from "./payload.ts";
import { onMessageToWorker } from "./scope.ts";

onMessageToWorker((data) => {
  const port = data as MessagePort;
  port.onmessage = async ({ data: command }: MessageEvent<Command>) => {
    port.postMessage({ ok: true });
    if (command.type !== "place") return;
    for (let i = 0; i < (command.lifetime ?? 0); i++) {
      await wait(SIGNAL_GAP);
      port.postMessage(signal());
    }
  };
});
