/** What other implementations do to a browser's connection, each scene with what came of it. */
import { BehaviorSubject } from "rxjs";
import { browserMedia } from "../../src/media/browser.ts";
import type { Candidate, IceServer, SessionDescription } from "../../src/streams/contract.ts";
import { toErrorData } from "../../src/streams/errors.ts";
import { type BrowserSession, connections, noServers, options, received, until, wire } from "./watched.ts";

const BOTH = { audio: true, video: true };

/** As a peer without BUNDLE describes the same. */
function unbundled(from: SessionDescription): SessionDescription {
  const lines = from.description.sdp.split("\r\n");
  const kept = lines.filter((line) => !line.startsWith("a=group:BUNDLE") && line !== "a=bundle-only");
  return { ...from, description: { ...from.description, sdp: kept.join("\r\n") } };
}

/** The sections that a description and the candidates after it have candidates for. */
function placesOf({ description }: SessionDescription, later: readonly Candidate[]): readonly number[] {
  const inside = description.sdp.split("\r\nm=").map((section) => section.includes("\r\na=candidate:"));
  const places = inside.flatMap((has, nth) => (has ? [nth - 1] : []));
  const after = later.flatMap(({ candidate, sdpMLineIndex }) => (candidate ? [sdpMLineIndex ?? -1] : []));
  return [...new Set([...places, ...after])].sort();
}

async function flows(): Promise<void> {
  await until(async () => {
    const counts = await Promise.all(connections.map(received));
    return counts.every(({ audioPackets, videoFrames }) => audioPackets >= 10 && videoFrames >= 5);
  });
}

const close = (...sessions: readonly BrowserSession[]) => {
  for (const session of sessions) session.close();
};

export const peerScenes = {
  /** A call from a peer without BUNDLE, to one that keeps a connection ready, and prepares its answer or not. */
  async unbundledCall(prepares: boolean) {
    connections.length = 0;
    const caller = browserMedia({ ...options, bundlePolicy: "balanced" }).open({ iceServers$: noServers });
    const media = browserMedia(options);
    const warm = media.warm?.(new BehaviorSubject<readonly IceServer[]>([]));
    const [spare] = connections.splice(0);
    const callee = media.open({ iceServers$: noServers });
    const candidates: Candidate[][] = [[], []];
    caller.candidates$.subscribe((candidate) => candidates[0]?.push(candidate));
    callee.candidates$.subscribe((candidate) => candidates[1]?.push(candidate));
    const offer = unbundled(await caller.offer(BOTH));
    if (prepares) await callee.prepare(offer);
    const answer = unbundled(await callee.answer(offer, BOTH));
    await caller.accept(answer);
    const sent = [0, 0];
    await until(() => {
      for (const [side, to] of [callee, caller].entries()) {
        const news = candidates[side]?.slice(sent[side]) ?? [];
        to.addCandidates(news);
        sent[side] = candidates[side]?.length ?? 0;
      }
      return connections.every(({ connectionState }) => connectionState === "connected");
    });
    await flows();
    const transports = connections.map(
      (pc) => new Set(pc.getSenders().map(({ transport }) => transport)).size,
    );
    const policies = connections.map((pc) => pc.getConfiguration().bundlePolicy);
    const places = [placesOf(offer, candidates[0] ?? []), placesOf(answer, candidates[1] ?? [])];
    const tookSpare = spare && connections.includes(spare);
    close(caller, callee);
    warm?.close();
    return { transports, policies, places, tookSpare };
  },

  /** What comes of an answer without BUNDLE to an offer as we make it by default, and to a call of voice alone. */
  async unbundledAnswer(capture: object) {
    const [caller, callee] = [browserMedia(options), browserMedia(options)].map((media) =>
      media.open({ iceServers$: noServers }),
    ) as [BrowserSession, BrowserSession];
    const offer = await caller.offer(capture);
    const answer = unbundled(await callee.answer(unbundled(offer), capture));
    const outcome = await caller.accept(answer).then(() => "accepted", toErrorData);
    close(caller, callee);
    return outcome;
  },

  /** A call with ICE servers of which this browser refuses some; then others, by which it restarts. */
  async unusableServers() {
    connections.length = 0;
    const servers = (...urls: string[]): readonly IceServer[] => [
      { urls: ["stun:127.0.0.1:9", ...urls], username: "u", credential: "p" },
      { urls: ["turn:127.0.0.1:9"] },
    ];
    const servers$ = new BehaviorSubject(servers("turn://127.0.0.1", "stun:127.0.0.1:port"));
    const media = browserMedia(options);
    const warm = media.warm?.(servers$);
    const [caller, callee] = [media.open({ iceServers$: servers$ }), media.open({ iceServers$: servers$ })];
    const warnings: string[] = [];
    caller.warnings$.subscribe(({ code, message }) => warnings.push(`${code} ${message}`));
    wire(caller, callee);
    wire(callee, caller);
    await caller.accept(await callee.answer(await caller.offer(BOTH), BOTH));
    const connected = () => connections.filter(({ connectionState }) => connectionState === "connected");
    await until(() => connected().length === 2);
    const first = warnings.splice(0);
    servers$.next(servers("turn://127.0.0.2"));
    caller.restartIce();
    await until(() => warnings.length > 0);
    const used = connected().map((pc) => pc.getConfiguration().iceServers?.flatMap(({ urls }) => urls));
    close(caller, callee);
    warm?.close();
    return { first, after: warnings, used };
  },
};
