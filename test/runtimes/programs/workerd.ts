/** The transport suite over sockets in workerd, as one script: the relay in a Durable Object, the suite as a test. */
import { createRelay } from "../../../examples/transport/relay.ts";
import { serveSocket, socketWire } from "../../../examples/transport/wires.ts";
import { TestLogins } from "../lib/relay-world.ts";
import { reportOf } from "../lib/report.ts";
import { transportCases } from "../lib/subjects.ts";

declare const WebSocketPair: new () => readonly [WebSocket, WebSocket & { accept(): void }];

interface Env {
  readonly RELAY: {
    idFromName(name: string): unknown;
    get(id: unknown): { fetch(request: Request): Promise<Response> };
  };
}

/** All sockets meet in it: elsewhere in workerd a request may not write to the socket of another. */
export class RelayObject {
  readonly #relay = createRelay(new TestLogins());

  fetch(): Response {
    const pair = new WebSocketPair();
    pair[1].accept();
    serveSocket(pair[1], this.#relay);
    return new Response(null, { status: 101, webSocket: pair[0] } as ResponseInit);
  }
}

export default {
  fetch: (request: Request, { RELAY }: Env) => RELAY.get(RELAY.idFromName("relay")).fetch(request),

  async test() {
    console.log(JSON.stringify(await reportOf(transportCases(socketWire("ws://relay.test")))));
  },
};
