import { type Context, Hono } from "hono";
import type { Observable } from "rxjs";
import type { Delayed } from "./delayed.ts";
import { MatrixError, unrecognized } from "./error.ts";
import type { Limiter } from "./ratelimit.ts";
import type { Device, Store } from "./store.ts";
import type { TurnConfig } from "./turn.ts";

/** What the routes work on. */
export interface Server {
  readonly store: Store;
  readonly limiter: Limiter;
  readonly delayed: Delayed;
  readonly turn: TurnConfig | undefined;
}

/** What comes along with a request: `gone$` errors when nobody waits for its answer any more. */
type Env = { Bindings: { readonly gone$: Observable<never> } };

export type App = Hono<Env>;
export type Ask = Context<Env>;

export function createApp(): App {
  const app = new Hono<Env>();
  app.notFound(() => unrecognized(404).toResponse());
  app.onError((error) => {
    if (error instanceof MatrixError) return error.toResponse();
    return new MatrixError(500, "M_UNKNOWN", `Internal server error: ${error.message}`).toResponse();
  });
  return app;
}

/** To be called when all routes are there: a browser's preflight passes, any other method of their paths gets 405. */
export function closeRoutes(app: App): void {
  const paths = new Set(app.routes.map((route) => route.path));
  app.options("*", (ask) => ask.body(null, 204));
  for (const path of paths) {
    app.all(path, () => unrecognized(405).toResponse());
  }
}

/** The device whose access token the request bears. Throws `M_MISSING_TOKEN` or `M_UNKNOWN_TOKEN`. */
export function authenticate(ask: Ask, { store }: Server): Device {
  const token = ask.req.header("Authorization")?.match(/^Bearer (.*)$/)?.[1] ?? ask.req.query("access_token");
  if (!token) throw new MatrixError(401, "M_MISSING_TOKEN", "The request has no access token");
  const device = store.tokens.get(token);
  if (!device) throw unknownToken("The access token is not, or no longer, known", false);
  if (device.session && device.session.expiresAt <= store.clock.now()) {
    throw unknownToken("The access token has expired", true);
  }
  return device;
}

const unknownToken = (message: string, softLogout: boolean) =>
  new MatrixError(401, "M_UNKNOWN_TOKEN", message, { details: { soft_logout: softLogout } });

export const CLIENT = "/_matrix/client/v3";
