import { filter, firstValueFrom, timer } from "rxjs";
import type { Clock, Command, SignalingHalf } from "../streams/contract.ts";
import { toTrunklineError } from "../streams/errors.ts";

/** How long to wait, in ms, before a command is said for the third time and more. */
const PAUSE = 250;

/** What must not happen twice. */
const MARKED: ReadonlySet<Command["type"]> = new Set(["place", "invite", "answer", "reject", "hangup"]);

/**
 * As `SignalingHalf.dispatch`, but a command whose engine is lost is said again once there is another, as long as it
 * is `wanted`: what must not happen twice is marked as such (P30). Rejects with `worker_lost` where none comes.
 */
export async function dispatchAgain(
  signaling: SignalingHalf,
  command: Command,
  wanted: () => boolean,
  clock: Clock,
): Promise<void> {
  for (let times = 0; ; times++) {
    try {
      await signaling.dispatch(times === 0 ? command : again(command));
      return;
    } catch (thrown) {
      const { code } = toTrunklineError(thrown);
      if (!code.startsWith("worker_") || !wanted()) throw thrown;
      if (times > 0) await firstValueFrom(timer(PAUSE, clock));
      if (!(await comesBack(signaling)) || !wanted()) throw thrown;
    }
  }
}

async function comesBack({ status$ }: SignalingHalf): Promise<boolean> {
  const settled$ = status$.pipe(filter(({ state }) => state === "online" || state === "stopped"));
  const { state } = await firstValueFrom(settled$, { defaultValue: { state: "stopped" } });
  return state === "online";
}

function again(command: Command): Command {
  return MARKED.has(command.type) ? ({ ...command, again: true } as Command) : command;
}
