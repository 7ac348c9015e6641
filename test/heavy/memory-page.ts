/** Two phones in one page that call each other, again and again. */
import { filter, firstValueFrom, lastValueFrom, Subscription } from "rxjs";
import { type Call, createPhone, type Phone } from "../../src/index.ts";
import { browserMedia } from "../../src/media/browser.ts";
import { spawnSignaling } from "../../src/worker/spawn.ts";

export interface Credentials {
  readonly homeserver: string;
  readonly accessToken: string;
}

type Kind = (caller: Call, callee: Call) => void | Promise<void>;

const connected = (call: Call) =>
  firstValueFrom(call.state$.pipe(filter((state) => state === "connected" || state === "ended")));

const talk =
  (audio: boolean, video: boolean, last: "caller" | "callee"): Kind =>
  async (caller, callee) => {
    callee.answer({ audio, video });
    const states = await Promise.all([connected(caller), connected(callee)]);
    if (states.includes("ended")) throw new Error(`A call ended before it was connected: ${states}`);
    (last === "caller" ? caller : callee).hangup();
  };

const kinds: readonly { readonly video: boolean; readonly run: Kind }[] = [
  { video: false, run: talk(true, false, "caller") },
  { video: true, run: talk(true, true, "callee") },
  { video: false, run: (_caller, callee) => callee.reject() },
  { video: true, run: talk(true, false, "caller") },
  { video: true, run: (caller) => caller.hangup() },
];

let phones: readonly Phone[] = [];
let room = "";

function start({ homeserver, accessToken }: Credentials): Phone {
  const worker = () => new Worker("worker.js", { type: "module" });
  return createPhone({
    signaling: spawnSignaling({ homeserver, accessToken, worker }),
    media: browserMedia(),
  });
}

/** One call, from the first word to the last that its engines have to say of it. */
async function call(index: number): Promise<void> {
  const [ours, theirs] = index % 2 === 0 ? phones : [...phones].reverse();
  const kind = kinds[index % kinds.length];
  if (!ours || !theirs || !kind) throw new Error("There are no phones");
  const rings = firstValueFrom(theirs.incoming$);
  const caller = ours.place({ roomId: room, audio: true, video: kind.video });
  const callee = await rings;
  await kind.run(caller, callee);
  await Promise.all([caller, callee].map(({ trace$ }) => lastValueFrom(trace$)));
}

const observed = new Set<string>();
new PerformanceObserver((list) => {
  for (const { name } of list.getEntries()) observed.add(name);
}).observe({ type: "mark" });

const thisPage = {
  async start(accounts: readonly Credentials[], roomId: string): Promise<void> {
    room = roomId;
    phones = accounts.map(start);
    const online = ({ status$ }: Phone) =>
      firstValueFrom(status$.pipe(filter(({ state }) => state === "online")));
    await Promise.all(phones.map(online));
  },
  /** Keeps the page busy, in so many tasks that each count as long. */
  async longTasks(count: number): Promise<void> {
    for (let task = 0; task < count; task += 1) {
      await new Promise((resolve) => setTimeout(resolve));
      const started = performance.now();
      while (performance.now() - started < 55);
    }
  },
  async calls(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index += 1) await call(index);
  },
  async close(): Promise<void> {
    await Promise.all(phones.map((phone) => phone.close()));
    phones = [];
  },
  /** The names of the marks that observers were told of, and how many marks are still listed. */
  marks: () => ({ observed: [...observed], listed: performance.getEntriesByType("mark").length }),
  /** What a call is made of, to be counted by their prototypes. */
  kinds: { RTCPeerConnection, RTCRtpTransceiver, MediaStream, MediaStreamTrack, MessagePort, Subscription },
};

export type MemoryPage = typeof thisPage;
declare global {
  var memory: MemoryPage;
}
globalThis.memory = thisPage;
