/** Takes docs/images/demo.png: the demo in a video call, in Chromium. */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { startDemo } from "../demo/server.ts";
import { launchChromium } from "./chromium.ts";

const FILE = join(import.meta.dirname, "../docs/images/demo.png");
/** In px: all of the phones and of the ladder, without what is below them. */
const SIZE = { width: 1200, height: 880 };
/** So many video frames at each side: the picture is steady. */
const FRAMES = 30;

const demo = await startDemo();
const browser = await launchChromium();
try {
  const page = await browser.newPage({ viewport: SIZE, colorScheme: "light" });
  await page.goto(demo.url);
  const button = (phone: string, name: string) =>
    page.getByRole("region", { name: phone, exact: true }).getByRole("button", { name, exact: true });
  const call = async () => {
    await button("Alice", "Video call").click();
    await button("Bob", "Accept").click();
    await page.locator(".rung.media").waitFor();
  };
  await button("Bob", "Video call").waitFor();
  // The first call of a page also loads what calls need.
  await call();
  await button("Alice", "Hang up").click();
  await button("Bob", "Video call").waitFor();
  await call();
  await page.waitForFunction(
    (frames) =>
      [...document.querySelectorAll<HTMLVideoElement>("video.remote")].every(
        (video) => video.getVideoPlaybackQuality().totalVideoFrames >= frames,
      ),
    FRAMES,
  );
  await page.mouse.move(0, 0);
  mkdirSync(join(FILE, ".."), { recursive: true });
  await page.screenshot({ path: FILE, clip: { x: 0, y: 0, width: SIZE.width, height: SIZE.height - 70 } });
  console.log(`${FILE}: ${statSync(FILE).size} bytes`);
} finally {
  await browser.close();
  await demo.close();
}
