import { inject } from "vitest";
import { sdkSuite } from "./sdk-suite.ts";
import { openStage } from "./stage.ts";

sdkSuite("Synapse", () => openStage(inject("synapseUrl")));
