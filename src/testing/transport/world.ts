import type { Identity, Transport } from "../../streams/contract.ts";

/** What a kind of transport may be unable to show; the tests that need it are then left out, by name. */
export type Capability =
  /** It is reached at an address, which can be wrong. */
  | "addresses"
  /** Its homeserver can be made to fail in the ways of `Fault`, on any request. */
  | "faults"
  /** It asks the homeserver who we are and reads the sync by itself, rather than by an app's client. */
  | "own_sync"
  /** Other clients can publish encryption keys for its device. */
  | "shared_devices"
  /** A member can be without the power to send. */
  | "power_levels"
  /** It sends encrypted into encrypted rooms. */
  | "encryption"
  /** It cannot encrypt, and so refuses. */
  | "encryption_refusal"
  /** Its homeserver has delayed events (P34). */
  | "delayed_events";

/** How a request goes wrong. `lost_answer`: it is done, but nobody learns of it. */
export type Fault =
  | "unreachable"
  | "lost_answer"
  | "server_error"
  /** 401 with a page, as from a proxy that wants a login of its own. */
  | "intercepted"
  /** 401 with `M_USER_LOCKED` and `soft_logout`. */
  | "locked"
  /** The answer is there, with rubbish in it wherever rubbish can be. */
  | "malformed"
  /** In ms. */
  | { readonly retryAfter: number };

export type RequestKind = "send" | "sync" | "identity" | "turn_servers";

/** A user with one device, and what one needs to bring it about that its transport has something to tell. */
export interface TestUser extends Identity {
  readonly transport: Transport;
  /** A new room that one joins by invitation, not encrypted. */
  createRoom(): Promise<string>;
  setState(roomId: string, type: string, content: object): Promise<void>;
  invite(roomId: string, userId: string): Promise<void>;
  join(roomId: string): Promise<void>;
  leave(roomId: string): Promise<void>;
  kick(roomId: string, userId: string): Promise<void>;
  /** Takes the access token away. */
  revoke(): Promise<void>;
  /** Publishes encryption keys for the device, as another client on it would. */
  publishKeys(): Promise<void>;
  /** Has the next request of that kind fail, once. A world without "faults" knows `unreachable` and `lost_answer` alone. */
  fail(request: RequestKind, fault: Fault): void;
}

/** The homeserver that a transport is tested with. */
export interface TransportWorld {
  readonly capabilities: readonly Capability[];
  /** How long a test waits for something to arrive before it fails, in ms. */
  readonly patience: number;
  /** A user whom no test has used before. */
  createUser(): Promise<TestUser>;
  /** A transport to where nobody listens, or somebody who speaks no Matrix. With "addresses" only. */
  misdirected(to: "nobody" | "stranger"): Transport;
}
