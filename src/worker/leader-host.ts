import { Subscription } from "rxjs";
import {
  channelName,
  generationOf,
  type Lead,
  type Posted,
  readLead,
  readToHub,
  readToTab,
  sealToTab,
  type ToHub,
  type ToTab,
} from "../streams/channel-frames.ts";
import { TrunklineError } from "../streams/errors.ts";
import { ChannelRelay } from "./channel-relay.ts";
import { createRecipient, type Encrypted } from "./leader-cipher.ts";
import { heldLocks, hold, hubLock, tabLock } from "./locks.ts";

/** What a worker needs of its global scope to be made to lead. */
export interface LeaderScope {
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  removeEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  postMessage(message: unknown): void;
  /** Ends the worker. */
  close(): void;
}

/** Answers a hello with a half, with this token; `started` is called when that has been made. */
export type Greet = (hello: unknown, accessToken?: string, started?: () => void) => void;

export interface LeaderHost extends Subscription {
  /**
   * Resolves where this worker still leads, or never did. One that has been replaced while its process stood still
   * cannot know it any other way than by asking: it ends, and this rejects with `worker_lost`.
   */
  permit(): Promise<void>;
}

/** The term of one worker, from when it holds the lock of its hub. */
interface Term extends Lead {
  /** As the browser knows this worker among those that hold locks. */
  readonly clientId: string | undefined;
  readonly recipient: Awaited<ReturnType<typeof createRecipient>>;
}

/**
 * In the worker of a tab that leads: serves that tab, and from then on those that follow it. Theirs comes first, for
 * its snapshot is that of the others. Ends with the worker; and ends it, when another tab leads instead.
 */
export function hostLeader(scope: LeaderScope, greet: Greet): LeaderHost {
  const life = new Subscription();
  let lead: Lead | undefined;
  let term: Term | undefined;
  let serving = false;

  const resign = () => {
    life.unsubscribe();
    scope.close();
  };

  const permit = async () => {
    if (!term) return;
    const name = hubLock(term.name, term.hub);
    const held = await heldLocks();
    if (held.some((lock) => lock.name === name && lock.clientId === term?.clientId)) return;
    resign();
    throw new TrunklineError("worker_lost", "Another tab leads: this worker must not act any more");
  };

  const begin = async (ours: Lead) => {
    const clientId = await replaceOthers(ours);
    const recipient = await createRecipient();
    if (life.closed) return;
    term = { ...ours, clientId, recipient };
    scope.postMessage(sealToTab({ kind: "leading", hub: ours.hub }));
  };

  const enter = (ours: Lead) =>
    hold(hubLock(ours.name, ours.hub)).subscribe({
      next: () => void begin(ours).catch(resign),
      error: resign,
    });

  const listener = ({ data }: { readonly data: unknown }) => {
    if (!lead) {
      lead = readLead(data);
      if (lead) life.add(enter(lead));
      return;
    }
    if (!term) return;
    const begun = term;
    greet(data, begun.accessToken, () => {
      if (!serving) life.add(serveFollowers(begun, greet, resign));
      serving = true;
    });
  };
  scope.addEventListener("message", listener);
  life.add(() => scope.removeEventListener("message", listener));
  return Object.assign(life, { permit });
}

/**
 * Makes this worker the only one that leads: the locks of those before it are stolen, for one that stands still would
 * keep them. Resolves with the id that the browser knows this worker by; rejects where a later one leads already.
 */
async function replaceOthers({ name, hub }: Lead): Promise<string | undefined> {
  const held = await heldLocks();
  const prefix = hubLock(name, "");
  for (const { name: lock = "" } of held) {
    if (!lock.startsWith(prefix)) continue;
    const generation = generationOf(lock.slice(prefix.length));
    if (generation > generationOf(hub)) throw new Error("another tab leads already");
    if (generation < generationOf(hub)) await navigator.locks.request(lock, { steal: true }, () => {});
  }
  return held.find((lock) => lock.name === hubLock(name, hub))?.clientId;
}

/** Each connection that a tab opens comes to `greet` as a hello with ports of its own, as if there were no channel. */
function serveFollowers(
  { hub, name, accessToken, recipient }: Term,
  greet: Greet,
  resign: () => void,
): Subscription {
  const channel = new BroadcastChannel(channelName(name));
  const life = new Subscription(() => channel.close());
  const relays = new Map<string, ChannelRelay>();
  const send = (frame: ToTab) => channel.postMessage(sealToTab(frame));
  const announce = () => send({ kind: "leading", hub, key: recipient.key });

  const open = async ({ connection, tab, ports, hello, token }: Extract<ToHub, { kind: "open" }>) => {
    if (relays.has(connection)) return;
    const relay = new ChannelRelay((port, packed) =>
      send({ kind: "post", hub, connection, port, ...packed }),
    );
    const { data } = relay.unpack({ data: hello, ports });
    relays.set(connection, relay);
    life.add(relay);
    relay.add(() => relays.delete(connection));
    relay.add(hold(tabLock(tab)).subscribe(() => relay.unsubscribe()));
    // What is no token of ours is none: the tab comes in as one that has brought nothing new.
    const brought = await recipient.decrypt(token as Encrypted).catch(() => accessToken);
    if (relay.closed) return;
    greet(data, brought);
  };

  const deliver = (posted: Posted) => relays.get(posted.connection)?.deliver(posted.port, posted);

  channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (life.closed) return;
    const other = readToTab(data)?.hub;
    if (other !== undefined && generationOf(other) > generationOf(hub)) return resign();
    const frame = readToHub(data);
    if (frame?.kind === "seek") return announce();
    if (frame?.hub !== hub) return;
    if (frame.kind === "open") void open(frame);
    else if (frame.kind === "post") deliver(frame);
    else relays.get(frame.connection)?.unsubscribe();
  });
  announce();
  return life;
}
