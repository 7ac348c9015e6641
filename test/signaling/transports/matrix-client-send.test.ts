import { EventStatus, type MatrixEvent, MsgType, RoomEvent } from "matrix-js-sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import { coded, said } from "./scripted.ts";
import {
  type Asked,
  ENCRYPTION,
  encrypted,
  event,
  ROOM,
  scriptedClient,
  turn,
  US,
} from "./scripted-client.ts";

async function stage(options: Parameters<typeof scriptedClient>[0] = {}) {
  const app = await scriptedClient(options);
  onTestFinished(() => app.client.stopClient());
  const room = app.client.getRoom(ROOM);
  if (!room) throw new Error("The client is not in the room");
  const send = (txnId = "t", content: object = { call_id: "c" }) =>
    app.transport.send(ROOM, "m.call.hangup", content, txnId);
  /** What the app would show: the timeline, and the messages to be sent below it. */
  const shown = () =>
    [...room.getLiveTimeline().getEvents(), ...(options.detached ? room.getPendingEvents() : [])]
      .filter((shownEvent) => !shownEvent.isState())
      .map((shownEvent: MatrixEvent) => [shownEvent.getType(), shownEvent.status]);
  const say = (body: string) => app.client.sendMessage(ROOM, { msgtype: MsgType.Text, body });
  return { ...app, room, send, shown, say };
}

const never = (): Promise<Response> => new Promise(() => {});
const refused = async () => Response.json(said("M_FORBIDDEN"), { status: 403 });
const lost = async () => {
  throw new TypeError("the answer was lost");
};
const sends = (asked: readonly Asked[]) => asked.filter(({ method }) => method === "PUT");

describe.each([
  ["in the timeline", false],
  ["apart from it", true],
])("an app that keeps messages to be sent %s", (_where, detached) => {
  it("sees no call event before it comes back", async () => {
    const { send, shown, script, sync } = await stage({ detached });
    script.answer = never;
    void send().catch(() => {});
    await turn();
    expect(shown()).toEqual([]);
    await sync(event("$sent1", "m.call.hangup", {}, { sender: US, unsigned: { transaction_id: "t" } }));
    expect(shown()).toEqual([["m.call.hangup", null]]);
  });

  it("sees none that failed, and goes on sending", async () => {
    const { send, shown, script, say } = await stage({ detached });
    script.answer = lost;
    await expect(send()).rejects.toEqual(coded("homeserver_unreachable"));
    expect(shown()).toEqual([]);
    script.answer = async () => Response.json({ event_id: "$said" });
    await expect(say("hello")).resolves.toEqual({ event_id: "$said" });
  });

  it("calls although a message of its own could not be sent", async () => {
    const { send, shown, script, say } = await stage({ detached });
    script.answer = refused;
    await expect(say("hello")).rejects.toThrow();
    script.answer = async () => Response.json({ event_id: "$call" });
    await expect(send()).resolves.toBe("$call");
    expect(shown()).toEqual([["m.room.message", EventStatus.NOT_SENT]]);
  });

  it("P30 sends once where the answer was lost, and the event came back or did not", async () => {
    const { send, shown, script, sync, asked } = await stage({ detached });
    script.answer = lost;
    for (const txnId of ["back", "away"]) {
      await expect(send(txnId)).rejects.toEqual(coded("homeserver_unreachable"));
    }
    await sync(event("$back", "m.call.hangup", {}, { sender: US, unsigned: { transaction_id: "back" } }));
    script.answer = async () => Response.json({ event_id: "$away" });
    expect(await Promise.all([send("back"), send("away")])).toEqual(["$back", "$away"]);
    const paths = sends(asked).map(({ path }) => path.split("/").at(-1));
    expect(paths).toEqual(["back", "away", "away"]);
    expect(shown()).toEqual([["m.call.hangup", null]]);
    expect(await send("away")).toBe("$away");
    expect(sends(asked)).toHaveLength(3);
  });
});

describe("sending by an app's client", () => {
  it("P30 gives two that try the same transaction at once one answer", async () => {
    const { send, asked } = await stage();
    const [one, other] = await Promise.all([send(), send()]);
    expect(one).toBe(other);
    expect(sends(asked)).toHaveLength(1);
  });

  it("encrypts where the room is, and sends another attempt's ciphertext again", async () => {
    const { send, script, asked } = await stage({ roomState: [ENCRYPTION] });
    script.answer = lost;
    await expect(send()).rejects.toEqual(coded("homeserver_unreachable"));
    script.answer = async () => Response.json({ event_id: "$1" });
    await send();
    const path = `/rooms/${encodeURIComponent(ROOM)}/send/m.room.encrypted/t`;
    expect(sends(asked).map((request) => request.path)).toEqual([path, path]);
    expect(sends(asked)[0]?.body).toMatchObject({ session_id: "ours1" });
    expect(sends(asked)[1]?.body).toEqual(sends(asked)[0]?.body);
  });

  it("refuses an encrypted room where the client has no crypto, or cannot encrypt", async () => {
    const without = await stage({ crypto: false, roomState: [ENCRYPTION] });
    await expect(without.send()).rejects.toEqual(
      coded("room_encrypted", { message: expect.stringContaining("client.initRustCrypto()") }),
    );
    const { crypto, send, shown, asked } = await stage({ roomState: [ENCRYPTION] });
    crypto.refusal = new Error("a device is not to be trusted");
    await expect(send()).rejects.toEqual(
      coded("room_encrypted", { message: expect.stringContaining("not to be trusted") }),
    );
    expect(shown()).toEqual([]);
    expect([...without.asked, ...asked]).toEqual([]);
  });

  it("sends nothing, and so nothing readable, to a room that the client does not know", async () => {
    const { transport, asked, room } = await stage();
    await expect(transport.send("!other:hs.test", "m.call.invite", {}, "t")).rejects.toEqual(
      coded("not_in_room"),
    );
    room.updateMyMembership("invite");
    await expect(transport.send(ROOM, "m.call.invite", {}, "t")).rejects.toEqual(coded("not_in_room"));
    expect(asked).toEqual([]);
  });

  it.each([
    ["rate_limited", 429, said("M_LIMIT_EXCEEDED", { retry_after_ms: 2_500 }), { retryAfter: 2_500 }],
    ["event_too_large", 413, said("M_TOO_LARGE"), {}],
    ["unknown_token", 401, said("M_UNKNOWN_TOKEN"), {}],
    ["server_error", 502, said("M_UNKNOWN"), {}],
    ["forbidden", 403, said("M_FORBIDDEN"), {}],
  ])("rejects with %s", async (code, status, body, more) => {
    const { send, script } = await stage();
    script.answer = async ({ method }) =>
      method === "PUT" ? Response.json(body, { status }) : Response.json({ membership: "join" });
    await expect(send()).rejects.toEqual(coded(code, more));
  });

  it("rejects with server_error where something in between answers", async () => {
    const { send, transport, script } = await stage();
    script.answer = async () => new Response("<h1>Welcome to our hotel</h1>", { status: 403 });
    await expect(send()).rejects.toEqual(coded("server_error"));
    await expect(transport.turnServers()).rejects.toEqual(coded("server_error"));
  });

  it("rejects with not_in_room where the homeserver knows that we are out before the client does", async () => {
    const { send, script } = await stage();
    script.answer = refused;
    await expect(send()).rejects.toEqual(coded("not_in_room"));
  });

  it("P34 delays nothing where the homeserver cannot", async () => {
    const { transport } = await stage();
    expect(await transport.delayed?.()).toBeUndefined();
  });

  it("P34 P42 has a delayed event wait encrypted where the room is, and not at all where it cannot be", async () => {
    const { transport, script, asked, crypto } = await stage({ roomState: [ENCRYPTION] });
    script.capabilities = { "m.delayed_events": { max_delay_ms: 9_000, max_scheduled: 9 } };
    script.answer = async () => Response.json({ delay_id: "d" });
    const delayed = await transport.delayed?.();
    const schedule = () => delayed?.schedule(ROOM, "m.call.hangup", { call_id: "c" }, "t", 1_000);
    expect(await schedule()).toBe("d");
    const scheduled = asked.at(-1);
    expect(scheduled?.path).toContain("m.room.encrypted/t");
    expect(JSON.stringify(scheduled?.body)).toContain(
      JSON.stringify({ session_id: "ours1", inside: { type: "m.call.hangup", content: { call_id: "c" } } }),
    );
    crypto.refusal = new Error("a device is not to be trusted");
    const before = asked.length;
    await expect(schedule()).rejects.toEqual(coded("room_encrypted"));
    expect(asked).toHaveLength(before);
  });

  it("P42 delays nothing in an encrypted room where the client has no crypto", async () => {
    const { transport, script, asked } = await stage({ crypto: false, roomState: [ENCRYPTION] });
    script.capabilities = { "m.delayed_events": { max_delay_ms: 9_000, max_scheduled: 9 } };
    const delayed = await transport.delayed?.();
    const before = asked.length;
    const schedule = delayed?.schedule(ROOM, "m.call.hangup", {}, "t", 1_000);
    await expect(schedule).rejects.toEqual(coded("room_encrypted"));
    expect(asked).toHaveLength(before);
  });

  it("P29 gives no TURN servers where there are none to be had", async () => {
    const { transport, script } = await stage();
    script.answer = async () => Response.json(said("M_NOT_FOUND"), { status: 404 });
    expect(await transport.turnServers()).toMatchObject({ iceServers: [] });
    script.answer = async () => Response.json({ uris: ["turn:x"], username: "u", password: "p", ttl: 60 });
    expect(await transport.turnServers()).toEqual({
      iceServers: [{ urls: ["turn:x"], username: "u", credential: "p" }],
      ttl: 60,
    });
  });

  it("lets go of what it sent after a while", async () => {
    const { send, asked } = await stage();
    for (let txn = 0; txn <= 100; txn += 1) await send(`t${txn}`);
    expect(await send("t100")).toBe("$sent101");
    expect(sends(asked)).toHaveLength(101);
  });
});

describe("what an app hears", () => {
  it("is the call event once, when it comes back", async () => {
    const { client, send, sync, crypto } = await stage({ roomState: [ENCRYPTION] });
    crypto.addKey("ours1");
    const heard: unknown[] = [];
    client.on(RoomEvent.Timeline, (shown, _room, _start, removed) => {
      heard.push([shown.getType(), shown.status, Boolean(removed)]);
    });
    const id = await send();
    heard.length = 0; // the SDK shows it and takes it back in one turn
    const echo = { sender: US, unsigned: { transaction_id: "t" } };
    await sync(encrypted(id, "ours1", "m.call.hangup", {}, echo));
    expect(heard).toEqual([["m.call.hangup", null, false]]);
  });
});
