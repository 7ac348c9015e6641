/** A real Synapse for tests: the one that `SYNAPSE_URL` names, or one of our own. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { onExit } from "./lib/exit.ts";
import { freePort, untilReady } from "./lib/net.ts";
import { startService } from "./lib/run.ts";
import { type SynapseSettings, synapseConfig, synapseLogConfig } from "./lib/synapse-config.ts";
import { ensureSynapse } from "./lib/synapse-root.ts";

export interface Synapse {
  readonly url: string;
  /** Ends it and deletes its data; leaves a Synapse that `SYNAPSE_URL` named alone. */
  close(): Promise<void>;
}

export interface Account {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
}

/**
 * The Synapse of `SYNAPSE_URL`, for which the options count nothing; else one of our own on a free port, empty. Throws
 * with what to do where there is none to be had.
 */
export async function startSynapse(
  options: Pick<SynapseSettings, "turn" | "limitMessages"> = {},
): Promise<Synapse> {
  const theirs = process.env.SYNAPSE_URL;
  if (!theirs) return startOwn(await ensureSynapse(), options);
  if (!(await answers(theirs).catch(() => false))) {
    throw new Error(`SYNAPSE_URL is ${theirs}, where no homeserver answers: correct it, or unset it`);
  }
  return { url: theirs, close: async () => {} };
}

async function startOwn(root: string, options: Pick<SynapseSettings, "turn" | "limitMessages">) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const data = mkdtempSync(join(root, "tmp", "trunkline-"));
  const removeData = () => rmSync(data, { recursive: true, force: true });
  const release = onExit(removeData);
  const folder = `/${relative(root, data)}`;
  writeFileSync(join(data, "config.yaml"), JSON.stringify(synapseConfig({ ...options, port, folder })));
  writeFileSync(join(data, "log.yaml"), JSON.stringify(synapseLogConfig));
  const homeserver = ["python3", "-m", "synapse.app.homeserver", "--config-path", `${folder}/config.yaml`];
  const logFile = join(data, "log");
  const service = startService("chroot", [root, ...homeserver], logFile);
  const close = async () => {
    await service.stop();
    removeData();
    release();
  };
  try {
    await untilReady({
      ready: () => answers(url),
      over: () => service.child.exitCode !== null,
      within: 60_000,
      explain: () => `Synapse did not start:\n${readFileSync(logFile, "utf8")}`,
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { url, close };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(new URL("/_matrix/client/versions", url));
  return response.ok;
}

/** Registers a user whose name begins with `name`. Throws where the homeserver does not let just anyone register. */
export async function registerUser(url: string, name: string): Promise<Account> {
  const response = await fetch(new URL("/_matrix/client/v3/register", url), {
    method: "POST",
    body: JSON.stringify({
      username: `${name}-${randomBytes(4).toString("hex")}`,
      password: randomBytes(12).toString("hex"),
      auth: { type: "m.login.dummy" },
    }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${url} lets nobody register (${response.status}): ${answer}`);
  const { user_id, device_id, access_token } = JSON.parse(answer) as Record<string, string>;
  if (!user_id || !device_id || !access_token) throw new Error(`${url} registered nobody: ${answer}`);
  return { userId: user_id, deviceId: device_id, accessToken: access_token };
}
