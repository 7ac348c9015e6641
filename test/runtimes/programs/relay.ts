/** The examples' relay under Deno, for tests in a browser: prints where it listens, and goes on until it is ended. */
import { createRelay } from "../../../examples/transport/relay.ts";
import { serveSocket } from "../../../examples/transport/wires.ts";
import { TestLogins } from "../lib/relay-world.ts";
import { serveSockets } from "../lib/serve.ts";

const relay = createRelay(new TestLogins());
console.log(`ws://${serveSockets((socket) => serveSocket(socket, relay)).host}`);
