import type { Clock, Command, SignalingHalf } from "../streams/contract.ts";

/** A command to the engine and its answer, in ms. Rejects as `SignalingHalf.dispatch`. */
export async function timeDispatch(
  half: Pick<SignalingHalf, "dispatch">,
  command: Command,
  clock: Pick<Clock, "now">,
): Promise<number> {
  const start = clock.now();
  await half.dispatch(command);
  return clock.now() - start;
}
