/** Trunkline and older releases of matrix-js-sdk, both ways. */
import { afterAll, describe, inject } from "vitest";
import { createHomeserver } from "../../../src/testing/homeserver/index.ts";
import { sdkSuite } from "../sdk-suite.ts";
import { openStage, PAGES } from "../stage.ts";
import { leftOutOf, VERSIONS } from "./versions.ts";

/** Early releases ask by the API's former name. */
const ofToday = (request: Request) =>
  new Request(request.url.replace("/_matrix/client/r0/", "/_matrix/client/v3/"), request);

/** Nothing listens there. With credentials at hand early versions read an invite at once, and so only once. */
const TURN = {
  uris: ["turn:127.0.0.1:9?transport=udp"],
  username: "user",
  password: "password",
  ttl: 86_400,
};

describe.each(Object.entries(inject("sdkFolders")))("%s", (name, folder) => {
  const homeserver = createHomeserver({ turn: TURN });
  afterAll(() => homeserver.close());

  const sdk = {
    entryPoints: [PAGES.sdk],
    alias: { "matrix-js-sdk": folder },
    // What early releases expect of Node, or of a bundler that stands in for it.
    define: { global: "globalThis" },
    sourcemap: false,
  };
  sdkSuite("embedded", () => openStage((request) => homeserver.fetch(ofToday(request)), { ...PAGES, sdk }), {
    make: `matrix-js-sdk ${name}`,
    metadata: VERSIONS[name]?.metadata ?? true,
    leftOut: leftOutOf(name),
  });
});
