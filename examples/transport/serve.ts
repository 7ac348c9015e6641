/** The relay, for two users, under Deno: `deno run --allow-net serve.ts`. */
import type { Identity } from "trunkline/streams";
import { createRelay } from "./relay.ts";
import { serveSocket } from "./wires.ts";

/** What is used of Deno, for editors and compilers that do not know it. */
declare const Deno: {
  serve(options: { port: number }, handler: (request: Request) => Response): void;
  upgradeWebSocket(request: Request): { readonly socket: WebSocket; readonly response: Response };
};

/** By access token. A real one asks for a password, and gives tokens that cannot be guessed. */
const logins = new Map<string, Identity>([
  ["alices-token", { userId: "@alice:relay", deviceId: "LAPTOP" }],
  ["bobs-token", { userId: "@bob:relay", deviceId: "PHONE" }],
]);
const relay = createRelay(logins);

Deno.serve({ port: 8787 }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  serveSocket(socket, relay);
  return response;
});
