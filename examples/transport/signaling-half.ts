/** A signalling half of one's own, around another: callers who are blocked do not ring here. */
import { filter, share } from "rxjs";
import type { CallRef, Signal, SignalingHalf } from "trunkline/streams";

export function withBlocklist(half: SignalingHalf, isBlocked: (userId: string) => boolean): SignalingHalf {
  const blocked = new Set<string>();
  const keyOf = ({ roomId, callId }: CallRef) => JSON.stringify([roomId, callId]);

  const passes = (signal: Signal): boolean => {
    const key = keyOf(signal);
    if (signal.type === "incoming" && isBlocked(signal.peer.userId)) blocked.add(key);
    const isHidden = blocked.has(key);
    if (signal.type === "ended") blocked.delete(key);
    return !isHidden;
  };

  return {
    // Hot, as the other's: whatever is asked of a signal is asked once.
    signals$: half.signals$.pipe(filter(passes), share()),
    status$: half.status$,
    iceServers$: half.iceServers$,
    ...(half.finalRequests$ && { finalRequests$: half.finalRequests$ }),
    dispatch: (command) => half.dispatch(command),
    close: () => half.close(),
  };
}
