import { distinctUntilChanged, map, merge, NEVER, type Observable, startWith, switchMap } from "rxjs";
import { createEngine, type Engine } from "../signaling/engine.ts";
import { matrixTransport } from "../signaling/transports/matrix.ts";
import type { SignalingHalf } from "../streams/contract.ts";
import { pageHide$, pageShow$ } from "../streams/page-visits.ts";
import { checkOptions, type SignalingOptions } from "./options.ts";
import { endOnPageHide } from "./page-close.ts";
import { singleRefresh } from "./tokens.ts";

export type { LoginOptions, SignalingOptions, TransportOptions } from "./options.ts";

/**
 * Starts the engine on this thread: the same as `spawnSignaling`, without a worker. For pages that must not have one,
 * and for runtimes without a main thread to spare. Throws `invalid_option` for options that cannot be right.
 */
export function localSignaling(options: SignalingOptions): SignalingHalf {
  const checked = checkOptions(options, "localSignaling");
  const policy = checked.policy !== undefined && { policy: checked.policy };
  if (checked.transport) return onPage(createEngine({ transport: checked.transport, ...policy }));
  const { tokenRefresh, policy: _, ...login } = checked;
  const refresh = tokenRefresh && { tokenRefresh: singleRefresh(tokenRefresh) };
  const transport = matrixTransport({ ...login, ...refresh });
  return onPage(
    createEngine({ transport: { ...transport, batches$: whileShown(transport.batches$) }, ...policy }),
  );
}

/** Hangs up when the page goes. */
function onPage(engine: Engine): SignalingHalf {
  const leaving = endOnPageHide(engine, (call) => {
    engine.dispatch({ ...call, type: "hangup", reason: "user_hangup" }).catch(() => {});
  });
  engine.status$.subscribe({ complete: () => leaving.unsubscribe() });
  return engine;
}

/** Unsubscribes for as long as the browser keeps the page for a return (its back/forward cache). */
function whileShown<T>(source$: Observable<T>): Observable<T> {
  return merge(pageHide$.pipe(map((kept) => !kept)), pageShow$.pipe(map(() => true))).pipe(
    startWith(true),
    distinctUntilChanged(),
    switchMap((shown) => (shown ? source$ : NEVER)),
  );
}
