import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { aptInstall, canInstall } from "./apt.ts";
import { which } from "./find.ts";
import { step } from "./progress.ts";
import { run } from "./run.ts";

const howToHelp =
  "Set SYNAPSE_URL to a Synapse that lets anyone register (enable_registration_without_verification), " +
  "or run this as root on Debian, where it sets one up by itself";

/**
 * Folder of a Debian with Synapse in it, for chroot; made once per user, in the cache folder. Throws with what to do
 * where it cannot be made.
 */
export async function ensureSynapse(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "trunkline");
  const root = join(cache, "synapse");
  if (process.getuid?.() !== 0) throw new Error(`Synapse needs root, for chroot. ${howToHelp}`);
  if (existsSync(root)) return root;
  if (!which("mmdebstrap")) {
    if (!canInstall()) throw new Error(`Synapse needs mmdebstrap. ${howToHelp}`);
    await aptInstall("mmdebstrap");
  }
  mkdirSync(cache, { recursive: true });
  await removeHalfMade(cache);
  await step("setting up Synapse once, one to two minutes", () => make(root));
  return root;
}

// mmdebstrap mounts parts of this machine into the folder, and minds no signal. In namespaces of its own its mounts are
// seen by nobody else, and all of it ends at once.
const alone = ["--mount", "--pid", "--mount-proc", "--fork", "--kill-child"];

/** Made beside its place and then moved there, so that what lies there is always whole. */
async function make(root: string): Promise<void> {
  const halfMade = `${root}.${process.pid}`;
  const source = ["--include=matrix-synapse,ca-certificates", "sid", halfMade];
  const mmdebstrap = [
    "mmdebstrap",
    "--variant=apt",
    '--aptopt=Acquire::Check-Valid-Until "false"',
    ...source,
  ];
  const { code, output } = await run("unshare", [...alone, ...mmdebstrap], { endWith: "SIGKILL" });
  if (code !== 0) throw new Error(`mmdebstrap failed:\n${output.trim()}\n${howToHelp}`);
  renameSync(halfMade, root);
}

/** Removes what setups left behind that were broken off; those at work are left alone. */
async function removeHalfMade(cache: string): Promise<void> {
  for (const name of readdirSync(cache)) {
    const pid = /^synapse\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      await run("rm", ["-rf", "--one-file-system", join(cache, name)]);
    }
  }
}
