import { type App, authenticate, CLIENT, type Server } from "./app.ts";

/** What `GET /voip/turnServer` answers (P29). */
export interface TurnConfig {
  readonly uris: readonly string[];
  readonly username: string;
  readonly password: string;
  /** In seconds. */
  readonly ttl: number;
}

export function turnRoutes(app: App, server: Server): void {
  app.get(`${CLIENT}/voip/turnServer`, (ask) => {
    authenticate(ask, server);
    return ask.json(server.turn ?? {});
  });
}
