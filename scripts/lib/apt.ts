import { existsSync } from "node:fs";
import { step } from "./progress.ts";
import { run } from "./run.ts";

const lockWait = "DPkg::Lock::Timeout=300";

/** Whether packages can be installed here: as root, where there is apt. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}

/** Installs a Debian package, saying so. Throws with apt's own words where that fails. */
export async function aptInstall(name: string): Promise<void> {
  await step(`installing Debian's ${name}`, async () => {
    const install = () => apt("install", "--yes", "--no-install-recommends", name);
    // A bare machine has no package lists, an old one has stale ones.
    if ((await install()).code === 0) return;
    await apt("update");
    const { code, output } = await install();
    if (code !== 0) throw new Error(`apt-get cannot install ${name}:\n${output.trim()}`);
  });
}

function apt(...args: string[]) {
  return run("apt-get", ["-q", "-o", lockWait, ...args], { env: { DEBIAN_FRONTEND: "noninteractive" } });
}
