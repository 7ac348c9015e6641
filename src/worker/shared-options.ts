import { TrunklineError } from "../streams/errors.ts";
import type { PolicyOption } from "../streams/policy.ts";
import { checkOptions } from "./options.ts";
import { isScriptUrl, type ScriptUrl } from "./script-url.ts";

export interface SharedOptions {
  /** Base URL of the homeserver's client-server API, with `http:` or `https:`. */
  readonly homeserver: string;
  /** Of a login that no other client uses, and that all tabs share. */
  readonly accessToken: string;
  /** Whose login it is, as the homeserver said when it was made: tabs that name the same device share an engine. */
  readonly userId: string;
  readonly deviceId: string;
  /**
   * Where `trunkline/worker/shared-entry` is served, by the same URL to all tabs (so it cannot be a Blob's). Absent: by
   * the URL that bundlers find in this package. A page that requires trusted types gives a `TrustedScriptURL`.
   */
  readonly script?: ScriptUrl;
  /** As `spawnSignaling` has it; that of the tab that makes the engine holds for all. */
  readonly policy?: PolicyOption;
}

/** The options, and nothing else that may be on the object: what goes to the worker has to be cloned. */
export function checkShared(options: SharedOptions): SharedOptions {
  const { homeserver, accessToken, userId, deviceId, script, policy } = options ?? {};
  checkOptions({ homeserver, accessToken, userId, deviceId }, "sharedSignaling");
  if (userId === undefined) throw wanted("userId", 'the user id of the login, such as "@me:example.org"');
  if (deviceId === undefined) throw wanted("deviceId", "the device id of the login, as text");
  if (script !== undefined && !isScriptUrl(script))
    throw wanted("script", "the URL of trunkline/worker/shared-entry");
  return {
    homeserver: new URL(homeserver).href,
    accessToken,
    userId,
    deviceId,
    ...(script !== undefined && { script }),
    ...(policy !== undefined && { policy }),
  };
}

const wanted = (name: keyof SharedOptions, what: string): TrunklineError =>
  new TrunklineError("invalid_option", `sharedSignaling: "${name}" must be ${what}`);
