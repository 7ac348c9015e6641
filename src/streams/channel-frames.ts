/** What tabs without a `SharedWorker` send on a `BroadcastChannel`, which every script of the origin can hear. */
import { named } from "./protocol.ts";

/** What a tab says to the hub. */
export type ToHub =
  /** Who leads? */
  | { readonly kind: "seek" }
  /** Makes a connection: for each name of `ports` there is one at the tab. `hello` came with them. */
  | {
      readonly kind: "open";
      readonly hub: string;
      readonly connection: string;
      readonly tab: string;
      readonly ports: readonly string[];
      readonly hello: object;
    }
  | Posted
  | { readonly kind: "shut"; readonly hub: string; readonly connection: string };

/** What the hub says to a tab, or to all. */
export type ToTab = { readonly kind: "leading"; readonly hub: string } | Posted;

/** What was said on a port of a connection. */
export interface Posted {
  readonly kind: "post";
  readonly hub: string;
  readonly connection: string;
  readonly port: string;
  readonly data: unknown;
}

/** What a tab that leads says first to its worker: to it alone, for the token is never said on the channel. */
export interface Lead {
  /** Names this hub, and the lock that its worker holds. */
  readonly hub: string;
  /** The channel on which the other tabs are. */
  readonly channel: string;
  readonly accessToken: string;
}

type Fields = Record<string, unknown>;

export const makeLead = (lead: Lead): object => ({ ...lead, trunkline: named("lead") });

export const sealToHub = (frame: ToHub): object => ({ ...frame, trunkline: named("hub") });
export const sealToTab = (frame: ToTab): object => ({ ...frame, trunkline: named("tab") });

/** What a tab said, or undefined for anything else. */
export function readToHub(data: unknown): ToHub | undefined {
  const { kind, hub, connection, tab, ports, hello } = open(data, "hub");
  if (kind === "seek") return { kind };
  if (!isText(hub) || !isText(connection)) return undefined;
  if (kind === "shut") return { kind, hub, connection };
  if (kind === "open" && isText(tab) && isNames(ports) && isFields(hello)) {
    return { kind, hub, connection, tab, ports, hello };
  }
  return readPosted(data);
}

/** What the hub said, or undefined for anything else. */
export function readToTab(data: unknown): ToTab | undefined {
  const { kind, hub } = open(data, "tab");
  return kind === "leading" && isText(hub) ? { kind, hub } : kind === "post" ? readPosted(data) : undefined;
}

/** The order to lead, or undefined for anything else. Only a worker's creator can give it one. */
export function readLead(data: unknown): Lead | undefined {
  return isFields(data) && data.trunkline === named("lead") ? (data as Fields & Lead) : undefined;
}

function readPosted(frame: unknown): Posted | undefined {
  const { kind, hub, connection, port, data } = frame as Fields;
  return kind === "post" && isText(hub) && isText(connection) && isText(port)
    ? { kind, hub, connection, port, data }
    : undefined;
}

const open = (data: unknown, to: "hub" | "tab"): Fields =>
  isFields(data) && data.trunkline === named(to) ? data : {};

const isText = (value: unknown): value is string => typeof value === "string";

const isNames = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
