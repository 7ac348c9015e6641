/** Loaded when the engine is lost: most calls do without. */
import { filter, firstValueFrom, timer } from "rxjs";
import type { Clock, Command, SignalingHalf } from "../streams/contract.ts";

/** How long to wait, in ms, before a command is dispatched for the third time and more. */
const PAUSE_MS = 250;

/** What must not happen twice. */
const MARKED: ReadonlySet<Command["type"]> = new Set(["place", "invite", "answer", "reject", "hangup"]);

/** As `dispatchCommand()`, from the failure of the first attempt on, which was `thrown`. */
export async function dispatchAgain(
  signaling: SignalingHalf,
  command: Command,
  wanted: () => boolean,
  clock: Clock,
  thrown: unknown,
  isLost: (thrown: unknown) => boolean,
): Promise<void> {
  const marked = MARKED.has(command.type) ? ({ ...command, again: true } as Command) : command;
  for (let failure = thrown; ; await firstValueFrom(timer(PAUSE_MS, clock))) {
    if (!(await comesBack(signaling)) || !wanted()) throw failure;
    try {
      await signaling.dispatch(marked);
      return;
    } catch (again) {
      failure = again;
      if (!isLost(failure) || !wanted()) throw failure;
    }
  }
}

async function comesBack({ status$ }: SignalingHalf): Promise<boolean> {
  const settled$ = status$.pipe(filter(({ state }) => state === "online" || state === "stopped"));
  const { state } = await firstValueFrom(settled$, { defaultValue: { state: "stopped" } });
  return state === "online";
}
