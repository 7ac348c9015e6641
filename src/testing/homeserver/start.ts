import { type App, authenticate, CLIENT, type Server } from "./app.ts";
import { delayedCapabilities, delayedFeatures } from "./delayed.ts";
import { notFound } from "./error.ts";

const VERSIONS = Array.from({ length: 12 }, (_, minor) => `v1.${minor + 1}`);
const PUSH_RULES = { override: [], content: [], room: [], sender: [], underride: [] };

/** What clients ask for when they start, answered with as little as they can live with. */
export function startRoutes(app: App, server: Server): void {
  app.get("/_matrix/client/versions", (ask) =>
    ask.json({ versions: VERSIONS, unstable_features: delayedFeatures(server.delayed) }),
  );

  const fixed: Record<string, object> = {
    [`${CLIENT}/capabilities`]: {
      capabilities: {
        "m.change_password": { enabled: false },
        "m.room_versions": { default: "11", available: { "11": "stable" } },
        ...delayedCapabilities(server.delayed),
      },
    },
    [`${CLIENT}/pushrules/`]: { global: PUSH_RULES },
    "/_matrix/client/v1/media/config": { "m.upload.size": 0 },
    "/_matrix/media/v3/config": { "m.upload.size": 0 },
  };
  for (const [path, answer] of Object.entries(fixed)) {
    app.get(path, (ask) => {
      authenticate(ask, server);
      return ask.json(answer);
    });
  }

  for (const path of [`${CLIENT}/room_keys/version`, `${CLIENT}/user/:user/account_data/:type`]) {
    app.get(path, (ask) => {
      authenticate(ask, server);
      throw notFound("Nothing is kept there");
    });
  }
}
