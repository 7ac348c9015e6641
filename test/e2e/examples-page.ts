/** What test/e2e/transport-examples.test.ts runs in its pages: the parts of examples/transport, in suites and in a call. */
import { filter, firstValueFrom } from "rxjs";
import { smallVideo } from "../../examples/transport/media-half.ts";
import { createRelay } from "../../examples/transport/relay.ts";
import { withBlocklist } from "../../examples/transport/signaling-half.ts";
import { serveTabs, socketWire, tabWire } from "../../examples/transport/wires.ts";
import { browserMedia } from "../../src/media/browser.ts";
import type { Call } from "../../src/phone/call.ts";
import { createPhone, type Phone } from "../../src/phone/phone.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import type { TestUser } from "../../src/testing/transport-suite.ts";
import { relayWorld, TestLogins } from "../runtimes/lib/relay-world.ts";
import { type Report, reportOf } from "../runtimes/lib/report.ts";
import { transportCases } from "../runtimes/lib/subjects.ts";

/** By the relay at an address, or in a tab of this origin. */
const wireTo = (relay?: string) => (relay === undefined ? tabWire("relay") : socketWire(relay));
const both = { audio: true, video: true };

let user: TestUser;
let phone: Phone<MediaStream>;

async function connected(call: Call<MediaStream>): Promise<number> {
  await firstValueFrom(call.state$.pipe(filter((state) => state === "connected")));
  const [ours] = await firstValueFrom(call.localStreams$);
  return ours?.stream.getVideoTracks()[0]?.getSettings().width ?? 0;
}

const page = {
  serveTabs(): void {
    serveTabs("relay", createRelay(new TestLogins()));
  },

  transport: (relay?: string): Promise<Report> => reportOf(transportCases(wireTo(relay))),

  /** Opens a phone all of whose parts are the examples'; resolves with its user. */
  async open(relay?: string): Promise<string> {
    user = await relayWorld(wireTo(relay)).createUser();
    const engine = createEngine({ transport: user.transport });
    phone = createPhone({ signaling: withBlocklist(engine, () => false), media: smallVideo(browserMedia()) });
    await firstValueFrom(phone.status$.pipe(filter(({ state }) => state === "online")));
    return user.userId;
  },

  createRoom: () => user.createRoom(),
  join: (roomId: string) => user.join(roomId),

  /** These resolve with the width of our picture, once the call is connected. */
  place: (roomId: string, invitee: string) => connected(phone.place({ roomId, invitee, ...both })),
  async answer(): Promise<number> {
    const call = await firstValueFrom(phone.incoming$);
    await call.answer(both);
    return connected(call);
  },

  close: () => phone.close(),
};

export type ExamplesPage = typeof page;

Object.assign(globalThis, { examplesPage: page });
