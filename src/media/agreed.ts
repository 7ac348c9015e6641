import type { Purpose } from "../streams/contract.ts";
import type { Connection } from "./connection.ts";
import type { Tools } from "./tools.ts";

/**
 * Throws `wrong_state` where tracks of these kinds need a negotiation that the peer may not take: unless it negotiates, it
 * can be sent what its descriptions let us send. A screen takes the place of the camera then; it waits for the peer's
 * first description, which shows whether it has to.
 */
export function assertAgreed(
  { TrunklineError }: Tools,
  { sending }: Connection,
  purpose: Purpose,
  kinds: readonly string[],
): void {
  if (purpose === "m.screenshare" ? sending.fixed === false : !sending.fixed) return;
  const lacking = kinds.filter(
    (each) =>
      !sending.lines.some(
        ({ purpose: its, kind, sends, transceiver }) =>
          its === "m.usermedia" &&
          kind === each &&
          (transceiver.currentDirection?.startsWith("send") || (sends && purpose === "m.usermedia")),
      ),
  );
  if (lacking.length === 0) return;
  const what = purpose === "m.screenshare" ? "share the screen" : `add ${lacking.join(" and ")}`;
  const why = "the call is not answered yet, or its peer does not negotiate and no such media was agreed on";
  throw new TrunklineError("wrong_state", `Cannot ${what}: ${why}.`);
}
