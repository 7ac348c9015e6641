import { defer, firstValueFrom, map, merge, Observable, Subject } from "rxjs";
import { accountRoutes, addUser, logIn } from "./accounts.ts";
import { closeRoutes, createApp, type Server } from "./app.ts";
import type { Homeserver, HomeserverOptions } from "./contract.ts";
import { createDelayed, delayedRoutes } from "./delayed.ts";
import { deviceRoutes } from "./devices.ts";
import { createFailures } from "./failures.ts";
import { filterRoutes } from "./filter.ts";
import { profileRoutes } from "./profile.ts";
import { randomText } from "./random.ts";
import { createLimiter } from "./ratelimit.ts";
import { roomRoutes } from "./rooms.ts";
import { sendRoutes } from "./send.ts";
import { startRoutes } from "./start.ts";
import { stateRoutes } from "./state.ts";
import type { Store } from "./store.ts";
import { syncRoutes } from "./sync.ts";
import { turnRoutes } from "./turn.ts";

/** A homeserver that knows what the store holds, by the store's clock. */
export function serveStore(
  store: Store,
  options: Pick<HomeserverOptions, "rateLimit" | "turn" | "delayedEvents"> = {},
): Homeserver {
  const { clock } = store;
  const limiter = createLimiter(clock, options.rateLimit);
  const delayed = createDelayed(store, options.delayedEvents);
  const app = createRoutes({ store, limiter, delayed, turn: options.turn });
  const failures = createFailures(clock);
  const closed$ = new Subject<never>();
  const close = () => {
    closed$.error(new TypeError("The homeserver is closed"));
    delayed.close();
  };

  async function handle(request: Request, gone$: Observable<never>): Promise<Response> {
    try {
      return await app.fetch(request, { gone$ });
    } finally {
      store.flush();
    }
  }

  return {
    fetch(request) {
      const gone$ = merge(aborted$(request.signal), closed$);
      const answer$ = defer(() => failures.around(request, (asked) => handle(asked, gone$), gone$));
      return firstValueFrom(merge(gone$, answer$).pipe(map(withCors)));
    },
    createUser(localpart, { deviceId } = {}) {
      const password = randomText(22);
      const device = logIn(store, addUser(store, localpart, password), deviceId);
      return { userId: device.user.id, deviceId: device.id, accessToken: device.token, password };
    },
    fail: failures.add,
    heal: failures.clear,
    close,
    [Symbol.dispose]: close,
  };
}

function createRoutes(server: Server) {
  const app = createApp();
  const groups = [
    startRoutes,
    accountRoutes,
    deviceRoutes,
    profileRoutes,
    roomRoutes,
    stateRoutes,
    sendRoutes,
    delayedRoutes,
  ];
  for (const routes of [...groups, filterRoutes, syncRoutes, turnRoutes]) routes(app, server);
  closeRoutes(app);
  return app;
}

/** Matrix clients in a browser come from anywhere. What Synapse does not expose, `Retry-After` say, is not exposed. */
function withCors(response: Response): Response {
  response.headers.set("Access-Control-Allow-Origin", "*");
  response.headers.set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  response.headers.set("Access-Control-Allow-Headers", "X-Requested-With, Content-Type, Authorization, Date");
  return response;
}

/** Errors with the signal's reason when it aborts; emits nothing else. */
const aborted$ = (signal: AbortSignal) =>
  new Observable<never>((subscriber) => {
    const abort = () => subscriber.error(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    return () => signal.removeEventListener("abort", abort);
  });
