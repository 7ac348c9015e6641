/** A wide-area network on this machine, in network namespaces: see wan.py. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { aptInstall, canInstall } from "./lib/apt.ts";
import { onExit } from "./lib/exit.ts";
import { which } from "./lib/find.ts";
import { run } from "./lib/run.ts";

export interface Wan {
  /** Changes links from now on, as `a-b:25 a-.:cut`. */
  change(links: string): void;
  /** Takes an address from a host and gives it another, of those that it was made with. */
  move(host: string, from: string, to: string): Promise<void>;
  /** Deletes the namespaces; resolves when they are gone. */
  close(): Promise<void>;
}

/** Why there can be no such network here, if there cannot: it takes root on Linux, and TUN devices. */
export function whyNoWan(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "it takes root on Linux";
  if (!existsSync("/dev/net/tun")) return "there is no /dev/net/tun";
  return undefined;
}

/** Has what the network is made with, installing it where that can be done. Throws with how to get it. */
export async function ensureWan(): Promise<void> {
  for (const [command, name] of [
    ["python3", "python3"],
    ["ip", "iproute2"],
  ] as const) {
    if (!which(command) && canInstall()) await aptInstall(name);
    if (!which(command)) throw new Error(`no ${command} found: install it (\`apt install ${name}\`)`);
  }
}

/** `hosts` and `links` are as wan.py takes them. Rejects with its words where it does not come up. */
export async function startWan(hosts: string, links: string): Promise<Wan> {
  await ensureWan();
  const child = spawn("python3", [join(import.meta.dirname, "wan.py"), hosts, links], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  // It ends with its input, and so with us.
  const release = onExit(() => child.stdin.end());
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const ready = new Promise<boolean>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => resolve(line === "ready"));
    ended.then(() => resolve(false));
  });
  if (!(await ready)) {
    release();
    throw new Error(`the network did not come up: ${errors.trim()}`);
  }
  const inside = async (host: string, ...command: string[]) => {
    const { code, output } = await run("ip", ["netns", "exec", host, ...command]);
    if (code !== 0) throw new Error(`${command.join(" ")} in ${host}: ${output}`);
  };
  return {
    change: (words) => void child.stdin.write(`${words}\n`),
    async move(host, from, to) {
      // In this order: where the new one is there first, it goes with the old.
      await inside(host, "ip", "addr", "del", `${from}/24`, "dev", "wan0");
      await inside(host, "ip", "addr", "add", `${to}/24`, "dev", "wan0");
    },
    async close() {
      child.stdin.end();
      await ended;
      release();
    },
  };
}
