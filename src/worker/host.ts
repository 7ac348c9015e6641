import { expose } from "comlink";
import { AsyncSubject, EMPTY, switchMap } from "rxjs";
import type { SignalingHalf } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { serveStreams } from "../streams/link.ts";
import { answer, type Hello, type SignalingControl } from "../streams/link-control.ts";

type HostedHalf = SignalingHalf & { lost?(): void };

/**
 * Serves a signalling half to the far end of two ports, which reads it with `remoteSignaling`. The half is made when
 * the far end says start, and closed when it says stop. Where the far end closes its ports or is gone without that, the
 * half is closed too, unless it has a `lost` to be called instead.
 */
export function hostSignaling(ports: Hello<MessagePort>, create: (options: unknown) => HostedHalf): void {
  const made = new AsyncSubject<HostedHalf>();
  let half: HostedHalf | undefined;

  const serving = serveStreams(ports.streams, {
    signals: made.pipe(switchMap(({ signals$ }) => signals$)),
    status: made.pipe(switchMap(({ status$ }) => status$)),
    iceServers: made.pipe(switchMap(({ iceServers$ }) => iceServers$)),
    // A port keeps order: when this has completed at the far end, what it subscribed to before is subscribed here.
    ready: EMPTY,
  });

  const control: SignalingControl = {
    start: (options) =>
      answer(() => {
        if (half) throw new TrunklineError("wrong_state", "The signalling half has been started before");
        half = create(options);
        made.next(half);
        made.complete();
      }),
    dispatch: (command) =>
      answer(() => {
        if (!half) throw new TrunklineError("wrong_state", "The signalling half has not been started");
        return half.dispatch(command);
      }),
    ping: () => answer(() => undefined),
    stop: () => answer(() => half?.close()),
  };
  expose(control, ports.control);

  serving.add(() => {
    ports.control.close();
    void answer(() => (half?.lost ? half.lost() : half?.close()));
  });
}
