import "vitest";

declare module "vitest" {
  interface TaskMeta {
    /** What a test has measured, for the table at the end. */
    figures?: readonly string[];
    /** A cell of the table of bundlers. */
    bundled?: { readonly bundler: string; readonly page: string; readonly works: boolean };
  }
}
