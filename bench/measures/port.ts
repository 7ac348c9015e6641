import type { Browser } from "puppeteer-core";
import { launchUnwatched } from "../browser/chromium.ts";
import { bundleFiles } from "../browser/files.ts";
import { openSite, withPage } from "../browser/site.ts";
import type { Measure } from "../measure.ts";
import { bundleForNode, runOnNode } from "../node/child.ts";
import type { PortFindings } from "../port/measure-port.ts";
import { portRows } from "../port/port-rows.ts";

const OUR_WORKER = "bench/port/our-worker.ts";
const BARE_WORKER = "bench/port/bare-worker.ts";

/** What the way across the worker costs, beside that of a bare port with the same on it. No rival has such a way. */
export const port: Measure = {
  name: "port",
  what: "the way to the worker and back",
  async run({ n, say }) {
    const script = await bundleForNode("bench/port/node.ts", {
      OUR_WORKER: await bundleForNode(OUR_WORKER),
      BARE_WORKER: await bundleForNode(BARE_WORKER),
    });
    const inChromium: PortFindings[] = [];
    const onNode: PortFindings[] = [];
    const browser = await launchUnwatched();
    try {
      const site = await openSite(
        await bundleFiles({ port: "bench/port/page.ts" }, { ours: OUR_WORKER, bare: BARE_WORKER }),
      );
      try {
        for (let round = 1; round <= n; round++) {
          say(`round ${round} of ${n}: Chromium`);
          inChromium.push(await fromPage(browser, site.url));
          say(`round ${round} of ${n}: Node`);
          onNode.push(await runOnNode<PortFindings>(script));
        }
      } finally {
        await site.close();
      }
    } finally {
      await browser.close();
    }
    return [...portRows("chromium", inChromium), ...portRows("node", onNode)];
  },
};

const fromPage = (browser: Browser, url: string) =>
  withPage(browser, `${url}/port`, (page) => page.evaluate(() => portPage()));
