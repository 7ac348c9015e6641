import type { Capture } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { KINDS, type Kind } from "./fake-streams.ts";

/** The kinds that a capture asks for. Throws `invalid_option` for the wrong numbers; other options are not looked at. */
export function kindsOf(capture: Capture): readonly Kind[] {
  for (const kind of KINDS) {
    const options: unknown = capture[kind];
    const numbers = typeof options === "object" && options !== null ? Object.values(options) : [];
    if (numbers.some((value) => typeof value === "number" && !(value > 0))) {
      throw new TrunklineError("invalid_option", `Capture ${kind} is wrong: numbers are above 0.`);
    }
  }
  return KINDS.filter((kind) => capture[kind]);
}

/** Throws `invalid_option` where these are no keys of a telephone. */
export function checkKeys(keys: string): void {
  const wrong = [...keys].find((key) => !"0123456789ABCD#*,".includes(key));
  if (wrong !== undefined) throw new TrunklineError("invalid_option", `There is no key "${wrong}".`);
}
