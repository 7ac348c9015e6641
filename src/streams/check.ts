import { TrunklineError } from "./errors.ts";

/** Throws `invalid_option` unless it `holds`, naming the option and what it should be. */
export function check(holds: unknown, name: string, wanted: string, got: unknown): void {
  if (holds) return;
  const isPlain = !isObject(got) && typeof got !== "function";
  const shown = typeof got === "string" ? JSON.stringify(got) : isPlain ? String(got) : typeof got;
  throw new TrunklineError("invalid_option", `${name} must be ${wanted}; got ${shown}.`);
}

export function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
