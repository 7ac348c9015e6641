/** Finding, installing and starting Firefox. */
import { homedir } from "node:os";
import puppeteer, { type Browser } from "puppeteer-core";
import { aptInstall, canInstall } from "./lib/apt.ts";
import { isExecutable, onPath } from "./lib/find.ts";

/** Fake camera and microphone, no permission prompts, calls on the loopback, and no traffic of its own. */
export const firefoxPreferences: Readonly<Record<string, boolean | number | string>> = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  // Without these there are no candidates on a machine without a network, or only names that nobody resolves.
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "media.autoplay.default": 0,
  // A page that is not in front is as awake as one that is.
  "dom.min_background_timeout_value": 4,
  "dom.timeout.enable_budget_timer_throttling": false,
  "app.update.disabledForTesting": true,
  "browser.safebrowsing.update.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  // Cisco's H.264 would be downloaded for WebRTC.
  "media.gmp-manager.updateEnabled": false,
  "services.settings.server": "",
};

const usualPlaces: Partial<Record<NodeJS.Platform, (env: NodeJS.ProcessEnv, home: string) => string[]>> = {
  linux: () => ["/usr/bin/firefox-esr", "/usr/lib/firefox-esr/firefox-esr", "/snap/bin/firefox"],
  darwin: (_env, home) => ["", home].map((root) => `${root}/Applications/Firefox.app/Contents/MacOS/firefox`),
  win32: (env) =>
    [env.PROGRAMFILES, env["PROGRAMFILES(X86)"]]
      .filter((folder) => folder !== undefined)
      .map((folder) => `${folder}\\Mozilla Firefox\\firefox.exe`),
};

/** Where a Firefox may lie, best first: on the PATH, then in the usual places. */
export function firefoxPlaces(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, home: string): string[] {
  const windows = platform === "win32";
  const names = windows ? ["firefox.exe"] : ["firefox-esr", "firefox"];
  return [...onPath(names, env.PATH, windows ? ";" : ":"), ...(usualPlaces[platform]?.(env, home) ?? [])];
}

/** The Firefox to use, if there is one. Throws where `FIREFOX_PATH` names one that is not there. */
export function findFirefox(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const forced = env.FIREFOX_PATH;
  if (!forced) return firefoxPlaces(process.platform, env, homedir()).find(isExecutable);
  if (isExecutable(forced)) return forced;
  throw new Error(`FIREFOX_PATH is ${forced}, which is no executable file: correct it, or unset it`);
}

/** The Firefox to use; as root on Debian its ESR is installed if there is none. Throws with how to get one. */
export async function ensureFirefox(): Promise<string> {
  const found = findFirefox();
  if (found) return found;
  if (canInstall()) await aptInstall("firefox-esr");
  const installed = findFirefox();
  if (installed) return installed;
  throw new Error("no Firefox found: install Firefox or Firefox ESR, or set FIREFOX_PATH");
}

/** Starts Firefox, headless, installing it first where `ensureFirefox` does. It speaks WebDriver BiDi. */
export async function launchFirefox(): Promise<Browser> {
  return puppeteer.launch({
    browser: "firefox",
    executablePath: await ensureFirefox(),
    headless: true,
    extraPrefsFirefox: { ...firefoxPreferences },
  });
}
