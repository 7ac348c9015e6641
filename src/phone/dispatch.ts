import type { Clock, Command, SignalingHalf } from "../streams/contract.ts";
import { toTrunklineError } from "../streams/errors.ts";

/** Whether the engine was lost with a command. */
const isLost = (thrown: unknown): boolean => toTrunklineError(thrown).code.startsWith("worker_");

/**
 * As `SignalingHalf.dispatch`, but a command whose engine is lost is dispatched again once there is another, as long as
 * it is `wanted`: what must not happen twice is marked as such (P30). Rejects with `worker_lost` where none comes.
 */
export async function dispatchCommand(
  signaling: SignalingHalf,
  command: Command,
  wanted: () => boolean,
  clock: Clock,
): Promise<void> {
  try {
    await signaling.dispatch(command);
  } catch (thrown) {
    if (!isLost(thrown) || !wanted()) throw thrown;
    const { dispatchAgain } = await import("./again.ts").catch(() => {
      throw thrown;
    });
    await dispatchAgain(signaling, command, wanted, clock, thrown, isLost);
  }
}
