import type { Side } from "./ladder.ts";

/** A user of a homeserver: by name and password, or by an access token. */
export interface UserSettings {
  readonly user?: string;
  readonly password?: string;
  readonly accessToken?: string;
}

/** Who calls whom, and where. */
export interface Settings extends Readonly<Record<Side, UserSettings>> {
  /** Absent: the one that serves this page, with new users made for it. */
  readonly homeserver?: string;
  /** Absent: a new direct room. */
  readonly roomId?: string;
}

/** Where the server of this page says which homeserver it is for. */
export const SETTINGS_PATH = "/settings.json";

/** Of this tab only, and gone with it: there may be passwords in it. */
const KEY = "trunkline-demo";

/** What was chosen in this tab; else what the server of this page was started with. */
export async function loadSettings(): Promise<Settings> {
  const chosen = sessionStorage.getItem(KEY);
  return chosen === null ? (await fetch(SETTINGS_PATH)).json() : JSON.parse(chosen);
}

/** Shows the settings in the form; a choice made there is kept, and the page starts anew with it. */
export function mountSettings(form: HTMLFormElement, settings: Settings): void {
  const { homeserver, roomId, alice, bob } = settings;
  const texts = { homeserver, roomId, ...named("alice", alice), ...named("bob", bob) };
  for (const [name, text] of Object.entries(texts)) {
    const input = form.elements.namedItem(name);
    if (input instanceof HTMLInputElement) input.value = text ?? "";
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(KEY, JSON.stringify(read(new FormData(form))));
    location.reload();
  });
  form.addEventListener("reset", () => {
    sessionStorage.removeItem(KEY);
    location.reload();
  });
}

const named = (side: Side, { user, password, accessToken }: UserSettings) => ({
  [`${side}.user`]: user,
  [`${side}.password`]: password,
  [`${side}.accessToken`]: accessToken,
});

function read(form: FormData): Settings {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const given = (prefix: string, names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, text(prefix + name)]).filter(([, value]) => value !== ""));
  const users = ["user", "password", "accessToken"];
  return {
    ...given("", ["homeserver", "roomId"]),
    alice: given("alice.", users),
    bob: given("bob.", users),
  };
}
