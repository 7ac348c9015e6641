/** What tabs without a `SharedWorker` send on a `BroadcastChannel`, which every script of the origin can hear. */
import { named } from "./protocol.ts";

/** The channel of the tabs that have this name in common. */
export const channelName = (name: string): string => named(`channel ${name}`);

/**
 * Names a hub, and with it the term in which its tab leads: a later one has a higher generation. It is in every frame of
 * the hub and for it, so that what a hub sends which was replaced, and did not notice, reaches nobody.
 */
export const makeHub = (generation: number, id: string): string => `${generation} ${id}`;

/** The generation of a hub; 0 for what names none. */
export const generationOf = (hub: string): number => Number.parseInt(hub, 10) || 0;

/** What a tab sends to the hub. */
export type ToHub =
  /** Who leads? The worker of the tab that does answers, whatever its page is busy with. */
  | { readonly kind: "seek" }
  /** Makes a connection: `hello` has the names of `ports` in it, and for each there is one at the tab. */
  | {
      readonly kind: "open";
      readonly hub: string;
      readonly connection: string;
      readonly tab: string;
      readonly ports: readonly string[];
      readonly hello: object;
      /** The tab's access token, encrypted for the hub's key. */
      readonly token?: unknown;
    }
  | Posted
  | { readonly kind: "shut"; readonly hub: string; readonly connection: string };

/** What the hub sends to a tab, or to all. */
export type ToTab =
  /** `key`: the public key that tokens are encrypted for. */
  | { readonly kind: "leading"; readonly hub: string; readonly key?: unknown }
  /** Sent by the page that leads from now on, until its worker does. */
  | { readonly kind: "starting"; readonly hub: string }
  | Posted;

/** What was sent on a port of a connection; `data` has the names of `ports` in it. See channel-relay.ts. */
export interface Posted {
  readonly kind: "post";
  readonly hub: string;
  readonly connection: string;
  readonly port: string;
  readonly data: unknown;
  readonly ports: readonly string[];
}

/** What a tab that leads sends first to its worker: to it alone, for the token is never sent on the channel in the clear. */
export interface Lead {
  readonly hub: string;
  /** What the tabs have in common. */
  readonly name: string;
  readonly accessToken: string;
}

type Fields = Record<string, unknown>;

export const makeLead = (lead: Lead): object => ({ ...lead, trunkline: named("lead") });

export const sealToHub = (frame: ToHub): object => ({ ...frame, trunkline: named("hub") });
export const sealToTab = (frame: ToTab): object => ({ ...frame, trunkline: named("tab") });

/** What a tab sent, or undefined for anything else. */
export function readToHub(data: unknown): ToHub | undefined {
  const { kind, hub, connection, tab, ports, hello, token } = open(data, "hub");
  if (kind === "seek") return { kind };
  if (!isText(hub) || !isText(connection)) return undefined;
  if (kind === "shut") return { kind, hub, connection };
  if (kind === "open" && isText(tab) && isNames(ports) && isFields(hello)) {
    return { kind, hub, connection, tab, ports, hello, ...(token !== undefined && { token }) };
  }
  return readPosted(data);
}

/** What a hub sent, or undefined for anything else. */
export function readToTab(data: unknown): ToTab | undefined {
  const { kind, hub, key } = open(data, "tab");
  if (!isText(hub)) return undefined;
  if (kind === "leading") return { kind, hub, ...(key !== undefined && { key }) };
  return kind === "starting" ? { kind, hub } : readPosted(data);
}

/** The order to lead, or undefined for anything else. Only a worker's creator can give it one. */
export function readLead(data: unknown): Lead | undefined {
  return isFields(data) && data.trunkline === named("lead") ? (data as Fields & Lead) : undefined;
}

function readPosted(frame: unknown): Posted | undefined {
  const { kind, hub, connection, port, data, ports } = frame as Fields;
  return kind === "post" && isText(hub) && isText(connection) && isText(port) && isNames(ports)
    ? { kind, hub, connection, port, data, ports }
    : undefined;
}

const open = (data: unknown, to: "hub" | "tab"): Fields =>
  isFields(data) && data.trunkline === named(to) ? data : {};

const isText = (value: unknown): value is string => typeof value === "string";

const isNames = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
