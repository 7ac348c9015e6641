/**
 * Runs a suite over one of the examples' parts under Node, Deno or Bun, and prints the `Report`. The part is named by the
 * last argument. To be bundled, for the examples name the package.
 */
import { createRelay } from "../../../examples/transport/relay.ts";
import { serveSocket, serveTabs, socketWire, tabWire } from "../../../examples/transport/wires.ts";
import { TestLogins } from "../lib/relay-world.ts";
import { type Report, reportOf } from "../lib/report.ts";
import { serveSockets } from "../lib/serve.ts";
import { mediaCases, signalingCases, transportCases } from "../lib/subjects.ts";

declare const process: { readonly argv: readonly string[]; exit(code: number): never };

const relay = createRelay(new TestLogins());

const PARTS: Readonly<Record<string, () => Promise<Report>>> = {
  tabs() {
    serveTabs("relay", relay);
    return reportOf(transportCases(tabWire("relay")));
  },
  sockets() {
    const { host } = serveSockets((socket) => serveSocket(socket, relay));
    return reportOf(transportCases(socketWire(`ws://${host}`)));
  },
  media: () => reportOf(mediaCases),
  signaling: () => reportOf(signalingCases),
};

console.log(JSON.stringify(await PARTS[process.argv.at(-1) ?? ""]?.()));
// The servers would go on.
process.exit(0);
