import { builtWorker, bundle } from "../../scripts/lib/bundle.ts";

/** What a site serves, by path. */
export type Files = ReadonlyMap<string, { readonly type: string; readonly body: string }>;

const JAVASCRIPT = "text/javascript";

/**
 * For each page `/name` an empty document with a script; for each worker `/name.js`; and the built worker of the
 * package as `/worker/entry.js`. Scripts are bundled and minified, as an app's would be.
 */
export async function bundleFiles(
  pages: Readonly<Record<string, string>>,
  workers: Readonly<Record<string, string>> = {},
): Promise<Files> {
  const scripts = Object.entries({ ...pages, ...workers });
  return new Map([
    ["/worker/entry.js", { type: JAVASCRIPT, body: await builtWorker("entry") }],
    ...Object.keys(pages).map((name) => {
      const body = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/${name}.js"></script>`;
      return [`/${name}`, { type: "text/html", body }] as const;
    }),
    ...(await Promise.all(
      scripts.map(async ([name, entry]) => {
        return [
          `/${name}.js`,
          { type: JAVASCRIPT, body: await bundle({ entryPoints: [entry], minify: true }) },
        ] as const;
      }),
    )),
  ]);
}
