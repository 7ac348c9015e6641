import type { TokenRefresh, Transport } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import type { PolicyOption } from "../streams/policy.ts";
import { isTransport } from "../streams/transport-shape.ts";

interface EngineOptions {
  /**
   * When events leave, how long invites ring, and how many calls do: see `SignalingPolicy`. Default `balanced`. One that
   * cannot be right stops the half with `invalid_option`.
   */
  readonly policy?: PolicyOption;
}

/** A login to a homeserver, with which the engine speaks by itself. */
export interface LoginOptions extends EngineOptions {
  /** Base URL of the homeserver's client-server API, with `http:` or `https:`. */
  readonly homeserver: string;
  readonly accessToken: string;
  /** Whose token it is, where known; otherwise the homeserver is asked. */
  readonly userId?: string;
  readonly deviceId?: string;
  /**
   * Called on this thread, once at a time, when the homeserver does not take the access token any more. Where the login
   * is over, the engine stops with `unknown_token`. Absent: so it does at once. A call that fails ends nothing.
   *
   * @example
   * async tokenRefresh() {
   *   const response = await fetch(refreshUrl, { method: "POST", body: JSON.stringify({ refresh_token }) });
   *   if (response.status === 401 || response.status === 403) return undefined; // the login is over
   *   if (!response.ok) throw new Error(`HTTP ${response.status}`); // called again
   *   return (await response.json()).access_token;
   * }
   */
  readonly tokenRefresh?: TokenRefresh;
  readonly transport?: never;
}

/** A transport on this thread: that of an app's own client, such as for encrypted rooms. */
export interface TransportOptions extends EngineOptions {
  readonly transport: Transport;
}

export type SignalingOptions = LoginOptions | TransportOptions;

const LOGIN = ["homeserver", "accessToken", "userId", "deviceId", "tokenRefresh"] as const;

/**
 * The options, and nothing else that may be on the object: some of it has to be cloned. Throws `invalid_option` for
 * what cannot be right; `caller` is who was given it.
 */
export function checkOptions(options: SignalingOptions, caller: string): SignalingOptions {
  const given: Partial<Record<(typeof LOGIN)[number] | "transport", unknown>> = options ?? {};
  const policy = options?.policy !== undefined && { policy: options.policy };
  const wanted = (name: string, what: string) =>
    new TrunklineError("invalid_option", `${caller}: "${name}" must be ${what}`);

  if (given.transport !== undefined) {
    const also = LOGIN.find((name) => given[name] !== undefined);
    if (also !== undefined) throw wanted(also, 'left out where there is a "transport", which has a login');
    if (!isTransport(given.transport)) throw wanted("transport", "a Transport: see trunkline/streams");
    return { transport: given.transport, ...policy };
  }

  const { homeserver, accessToken, userId, deviceId, tokenRefresh } = given;
  if (!isHttpUrl(homeserver)) throw wanted("homeserver", 'a URL such as "https://matrix.example.org"');
  if (!isText(accessToken)) throw wanted("accessToken", "the access token of a login, as text");
  if (userId !== undefined && !isUserId(userId))
    throw wanted("userId", 'a user id such as "@me:example.org"');
  if (deviceId !== undefined && !isText(deviceId))
    throw wanted("deviceId", "the device id of the login, as text");
  if (tokenRefresh !== undefined && typeof tokenRefresh !== "function")
    throw wanted("tokenRefresh", "a function that resolves with a new access token");
  return {
    homeserver,
    accessToken,
    ...(userId !== undefined && { userId }),
    ...(deviceId !== undefined && { deviceId }),
    ...(tokenRefresh !== undefined && { tokenRefresh: tokenRefresh as TokenRefresh }),
    ...policy,
  };
}

function isHttpUrl(value: unknown): value is string {
  return typeof value === "string" && /^https?:/i.test(value) && URL.canParse(value);
}

function isUserId(value: unknown): value is string {
  return isText(value) && value.startsWith("@") && value.includes(":");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
