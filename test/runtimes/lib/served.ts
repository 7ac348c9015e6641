/** The embedded homeserver at an address of its own, under Deno and under Bun, and two users in a room there. */
import { createHomeserver } from "../../../src/testing/homeserver/index.ts";

type Handler = (request: Request) => Promise<Response>;

/** What these runtimes have of a server, by its shape: no types of theirs are at hand. */
interface Runtimes {
  readonly Deno?: {
    serve(
      options: { port: number; hostname: string; onListen(): void },
      handler: Handler,
    ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
  };
  readonly Bun?: {
    serve(options: { port: number; hostname: string; idleTimeout: number; fetch: Handler }): {
      readonly port: number;
      stop(closeActive: boolean): Promise<void>;
    };
  };
}

const { Deno, Bun } = globalThis as Runtimes;
const hostname = "127.0.0.1";

function serve(handler: Handler): { readonly port: number; stop(): Promise<void> } {
  if (Deno) {
    const server = Deno.serve({ port: 0, hostname, onListen() {} }, handler);
    return { port: server.addr.port, stop: () => server.shutdown() };
  }
  if (!Bun) throw new Error("Neither Deno nor Bun");
  // A sync waits for 30 s; Bun ends a connection that is idle for 10 s.
  const server = Bun.serve({ port: 0, hostname, idleTimeout: 60, fetch: handler });
  return { port: server.port, stop: () => server.stop(true) };
}

export interface ServedUser {
  readonly userId: string;
  readonly accessToken: string;
}

export async function servedRoom() {
  const homeserver = createHomeserver({ serverName: "served.test" });
  const server = serve((request) => homeserver.fetch(request));
  const url = `http://${hostname}:${server.port}`;
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
