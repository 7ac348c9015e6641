/** One Synapse with a coturn beside it for all tests of this folder. */
import type { TestProject } from "vitest/node";
import { startCoturn } from "../../scripts/coturn.ts";
import { startSynapse } from "../../scripts/synapse.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** `inject("synapseUrl")`: see `registerUser` of scripts/synapse.ts for accounts. */
    readonly synapseUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const coturn = process.env.SYNAPSE_URL ? undefined : await startCoturn();
  try {
    const synapse = await startSynapse(coturn && { turn: coturn });
    project.provide("synapseUrl", synapse.url);
    return async () => {
      await synapse.close();
      await coturn?.close();
    };
  } catch (error) {
    await coturn?.close();
    throw error;
  }
}
