import { realClock } from "../streams/clock.ts";
import type { IceServer } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { isInForce } from "../streams/ice-servers.ts";
import type { Devices } from "./capture.ts";

/** What `browserMedia()` takes from where it runs; what is not given is the global of that name. */
export interface BrowserMediaOptions {
  readonly RTCPeerConnection?: typeof RTCPeerConnection;
  readonly MediaStream?: typeof MediaStream;
  readonly mediaDevices?: Devices;
  /** `relay` hides our addresses from the peer: all media goes through a TURN server. Default `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
}

// Looked up at the moment of use, so that a page rendered on a server may still name browserMedia().

/** `ahead`: of how many connections the candidates are gathered at once. Throws `media_failed` where there is no WebRTC, or where it refuses the ICE servers. */
export function createConnection(
  options: BrowserMediaOptions,
  iceServers: readonly IceServer[],
  ahead = 0,
): RTCPeerConnection {
  const Connection = options.RTCPeerConnection ?? needed("RTCPeerConnection");
  const configuration: RTCConfiguration = {
    iceServers: iceServersOf(iceServers),
    iceTransportPolicy: options.iceTransportPolicy ?? "all",
    // All media on one transport: half the candidates, so half the events; every Matrix client bundles.
    bundlePolicy: "max-bundle",
    iceCandidatePoolSize: ahead,
  };
  try {
    return new Connection(configuration);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TrunklineError("media_failed", `No connection with these ICE servers: ${reason}`, { cause });
  }
}

/** Those in force now, as the browser wants them (P29). */
export function iceServersOf(iceServers: readonly IceServer[]): RTCIceServer[] {
  return iceServers
    .filter((server) => isInForce(server, realClock.now()))
    .map(({ urls, expiresAt: _, ...credentials }) => ({ urls: [...urls], ...credentials }));
}

export function createStream(options: BrowserMediaOptions): MediaStream {
  return new (options.MediaStream ?? needed("MediaStream"))();
}

export function devicesOf(options: BrowserMediaOptions): Devices | undefined {
  return options.mediaDevices ?? globalThis.navigator?.mediaDevices;
}

function needed<TName extends "RTCPeerConnection" | "MediaStream">(name: TName): (typeof globalThis)[TName] {
  const found = globalThis[name];
  if (found) return found;
  throw new TrunklineError("media_failed", `No ${name}: pass one to browserMedia({ ${name} }).`);
}
