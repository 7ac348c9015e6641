/** The element inside `root` that the markup calls by this name. Throws where the markup has none. */
export function part<T extends Element>(root: ParentNode, name: string, type: new () => T): T {
  const found = root.querySelector(`[data-part="${name}"]`);
  if (found instanceof type) return found;
  throw new Error(`The page has no ${type.name} called ${name}`);
}
