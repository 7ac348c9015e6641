import type { ErrorData } from "./errors.ts";
import { named } from "./protocol.ts";

/** Marks our messages: anything else that arrives on a port is somebody else's and is passed over. */
const LINK = named("link");

/** What the side that subscribes says. `id` names one subscription and is never used twice on a port. */
export type ToServer =
  | {
      readonly kind: "subscribe";
      readonly id: number;
      readonly name: string;
      readonly args: readonly unknown[];
    }
  | { readonly kind: "unsubscribe"; readonly id: number }
  | { readonly kind: "close" };

/** What the side that has the streams says. */
export type ToClient =
  | { readonly kind: "next"; readonly id: number; readonly value: unknown }
  | { readonly kind: "error"; readonly id: number; readonly error: ErrorData }
  | { readonly kind: "complete"; readonly id: number }
  | { readonly kind: "close" };

type Fields = Record<string, unknown>;

/** A message as it travels. */
export function seal<M extends ToServer | ToClient>(message: M): M & { readonly link: string } {
  return { link: LINK, ...message };
}

/** What a client said, or undefined for anything else. */
export function readToServer(data: unknown): ToServer | undefined {
  const { kind, id, name, args = [] } = open(data);
  if (kind === "close") return { kind };
  if (typeof id !== "number") return undefined;
  if (kind === "unsubscribe") return { kind, id };
  if (kind === "subscribe" && typeof name === "string" && Array.isArray(args))
    return { kind, id, name, args };
  return undefined;
}

/** What a server said, or undefined for anything else. */
export function readToClient(data: unknown): ToClient | undefined {
  const { kind, id, value, error } = open(data);
  if (kind === "close") return { kind };
  if (typeof id !== "number") return undefined;
  if (kind === "next") return { kind, id, value };
  if (kind === "complete") return { kind, id };
  if (kind === "error" && isErrorData(error)) return { kind, id, error };
  return undefined;
}

function open(data: unknown): Fields {
  return isFields(data) && data.link === LINK ? data : {};
}

function isErrorData(value: unknown): value is ErrorData {
  return isFields(value) && typeof value.code === "string" && typeof value.message === "string";
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
