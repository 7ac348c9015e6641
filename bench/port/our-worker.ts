/** Trunkline's end of the port, with a half behind it that does nothing: what is timed is the way, not the work. */
import { NEVER, Subject } from "rxjs";
import type { Signal, SignalingHalf } from "../../src/streams/contract.ts";
import { readHello } from "../../src/streams/hello.ts";
import { hostSignaling } from "../../src/worker/host.ts";
import { SIGNAL_GAP, signal, wait } from "./payload.ts";
import { onMessageToWorker } from "./scope.ts";

const signals = new Subject<Signal>();

const half: SignalingHalf = {
  signals$: signals,
  status$: NEVER,
  iceServers$: NEVER,
  async dispatch(command) {
    if (command.type === "place") void emit(command.lifetime ?? 0);
  },
  close: async () => {},
};

async function emit(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await wait(SIGNAL_GAP);
    signals.next(signal());
  }
}

onMessageToWorker((data) => {
  const ports = readHello<MessagePort>(data);
  if (ports) hostSignaling(ports, () => half);
});
