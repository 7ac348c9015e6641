import { defineConfig } from "vitest/config";

/** `npm run mutate`: the engine's own tests but for the slow exploration of orders, against mutants of its rules. */
export default defineConfig({
  test: { include: ["test/signaling/*.test.ts"], exclude: ["test/signaling/glare-orders.test.ts"] },
});
