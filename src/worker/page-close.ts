import { Subscription } from "rxjs";
import type { CallRef, FinalRequest, SignalingHalf } from "../streams/contract.ts";
import { pageHide$ } from "../streams/page-visits.ts";

/**
 * When the page goes, sends what ends its calls for their peers, and then has `end` end them here: a page that comes back
 * from the browser's cache comes back without them. The browser completes such requests when the page is gone.
 */
export function endOnPageHide(
  { finalRequests$ }: Required<Pick<SignalingHalf, "finalRequests$">>,
  end: (call: CallRef) => void,
): Subscription {
  let requests: readonly FinalRequest[] = [];
  const life = new Subscription();
  life.add(
    finalRequests$.subscribe((list) => {
      requests = list;
    }),
  );
  life.add(
    pageHide$.subscribe(() => {
      for (const { url, method, headers, body, ...call } of requests) {
        fetch(url, { method, headers, body, keepalive: true }).catch(() => {});
        end(call);
      }
    }),
  );
  return life;
}
