/** Fetches what it is told to, and says when it has it, parsed. */
import type { Fetching } from "./start-page.ts";

addEventListener("message", async ({ data: { url, accessToken } }: MessageEvent<Fetching>) => {
  const response = await fetch(url, { headers: { authorization: `Bearer ${accessToken}` } });
  await response.json();
  postMessage("done");
});
