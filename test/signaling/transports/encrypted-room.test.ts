import { EMPTY } from "rxjs";
import { describe, expect, it, onTestFinished } from "vitest";
import { roomGate } from "../../../src/signaling/transports/encrypted-room.ts";
import type { Http, HttpRequest } from "../../../src/signaling/transports/matrix-http.ts";
import { TrunklineError } from "../../../src/streams/errors.ts";
import { virtualClock } from "../../../src/testing/clock.ts";
import { coded } from "./scripted.ts";
import { ENCRYPTION, ROOM, scriptedClient, turn } from "./scripted-client.ts";

/** A homeserver that says of every room whether it is encrypted, or fails. */
function homeserver(state: "encrypted" | "plain" | TrunklineError) {
  const asked: string[] = [];
  const http: Http = {
    homeserver: "https://hs.test",
    request: () => EMPTY,
    prepare: () => EMPTY,
    async ask({ path }: HttpRequest) {
      asked.push(path);
      if (state === "encrypted") return { algorithm: "m.megolm.v1.aes-sha2" };
      throw state === "plain"
        ? new TrunklineError("forbidden", "", { cause: { errcode: "M_NOT_FOUND" } })
        : state;
    },
  };
  return { http, asked };
}

async function stage(options: Parameters<typeof scriptedClient>[0], server: ReturnType<typeof homeserver>) {
  const app = await scriptedClient(options);
  onTestFinished(() => app.client.stopClient());
  const clock = virtualClock();
  const settled: string[] = [];
  const passes = (roomId = ROOM) => {
    const passing = roomGate(app.client, server.http, clock)(roomId);
    passing.then(
      () => settled.push("passed"),
      () => settled.push("refused"),
    );
    return passing;
  };
  return { ...app, clock, passes, settled };
}

describe("what leaves for a room", () => {
  it("P42 waits for the encryption that the homeserver knows of and the sync has not brought", async () => {
    const server = homeserver("encrypted");
    const { passes, sync, settled } = await stage({}, server);
    const passing = passes();
    await turn();
    expect(settled).toEqual([]);
    await sync(ENCRYPTION);
    await passing;
    expect(server.asked).toEqual([`/rooms/${encodeURIComponent(ROOM)}/state/m.room.encryption/`]);
  });

  it("P42 does not leave at all where the sync does not bring it: to be tried again", async () => {
    const { passes, clock } = await stage({}, homeserver("encrypted"));
    const passing = passes();
    passing.catch(() => {});
    await turn();
    await clock.advance(10_000);
    await expect(passing).rejects.toEqual(coded("homeserver_unreachable"));
  });

  it("leaves at once where the client knows that it is encrypted, and asks nobody", async () => {
    const server = homeserver("plain");
    const { passes } = await stage({ roomState: [ENCRYPTION] }, server);
    await passes();
    expect(server.asked).toEqual([]);
  });

  it("leaves where the homeserver says that it is not, and not while that cannot be asked", async () => {
    const { passes } = await stage({}, homeserver("plain"));
    await passes();
    const failing = await stage({}, homeserver(new TrunklineError("server_error", "")));
    await expect(failing.passes()).rejects.toEqual(coded("server_error"));
  });

  it("leaves it to the sending to find that we are not in the room", async () => {
    const server = homeserver("plain");
    const { passes, clock } = await stage({}, server);
    const passing = passes("!other:hs.test");
    await turn();
    await clock.advance(10_000);
    await passing;
    expect(server.asked).toEqual([]);
  });
});
