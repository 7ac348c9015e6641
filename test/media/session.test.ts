import { NEVER, of, throwError } from "rxjs";
import { describe, expect, it } from "vitest";
import { browserMedia } from "../../src/media/browser.ts";
import type { IceServer } from "../../src/streams/contract.ts";

/** A connection that only tells what it was made with. */
class Unusable {
  constructor({ iceServers = [] }: RTCConfiguration) {
    throw new Error(`made with ${iceServers.map(({ urls }) => urls).join()}`);
  }
}

const media = browserMedia({
  RTCPeerConnection: Unusable as unknown as typeof RTCPeerConnection,
  mediaDevices: { getUserMedia: () => new Promise(() => {}) } as never,
  MediaStream: class {} as never,
});
const offerWith = async (iceServers$: Parameters<typeof media.open>[0]["iceServers$"]) => {
  const session = media.open({ iceServers$ });
  const offered = session.offer({ audio: true }).catch(({ message }: Error) => message);
  setTimeout(() => session.close());
  return offered;
};

describe("a session's first connection", () => {
  it("is made with the servers that are there at once", async () => {
    const servers: readonly IceServer[] = [{ urls: ["turn:t.test"] }];
    expect(await offerWith(of(servers))).toContain("made with turn:t.test");
  });

  it("is made without any where none will come, and not at all where they cannot be had or are awaited", async () => {
    expect(await offerWith(of())).toMatch(/made with $/);
    expect(await offerWith(throwError(() => new Error("no signalling")))).toContain("no signalling");
    expect(await offerWith(NEVER)).toContain("has ended");
  });
});
