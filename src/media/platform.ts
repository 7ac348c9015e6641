import { realClock } from "../streams/clock.ts";
import type { IceServer } from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import { isInForce } from "../streams/ice-servers.ts";
import type { Devices } from "./capture.ts";

/** What `browserMedia()` takes from where it runs; what is not given is the global of that name. */
export interface BrowserMediaOptions {
  readonly RTCPeerConnection?: typeof RTCPeerConnection;
  readonly MediaStream?: typeof MediaStream;
  readonly mediaDevices?: Devices;
  /** `relay` hides our addresses from the peer: all media goes through a TURN server. Default `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  /**
   * How the calls that we place share transports. `balanced` or `max-compat` is for peers without BUNDLE, such as
   * gateways to SIP, whose answer ends the call otherwise, with `media_failed`. An incoming call is answered as it was
   * offered. Default `max-bundle`: all media on one transport, so half the candidates, and half the events.
   */
  readonly bundlePolicy?: RTCBundlePolicy;
}

// Looked up at the moment of use, so that a page rendered on a server may still name browserMedia().

/** `ahead`: of how many connections the candidates are gathered at once. Throws `media_failed` where there is no WebRTC, or where it refuses all. ICE servers that it refuses are left out. */
export function createConnection(
  options: BrowserMediaOptions,
  iceServers: readonly IceServer[],
  ahead = 0,
): RTCPeerConnection {
  const Connection = options.RTCPeerConnection ?? needed("RTCPeerConnection");
  const configuration: RTCConfiguration = {
    iceServers: iceServersOf(iceServers),
    iceTransportPolicy: options.iceTransportPolicy ?? "all",
    bundlePolicy: options.bundlePolicy ?? "max-bundle",
    iceCandidatePoolSize: ahead,
  };
  try {
    return new Connection(configuration);
  } catch (cause) {
    try {
      const pc = new Connection({ ...configuration, iceServers: [] });
      setServers(pc, iceServers);
      return pc;
    } catch {
      throw toTrunklineError(cause, "media_failed", "WebRTC cannot be used: ");
    }
  }
}

/**
 * Has the connection gather by these servers: by those of them that the browser takes, for it throws for all where it
 * refuses one. Where it takes none, those it has stay, and it returns false.
 */
export function setServers(pc: RTCPeerConnection, iceServers: readonly IceServer[]): boolean {
  const takes = (servers: RTCIceServer[]) => {
    try {
      pc.setConfiguration({ ...pc.getConfiguration(), iceServers: servers });
      return true;
    } catch {
      return false;
    }
  };
  const servers = iceServersOf(iceServers);
  if (takes(servers)) return true;
  const single = servers.flatMap(({ urls, ...rest }) =>
    [urls].flat().map((url) => ({ ...rest, urls: [url] })),
  );
  const usable = single.filter((server) => takes([server]));
  return usable.length > 0 && takes(usable);
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
