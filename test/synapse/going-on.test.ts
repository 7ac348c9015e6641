import { filter, firstValueFrom, map, mergeMap } from "rxjs";
import { describe, expect, inject, it } from "vitest";
import { registerUser } from "../../scripts/synapse.ts";
import { matrixTransport } from "../../src/signaling/transports/matrix.ts";

const homeserver = inject("synapseUrl");

async function ask(path: string, token: string | undefined, body: object): Promise<Record<string, string>> {
  const response = await fetch(`${homeserver}/_matrix/client/v3${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, string>;
}

const hangup = { version: "1", call_id: "c", party_id: "p" };

describe("a transport on Synapse", () => {
  it("goes on with sync and sending when its tokens expire", async () => {
    const username = `renewed-${crypto.randomUUID()}`;
    const registration = { username, password: "not a secret", auth: { type: "m.login.dummy" } };
    let session = await ask("/register", undefined, { ...registration, refresh_token: true });
    expect(session.refresh_token).toEqual(expect.any(String));
    const { room_id: roomId = "" } = await ask("/createRoom", session.access_token, {});
    let refreshes = 0;
    const transport = matrixTransport({
      homeserver,
      accessToken: String(session.access_token),
      async tokenRefresh() {
        refreshes += 1;
        session = await ask("/refresh", undefined, { refresh_token: session.refresh_token });
        return String(session.access_token);
      },
    });
    const seen: unknown[] = [];
    const subscription = transport.batches$
      .pipe(
        mergeMap(({ events }) => events),
        filter(({ type }) => type === "m.call.hangup"),
      )
      .subscribe(({ content }) => seen.push((content as { count?: number }).count));
    let sent = 0;
    for (; refreshes < 2; sent += 1) {
      await transport.send(roomId, "m.call.hangup", { ...hangup, count: sent }, `t${sent}`);
    }
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(sent);
    expect(seen).toEqual(Array.from({ length: sent }, (_, count) => count));
    subscription.unsubscribe();
  });

  it("P30 goes on from a place, misses nothing, and sends nothing twice", async () => {
    const account = await registerUser(homeserver, "going-on");
    const { room_id: roomId = "" } = await ask("/createRoom", account.accessToken, {});
    const lost = matrixTransport({ homeserver, ...account });
    const { position } = await firstValueFrom(lost.batches$);
    const eventId = await lost.send(roomId, "m.call.hangup", hangup, "once");

    const next = matrixTransport({ homeserver, ...account, since: position });
    expect(await next.send(roomId, "m.call.hangup", hangup, "once")).toBe(eventId);
    const batch = await firstValueFrom(
      next.batches$.pipe(map(({ live, events }) => ({ live, types: events.map(({ type }) => type) }))),
    );
    expect(batch.live).toBe(true);
    expect(batch.types.filter((type) => type === "m.call.hangup")).toHaveLength(1);
    expect(batch.types).toContain("m.room.join_rules");
  });
});
