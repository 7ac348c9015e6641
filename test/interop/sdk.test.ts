import { afterAll } from "vitest";
import { createHomeserver } from "../../src/testing/homeserver/index.ts";
import { sdkSuite } from "./sdk-suite.ts";
import { openStage } from "./stage.ts";

const homeserver = createHomeserver();
afterAll(() => homeserver.close());

sdkSuite("embedded", () => openStage((request) => homeserver.fetch(request)));
