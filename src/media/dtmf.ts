import { TrunklineError } from "../streams/errors.ts";

const KEYS = "0123456789ABCD#*,";

/** Sends these keys after those that are still on their way. Throws `invalid_option` or `wrong_state`. */
export function sendKeys(sender: RTCDTMFSender | undefined, keys: string): void {
  const wrong = [...keys].find((key) => !KEYS.includes(key));
  if (wrong !== undefined) {
    throw new TrunklineError("invalid_option", `There is no key "${wrong}": use ${KEYS}`);
  }
  if (!sender?.canInsertDTMF) {
    throw new TrunklineError("wrong_state", "No sound to send keys with: connect with audio first.");
  }
  sender.insertDTMF(sender.toneBuffer + keys);
}
