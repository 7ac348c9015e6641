import { ConnectionError } from "matrix-js-sdk";
import { firstValueFrom, NEVER, of, throwError } from "rxjs";
import { describe, expect, it, onTestFinished } from "vitest";
import { remoteTransport, serveTransport } from "../../../src/comlink/transport.ts";
import type { PreparedRequest, Transport } from "../../../src/streams/contract.ts";
import { said, scripted } from "./scripted.ts";
import { ENCRYPTION, ROOM, scriptedClient, turn } from "./scripted-client.ts";

const CONTENT = { call_id: "c", reason: "user_hangup" };

/** What is prepared of a hangup, as it changes. */
function prepared(transport: Transport, roomId = ROOM) {
  const requests: (PreparedRequest | undefined)[] = [];
  const subscription = transport
    .prepareSend?.(roomId, "m.call.hangup", CONTENT, "p.hangup")
    .subscribe((request) => requests.push(request));
  onTestFinished(() => subscription?.unsubscribe());
  return requests;
}

const asSent = (token: string, base = "https://hs.test") => ({
  url: `${base}/_matrix/client/v3/rooms/!room%3Ahs.test/send/m.call.hangup/p.hangup`,
  method: "PUT",
  headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
  body: JSON.stringify(CONTENT),
});

/** The same from a client whose crypto puts it into an envelope. */
const asEncrypted = (token: string) => ({
  ...asSent(token),
  url: asSent(token).url.replace("m.call.hangup", "m.room.encrypted"),
  body: JSON.stringify({ session_id: "ours1", inside: { type: "m.call.hangup", content: CONTENT } }),
});

describe("what the matrix transport prepares", () => {
  it("P30 is the request that send makes, and makes none", async () => {
    const { transport, next, asked } = scripted();
    const [request] = prepared(transport);
    expect(request).toEqual(asSent("s3cret"));
    expect(asked).toEqual([]);
    void transport.send(ROOM, "m.call.hangup", CONTENT, "p.hangup").catch(() => {});
    (await next(`/rooms/!room%3Ahs.test/state/m.room.encryption/`)).json(said("M_NOT_FOUND"), 404);
    const sent = await next();
    expect(new URL(String(request?.url)).pathname).toBe(`/_matrix/client/v3${sent.path}`);
    expect([sent.method, sent.body]).toEqual([request?.method, JSON.parse(String(request?.body))]);
    for (const [name, value] of Object.entries(request?.headers ?? {}))
      expect(sent.headers.get(name)).toBe(value);
    sent.json({ event_id: "$e" });
  });

  it("is anew with each new token", async () => {
    const { transport, next, clock } = scripted({ tokenRefresh: async () => "fresh" });
    const requests = prepared(transport);
    const asking = transport.turnServers();
    (await next("/voip/turnServer")).json(said("M_UNKNOWN_TOKEN", { soft_logout: true }), 401);
    (await next("/voip/turnServer")).json({});
    await asking;
    await clock.advance(0);
    expect(requests).toEqual([asSent("s3cret"), asSent("fresh")]);
  });
});

describe("what the transport of an app's client prepares", () => {
  const stage = async (options: Parameters<typeof scriptedClient>[0] = {}) => {
    const app = await scriptedClient(options);
    onTestFinished(() => app.client.stopClient());
    return app;
  };

  it("P30 is the request by which the client sends", async () => {
    const { transport, asked } = await stage();
    expect(prepared(transport)).toEqual([asSent("t")]);
    await transport.send(ROOM, "m.call.hangup", CONTENT, "p.hangup");
    const sent = asked.at(-1);
    expect(`https://hs.test/_matrix/client/v3${sent?.path}`).toBe(asSent("t").url);
    expect([sent?.method, sent?.body]).toEqual(["PUT", CONTENT]);
  });

  it("is anew with a token that the client has renewed, at the next sync", async () => {
    const { transport, client, sync } = await stage();
    const requests = prepared(transport);
    client.http.opts.accessToken = "fresh";
    await sync();
    expect(requests).toEqual([asSent("t"), asSent("fresh")]);
  });

  it("P42 is the ciphertext in an encrypted room, with each token the same", async () => {
    const { transport, client, sync } = await stage({ roomState: [ENCRYPTION] });
    const requests = prepared(transport);
    expect(requests).toEqual([undefined]);
    await turn();
    client.http.opts.accessToken = "fresh";
    await sync();
    expect(requests).toEqual([undefined, asEncrypted("t"), asEncrypted("fresh")]);
  });

  it("P42 is nothing where the client cannot encrypt, and in a room that it does not know", async () => {
    const { transport } = await stage({ roomState: [ENCRYPTION], crypto: false });
    const requests = [prepared(transport), prepared(transport, "!other:hs.test")];
    await turn();
    expect(requests).toEqual([[undefined], [undefined]]);
  });

  it("P42 is nothing readable any more once the room is encrypted", async () => {
    const { transport, sync, client } = await stage();
    const requests = prepared(transport);
    await sync(ENCRYPTION);
    await turn();
    expect(requests).toEqual([asSent("t"), undefined, asEncrypted("t")]);
    expect(client.listenerCount("sync" as never)).toBeGreaterThan(0);
  });

  it("is encrypted with the next sync where the homeserver could not be asked for the keys", async () => {
    const { transport, crypto, sync } = await stage({ roomState: [ENCRYPTION] });
    crypto.refusal = new ConnectionError("the network is down");
    const requests = prepared(transport);
    await turn();
    expect(requests).toEqual([undefined]);
    crypto.refusal = undefined;
    await sync();
    await turn();
    expect(requests).toEqual([undefined, asEncrypted("t")]);
  });
});

describe("what a transport across a port prepares", () => {
  const idle: Transport = {
    batches$: NEVER,
    connected$: NEVER,
    identity: async () => ({ userId: "@us:hs.test", deviceId: "D" }),
    send: async () => "$e",
    turnServers: async () => ({ iceServers: [], ttl: 60 }),
  };
  const across = (transport: Transport) => {
    const { port1, port2 } = new MessageChannel();
    const serving = serveTransport(port1, transport);
    onTestFinished(() => serving.unsubscribe());
    return remoteTransport(port2);
  };
  const first = (transport: Transport) =>
    firstValueFrom(transport.prepareSend?.(ROOM, "m.call.hangup", CONTENT, "t") ?? throwError(() => "none"));

  it("is what it prepares on its side", async () => {
    const request = asSent("t");
    expect(await first(across({ ...idle, prepareSend: () => of(request) }))).toEqual(request);
  });

  it("is nothing, rather than an error, where it cannot", async () => {
    expect(await first(across(idle))).toBeUndefined();
    await turn();
  });
});
