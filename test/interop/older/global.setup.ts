/** Installs the releases of matrix-js-sdk that are to be called. */
import type { TestProject } from "vitest/node";
import { ensureSdk } from "../../../scripts/lib/sdk.ts";
import { askedVersions, VERSIONS } from "./versions.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where each version lies, by its name in versions.ts. */
    readonly sdkFolders: Readonly<Record<string, string>>;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const folders: Record<string, string> = {};
  for (const name of askedVersions()) folders[name] = await ensureSdk(VERSIONS[name]?.release ?? "");
  project.provide("sdkFolders", folders);
}
