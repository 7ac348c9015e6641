declare module "vitest" {
  interface TaskMeta {
    /** What a test has measured, for the table at the end. */
    figures?: readonly string[];
  }
}

export {};
