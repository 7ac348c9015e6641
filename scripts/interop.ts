/**
 * Calls with others: `npm run test:interop` takes the matrix-js-sdk of package.json, Firefox, and one older matrix-js-sdk;
 * with `-- --sdk 9,12` only those older ones, with `-- --sdk all` only the older ones, all of them.
 */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { askedVersions } from "../test/interop/older/versions.ts";

function readFlags(): string | undefined {
  try {
    const { sdk } = parseArgs({ options: { sdk: { type: "string" } } }).values;
    askedVersions(sdk);
    return sdk;
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

const sdk = readFlags();
const projects = sdk === undefined ? ["interop", "interop-older"] : ["interop-older"];
const vitest = [
  "run",
  ...projects.map((name) => `--project=${name}`),
  "--reporter=default",
  "--reporter=./test/interop/table.ts",
];
spawn("node_modules/.bin/vitest", vitest, {
  stdio: "inherit",
  env: { ...process.env, ...(sdk !== undefined && { SDK_VERSIONS: sdk }) },
}).on("exit", (code) => {
  process.exitCode = code ?? 1;
});
