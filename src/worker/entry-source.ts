/** The text of the bundled entry: scripts/bundle-worker.ts puts it in the place of this module, in dist. */
export const source = `throw new Error("trunkline/worker/inline works once it is built: npm run build");`;
