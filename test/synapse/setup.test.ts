/** The ground that the other tests of this folder stand on. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, inject, it } from "vitest";
import { startCapture } from "../../scripts/capture.ts";
import { launchChromium } from "../../scripts/chromium.ts";
import { registerUser, startSynapse } from "../../scripts/synapse.ts";

interface TurnAnswer {
  readonly uris: string[];
  readonly username: string;
  readonly password: string;
}

it("two connections meet through the relay that Synapse names", async () => {
  const { accessToken } = await registerUser(inject("synapseUrl"), "alice");
  const response = await request(
    inject("synapseUrl"),
    "GET",
    "/_matrix/client/v3/voip/turnServer",
    accessToken,
  );
  const { uris, username, password } = (await response.json()) as TurnAnswer;
  expect(uris, "the homeserver names no relay (turn_uris)").not.toEqual([]);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const type = await page.evaluate(connectThroughRelay, [{ urls: uris, username, credential: password }]);
    expect(type).toBe("relay");
  } finally {
    await browser.close();
  }
});

/** Runs in the page. */
async function connectThroughRelay(iceServers: RTCIceServer[]): Promise<unknown> {
  const [a, b] = [0, 1].map(() => new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" }));
  if (!a || !b) return undefined;
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate ?? undefined);
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate ?? undefined);
  const channel = a.createDataChannel("test");
  const open = new Promise((resolve) => channel.addEventListener("open", resolve));
  await a.setLocalDescription();
  if (a.localDescription) await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  if (b.localDescription) await a.setRemoteDescription(b.localDescription);
  await open;
  const stats = [...(await a.getStats()).values()];
  return stats.find(({ type }) => type === "local-candidate")?.candidateType;
}

it("a capture sees every packet of a burst", async () => {
  const capture = await startCapture();
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  for (let count = 0; count < 500; count += 1) socket.send(new Uint8Array(1_200), port, "127.0.0.1");
  const seen = (await capture.packets()).filter((packet) => packet.from === port && packet.to === port);
  socket.close();
  await capture.close();
  expect(seen.length).toBe(500);
});

// A Synapse of the user's has limits of the user's.
if (!process.env.SYNAPSE_URL) {
  it("P30 Synapse's own limit is 10 events in a burst, then 429", async () => {
    const { url, close } = await startSynapse({ limitMessages: true });
    try {
      const { accessToken } = await registerUser(url, "bob");
      const created = await request(url, "POST", "/_matrix/client/v3/createRoom", accessToken, {});
      const { room_id } = (await created.json()) as { room_id: string };
      const statuses: number[] = [];
      while (statuses.at(-1) !== 429 && statuses.length < 20) {
        const path = `/_matrix/client/v3/rooms/${room_id}/send/m.call.candidates/${statuses.length}`;
        statuses.push((await request(url, "PUT", path, accessToken, {})).status);
      }
      expect(statuses.slice(0, 3)).toEqual([200, 200, 200]);
      expect(statuses.at(-1)).toBe(429);
    } finally {
      await close();
    }
  });
}

function request(url: string, method: string, path: string, accessToken: string, body?: object) {
  return fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${accessToken}` },
    ...(body && { body: JSON.stringify(body) }),
  });
}
