/** What goes over the wire: UDP packets, seen by tcpdump, which wants to be root. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { aptInstall, canInstall } from "./lib/apt.ts";
import { onExit } from "./lib/exit.ts";
import { which } from "./lib/find.ts";

/** A UDP packet, from port to port. */
export interface Packet {
  readonly from: number;
  readonly to: number;
}

export interface Capture {
  /** All packets so far. Rejects where tcpdump has ceased to see them. */
  packets(): Promise<readonly Packet[]>;
  /** Rejects where packets were lost: then what was seen says nothing of what was sent. */
  close(): Promise<void>;
}

/** Path of tcpdump; as root on Debian it is installed if there is none. Throws with how to get it. */
export async function ensureTcpdump(): Promise<string> {
  const found = which("tcpdump");
  if (found) return found;
  if (canInstall()) await aptInstall("tcpdump");
  const installed = which("tcpdump");
  if (installed) return installed;
  throw new Error("no tcpdump found: install it (`apt install tcpdump`), and run as root");
}

/** Headers are enough: with room for packets of any length there is room for eight, and a burst is lost. */
const HEADERS = ["-s", "96"];

/** Sees every UDP packet of this machine from now on. Rejects with tcpdump's words where it may not. */
export async function startCapture(): Promise<Capture> {
  const tcpdump = await ensureTcpdump();
  const args = ["-i", "any", "-n", "-l", "--immediate-mode", ...HEADERS, "udp"];
  const child = spawn(tcpdump, args, { stdio: ["ignore", "pipe", "pipe"] });
  const release = onExit(() => child.kill());
  const ended = once(child, "close");
  const packets: Packet[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => packets.push(...read(line)));
  const said = await listening(child);
  const marker = createSocket("udp4").bind(0, "127.0.0.1");
  await once(marker, "listening");
  return {
    async packets() {
      await marked(marker, lines, packets);
      return packets.filter(({ to }) => to !== marker.address().port);
    },
    async close() {
      marker.close();
      child.kill();
      await ended;
      release();
      if (!said().includes("\n0 packets dropped by kernel")) throw new Error(`packets were lost: ${said()}`);
    },
  };
}

function read(line: string): Packet[] {
  const [, from, to] = /IP6? \S+\.(\d+) > \S+\.(\d+):/.exec(line) ?? [];
  return from && to ? [{ from: Number(from), to: Number(to) }] : [];
}

/**
 * Resolves when tcpdump says that it listens, with a way to all that it has said; rejects with what it said where it
 * ends instead.
 */
function listening({ stderr }: ChildProcess): Promise<() => string> {
  return new Promise((resolve, reject) => {
    let said = "";
    stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("listening on")) resolve(() => said.trim());
    });
    stderr?.on("close", () => reject(new Error(`tcpdump cannot capture here: ${said.trim()}`)));
  });
}

/**
 * Sends a packet of our own; when it has been seen, so have all that were sent before. Rejects where it is not seen
 * within 5 s.
 */
async function marked(marker: Socket, lines: NodeJS.EventEmitter, packets: readonly Packet[]): Promise<void> {
  const { port } = marker.address();
  const seen = () => packets.filter(({ to }) => to === port).length;
  const before = seen();
  marker.send("seen so far", port, "127.0.0.1");
  const late = AbortSignal.timeout(5_000);
  while (seen() === before) {
    await once(lines, "line", { signal: late }).catch((cause) => {
      throw new Error("tcpdump did not see a packet of the test's own", { cause });
    });
  }
}
