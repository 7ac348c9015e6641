/** Finding, installing and starting Chromium. */
import { homedir } from "node:os";
import { type Browser, chromium } from "playwright-core";
import { aptInstall, canInstall } from "./lib/apt.ts";
import { isExecutable, onPath } from "./lib/find.ts";

/** Fake camera and microphone, no permission prompts, and no traffic of its own. */
export const chromiumArgs: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  // Without it there are no candidates on a machine without a network.
  "--allow-loopback-in-peer-connection",
];

const usualPlaces: Partial<Record<NodeJS.Platform, (env: NodeJS.ProcessEnv, home: string) => string[]>> = {
  linux: () => ["/usr/bin/chromium", "/snap/bin/chromium", "/opt/google/chrome/chrome"],
  darwin: (_env, home) =>
    ["", home].flatMap((root) => [
      `${root}/Applications/Chromium.app/Contents/MacOS/Chromium`,
      `${root}/Applications/Google Chrome.app/Contents/MacOS/Google Chrome`,
    ]),
  win32: (env) =>
    [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .flatMap((folder) => [
        `${folder}\\Chromium\\Application\\chrome.exe`,
        `${folder}\\Google\\Chrome\\Application\\chrome.exe`,
      ]),
};

/** Where a Chromium may lie, best first: on the PATH, in the usual places, in Playwright's cache. */
export function chromiumPlaces(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, home: string): string[] {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
  const windows = platform === "win32";
  return [
    ...onPath(windows ? names.map((name) => `${name}.exe`) : names, env.PATH, windows ? ";" : ":"),
    ...(usualPlaces[platform]?.(env, home) ?? []),
    chromium.executablePath(),
  ];
}

/** The Chromium to use, if there is one. Throws where `CHROMIUM_PATH` names one that is not there. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const forced = env.CHROMIUM_PATH;
  if (!forced) return chromiumPlaces(process.platform, env, homedir()).find(isExecutable);
  if (isExecutable(forced)) return forced;
  throw new Error(`CHROMIUM_PATH is ${forced}, which is no executable file: correct it, or unset it`);
}

/** The Chromium to use; as root on Debian it is installed if there is none. Throws with how to get one. */
export async function ensureChromium(): Promise<string> {
  const found = findChromium();
  if (found) return found;
  if (canInstall()) await aptInstall("chromium");
  const installed = findChromium();
  if (installed) return installed;
  throw new Error(
    "no Chromium found: install Chromium or Chrome, or run `npx playwright-core install chromium`, or set CHROMIUM_PATH",
  );
}

export interface LaunchOptions {
  readonly headless?: boolean;
  /** Default: what `ensureChromium` finds. */
  readonly executablePath?: string;
  readonly args?: readonly string[];
}

/** Starts Chromium, installing it first where `ensureChromium` does. */
export async function launchChromium({
  headless = true,
  executablePath,
  args = [],
}: LaunchOptions = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: executablePath ?? (await ensureChromium()),
    headless,
    args: [...chromiumArgs, ...args],
  });
}
