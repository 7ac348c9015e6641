/** A TURN server of this machine, for calls through a relay. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aptInstall, canInstall } from "./lib/apt.ts";
import { onExit } from "./lib/exit.ts";
import { which } from "./lib/find.ts";
import { freePort, untilReady } from "./lib/net.ts";
import { type Service, startService } from "./lib/run.ts";

export interface Coturn {
  /** UDP and TCP. */
  readonly uris: readonly string[];
  /** What a homeserver makes time-limited credentials with (`turn_shared_secret`). */
  readonly sharedSecret: string;
  /** Ends it, and with it all that it relays. */
  stop(): Promise<void>;
  /** Starts it again where it was; resolves when it listens. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Path of coturn's `turnserver`; as root on Debian it is installed if there is none. Throws with how to get it. */
export async function ensureCoturn(): Promise<string> {
  const found = which("turnserver");
  if (found) return found;
  if (canInstall()) await aptInstall("coturn");
  const installed = which("turnserver");
  if (installed) return installed;
  throw new Error("no coturn found: install it (`apt install coturn`, `brew install coturn`)");
}

/** Starts coturn on a free port of `host`. Throws with its log where it does not come up within 10 s. */
export async function startCoturn(host = "127.0.0.1"): Promise<Coturn> {
  const turnserver = await ensureCoturn();
  const port = await freePort();
  const sharedSecret = randomBytes(24).toString("hex");
  const folder = mkdtempSync(join(tmpdir(), "trunkline-coturn-"));
  const logFile = join(folder, "log");
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  const release = onExit(removeFolder);
  let service: Service | undefined;
  const stop = async () => service?.stop();
  const close = async () => {
    await stop();
    removeFolder();
    release();
  };
  const start = async () => {
    const started = startService(turnserver, coturnArgs({ host, port, sharedSecret, folder }), logFile);
    service = started;
    await untilReady({
      ready: () => listens(host, port),
      over: () => started.child.pid === undefined || started.child.exitCode !== null,
      within: 10_000,
      explain: () => `coturn did not start:\n${readFileSync(logFile, "utf8")}`,
    });
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  const uris = ["udp", "tcp"].map((transport) => `turn:${host}:${port}?transport=${transport}`);
  return { uris, sharedSecret, stop, start, close };
}

interface Settings {
  readonly host: string;
  readonly port: number;
  readonly sharedSecret: string;
  readonly folder: string;
}

function coturnArgs({ host, port, sharedSecret, folder }: Settings): string[] {
  return [
    "-n",
    `--listening-ip=${host}`,
    `--relay-ip=${host}`,
    `--listening-port=${port}`,
    "--realm=trunkline.test",
    "--use-auth-secret",
    `--static-auth-secret=${sharedSecret}`,
    "--allow-loopback-peers",
    "--no-tls",
    "--no-dtls",
    "--no-cli",
    "--no-rfc5780",
    "--fingerprint",
    "--log-file=stdout",
    `--pidfile=${join(folder, "pid")}`,
    `--userdb=${join(folder, "db")}`,
  ];
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}
