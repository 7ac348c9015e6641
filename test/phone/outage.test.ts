import { map } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import { createPhone } from "../../src/phone/phone.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import { matrixTransport } from "../../src/signaling/transports/matrix.ts";
import type { EventBatch, Transport } from "../../src/streams/contract.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { fakeMedia } from "../../src/testing/fake-media.ts";
import {
  createHomeserver,
  type DelayedEventsForm,
  type Homeserver,
} from "../../src/testing/homeserver/index.ts";
import { createClient, directRoom } from "../testing/homeserver-client.ts";
import { collect } from "./world.ts";

const MINUTE = 60_000;

/** A way to the homeserver that can be cut: requests under way break, later ones too. */
function line(homeserver: Homeserver) {
  const cuts = new Set<() => void>();
  let isUp = true;
  const broken = () => new TypeError("The line is cut");
  const fetch: typeof globalThis.fetch = (resource, init) =>
    new Promise((resolve, reject) => {
      if (!isUp) return reject(broken());
      const cut = () => reject(broken());
      cuts.add(cut);
      homeserver
        .fetch(new Request(resource, init))
        .then(resolve, reject)
        .finally(() => cuts.delete(cut));
    });
  const set = (up: boolean) => {
    isUp = up;
    if (!up) for (const cut of cuts) cut();
  };
  return { fetch, set };
}

/** As a client reads it that does not know the mark of a delayed hangup. */
function unmarked(transport: Transport): Transport {
  const strip = (batch: EventBatch): EventBatch => ({
    ...batch,
    events: batch.events.map((event) => {
      const { "trunkline.delayed_hangup": _, ...content } = event.content as Record<string, unknown>;
      return { ...event, content };
    }),
  });
  return { ...transport, batches$: transport.batches$.pipe(map(strip)) };
}

/** Two phones on an embedded homeserver; Alice calls Bob. */
async function setUp({
  form = "parameter",
  bobKnowsMark = true,
}: {
  form?: DelayedEventsForm;
  bobKnowsMark?: boolean;
} = {}) {
  const clock = virtualClock();
  let seed = 7;
  const random = () => {
    seed = (seed * 16_807 + 1) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const homeserver = createHomeserver({ clock, delayedEvents: form });
  const clients = [createClient(homeserver, "alice"), createClient(homeserver, "bob")] as const;
  const roomId = await directRoom(...clients);
  const desk = (client: (typeof clients)[0], knowsMark: boolean) => {
    const { accessToken, userId } = client;
    const { fetch, set } = line(homeserver);
    const transport = matrixTransport({
      homeserver: "https://homeserver.test",
      accessToken,
      clock,
      random,
      fetch,
    });
    const media = fakeMedia({ clock });
    const engine = createEngine({ transport: knowsMark ? transport : unmarked(transport), clock, random });
    const phone = createPhone({ signaling: engine, media, clock });
    return { userId, phone, media, reach: set };
  };
  const [alice, bob] = [desk(clients[0], true), desk(clients[1], bobKnowsMark)];
  await clock.advance(2_000);
  const rings = collect(bob.phone.incoming$);
  const outgoing = alice.phone.place({ roomId, invitee: bob.userId, audio: true });
  await clock.advance(1_000);
  const incoming = rings[0] as Call;
  return { clock, homeserver, alice, bob, outgoing, incoming };
}

async function talking(options?: Parameters<typeof setUp>[0]) {
  const stage = await setUp(options);
  stage.incoming.answer({ audio: true });
  await stage.clock.advance(MINUTE);
  expect(states(stage)).toEqual(["connected", "connected"]);
  return stage;
}

type Stage = Awaited<ReturnType<typeof setUp>>;

const last = <T>(stream: Parameters<typeof collect<T>>[0]): T | undefined => collect(stream).at(-1);
const states = ({ outgoing, incoming }: Stage) => [last(outgoing.state$), last(incoming.state$)];
const droppedHangups = (call: Call) =>
  collect(call.trace$).filter(
    (entry) =>
      entry.kind === "message" && entry.direction === "dropped" && entry.eventType === "m.call.hangup",
  );
const setLines = ({ alice, bob }: Stage, who: string, up: boolean) => {
  if (who !== "the callee") alice.reach(up);
  if (who !== "the caller") bob.reach(up);
};

describe("P34 a homeserver that is away for 5 minutes, while the path is alive", () => {
  it.each(
    ["the caller", "the callee", "both"].flatMap((who) =>
      (["merged", "unstable", "parameter"] as const).map((form) => [who, form] as const),
    ),
  )("for %s ends nobody's call, delayed events being %s", async (who, form) => {
    const stage = await talking({ form });
    const { clock, outgoing, incoming } = stage;
    setLines(stage, who, false);
    await clock.advance(5 * MINUTE);
    setLines(stage, who, true);
    await clock.advance(MINUTE);
    expect(states(stage)).toEqual(["connected", "connected"]);
    // It did go out, both saw it, and the trace says so.
    for (const call of [outgoing, incoming])
      expect(droppedHangups(call)).toMatchObject(
        Array.from({ length: who === "both" ? 2 : 1 }, () => ({
          note: "a delayed hangup while the media path is alive",
        })),
      );
    outgoing.hangup();
    await clock.advance(1_000);
    expect(await incoming.ended).toEqual({ by: "peer", reason: "user_hangup" });
  });

  it("ends none that is muted and on hold", async () => {
    const stage = await talking();
    const { clock, outgoing, incoming } = stage;
    outgoing.hold();
    outgoing.mute({ audio: true });
    incoming.mute({ audio: true });
    await clock.advance(2_000);
    setLines(stage, "both", false);
    await clock.advance(5 * MINUTE);
    setLines(stage, "both", true);
    await clock.advance(MINUTE);
    expect(states(stage)).toEqual(["connected", "connected"]);
  });

  it("comes and goes, over and over, and ends none", async () => {
    const stage = await talking();
    for (const seconds of [12, 25, 35, 45, 60, 90]) {
      setLines(stage, seconds % 2 ? "the callee" : "both", false);
      await stage.clock.advance(seconds * 1_000);
      setLines(stage, seconds % 2 ? "the callee" : "both", true);
      await stage.clock.advance(17_000);
      expect(states(stage)).toEqual(["connected", "connected"]);
    }
  });

  it("has the call end at once when the path is lost after that", async () => {
    const stage = await talking();
    const { clock, alice, bob, incoming } = stage;
    alice.reach(false);
    await clock.advance(MINUTE);
    expect(states(stage)).toEqual(["connected", "connected"]);
    bob.media.setPath("failed");
    await clock.advance(0);
    expect(await incoming.ended).toMatchObject({ by: "peer", reason: "unknown_error" });
  });

  it("leaves a call whose other end then vanishes to be hung up within a minute", async () => {
    const stage = await talking();
    const { clock, alice, bob, incoming } = stage;
    setLines(stage, "both", false);
    await clock.advance(2 * MINUTE);
    setLines(stage, "both", true);
    await clock.advance(20_000);
    vanish(alice);
    await clock.advance(35_000);
    bob.media.mendPaths(false);
    bob.media.setPath("failed");
    await clock.advance(0);
    expect(await Promise.race([incoming.ended, "alive"])).toMatchObject({ reason: "unknown_error" });
  });
});

describe("P34 a tab that crashes", () => {
  it.each(["merged", "unstable", "parameter"] as const)(
    "is hung up within a minute while it rings, delayed events being %s",
    async (form) => {
      const { clock, alice, incoming } = await setUp({ form });
      await clock.advance(5_000);
      vanish(alice);
      await clock.advance(45_000);
      expect(last(incoming.state$)).toBe("ringing");
      await clock.advance(15_000);
      expect(await Promise.race([incoming.ended, "ringing"])).toEqual({
        by: "peer",
        reason: "unknown_error",
      });
    },
  );

  it("is hung up within a minute, and counts as gone once the path is lost, whichever comes first", async () => {
    for (const seconds of [20, 40, 55]) {
      const { clock, alice, bob, incoming } = await talking();
      vanish(alice);
      bob.media.mendPaths(false);
      await clock.advance(seconds * 1_000);
      expect(last(incoming.state$)).toBe("connected");
      bob.media.setPath("failed");
      await clock.advance(Math.max(0, 50_000 - seconds * 1_000) + 1_000);
      expect(await Promise.race([incoming.ended, "alive"])).toEqual({ by: "peer", reason: "unknown_error" });
    }
  });
});

describe("P34 with a peer that does not know the mark", () => {
  it.each([10, 12, 15, 18, 20, 22, 25, 28, 30])(
    "%d s without the homeserver end nothing",
    async (seconds) => {
      for (const offset of [0, 2_500, 5_000, 7_500, 9_900]) {
        const stage = await talking({ bobKnowsMark: false });
        await stage.clock.advance(offset);
        stage.alice.reach(false);
        await stage.clock.advance(seconds * 1_000);
        stage.alice.reach(true);
        await stage.clock.advance(2 * MINUTE);
        expect(states(stage)).toEqual(["connected", "connected"]);
      }
    },
  );
});

/** Nothing comes from there any more. */
function vanish({ reach }: Stage["alice"]): void {
  reach(false);
}
