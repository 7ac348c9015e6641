/** The embedded homeserver at an address of its own, under Deno and under Bun, and two users in a room there. */
import { createHomeserver } from "../../../src/testing/homeserver/index.ts";
import { serveRequests } from "./serve.ts";

export interface ServedUser {
  readonly userId: string;
  readonly accessToken: string;
}

export async function servedRoom() {
  const homeserver = createHomeserver({ serverName: "served.test" });
  const server = serveRequests((request) => homeserver.fetch(request));
  const url = `http://${server.host}`;
  const [alice, bob] = [homeserver.createUser("alice"), homeserver.createUser("bob")];

  const post = async (path: string, { accessToken }: ServedUser, body: object) => {
    const response = await fetch(`${url}/_matrix/client/v3${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${accessToken}` },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { readonly room_id: string };
  };
  const { room_id: roomId } = await post("/createRoom", alice, { invite: [bob.userId] });
  await post(`/join/${encodeURIComponent(roomId)}`, bob, {});

  return {
    ...{ url, alice, bob, roomId },
    async close() {
      homeserver.close();
      await server.stop();
    },
  };
}
