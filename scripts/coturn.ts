/** A TURN server on the loopback, for calls through a relay. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aptInstall, canInstall } from "./lib/apt.ts";
import { onExit } from "./lib/exit.ts";
import { which } from "./lib/find.ts";
import { freePort, untilReady } from "./lib/net.ts";
import { startService } from "./lib/run.ts";

export interface Coturn {
  /** UDP and TCP. */
  readonly uris: readonly string[];
  /** What a homeserver makes time-limited credentials with (`turn_shared_secret`). */
  readonly sharedSecret: string;
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

/** Starts coturn on a free port of 127.0.0.1. Throws with its log where it does not come up within 10 s. */
export async function startCoturn(): Promise<Coturn> {
  const turnserver = await ensureCoturn();
  const port = await freePort();
  const sharedSecret = randomBytes(24).toString("hex");
  const folder = mkdtempSync(join(tmpdir(), "trunkline-coturn-"));
  const logFile = join(folder, "log");
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  const release = onExit(removeFolder);
  const service = startService(turnserver, coturnArgs(port, sharedSecret, folder), logFile);
  const close = async () => {
    await service.stop();
    removeFolder();
    release();
  };
  try {
    await untilReady({
      ready: () => listens(port),
      over: () => service.child.pid === undefined || service.child.exitCode !== null,
      within: 10_000,
      explain: () => `coturn did not start:\n${readFileSync(logFile, "utf8")}`,
    });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    uris: [`turn:127.0.0.1:${port}?transport=udp`, `turn:127.0.0.1:${port}?transport=tcp`],
    sharedSecret,
    close,
  };
}

function coturnArgs(port: number, sharedSecret: string, folder: string): string[] {
  return [
    "-n",
    "--listening-ip=127.0.0.1",
    "--relay-ip=127.0.0.1",
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

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}
