import { createHomeserver } from "trunkline/testing/homeserver";
import { describe, expect, it, vi } from "vitest";
import type { Settings } from "../../../demo/settings.ts";
import { connect, openDemo } from "./demo-page.ts";

const form = () => document.querySelector<HTMLFormElement>("[data-part=settings]") as HTMLFormElement;
const input = (name: string) => form().elements.namedItem(name) as HTMLInputElement;

/** Stands in for the browser, which would load the page again. */
const stubReload = () => vi.spyOn(location, "reload").mockImplementation(() => {});

describe("another homeserver, chosen on the page", () => {
  it("is kept for this tab, and both users sign in there: by password, or by token", async () => {
    const reload = stubReload();
    await openDemo().alice.sees("Ready to call Bob");
    using other = createHomeserver({ serverName: "other.test" });
    const [alice, bob] = [other.createUser("alice"), other.createUser("bob")];
    input("homeserver").value = "https://other.test";
    input("alice.user").value = " alice ";
    input("alice.password").value = alice.password;
    input("bob.accessToken").value = bob.accessToken;
    form().requestSubmit();
    expect(reload).toHaveBeenCalledTimes(1);
    expect(JSON.parse(sessionStorage.getItem("trunkline-demo") ?? "")).toEqual({
      homeserver: "https://other.test",
      alice: { user: "alice", password: alice.password },
      bob: { accessToken: bob.accessToken },
    });

    const demo = openDemo({ others: { "https://other.test": other } });
    await connect(demo, "Voice call");
    expect([demo.alice.text("user"), demo.bob.text("user")]).toEqual([
      "@alice:other.test",
      "@bob:other.test",
    ]);
    expect(input("alice.user").value).toBe("alice");
  });

  it("is forgotten by the button that goes back to the page's own", async () => {
    const reload = stubReload();
    sessionStorage.setItem(
      "trunkline-demo",
      JSON.stringify({ homeserver: "https://gone.test", alice: {}, bob: {} }),
    );
    openDemo();
    await vi.waitFor(() => expect(input("homeserver").value).toBe("https://gone.test"));
    form().reset();
    expect(reload).toHaveBeenCalledTimes(1);
    expect(sessionStorage.getItem("trunkline-demo")).toBeNull();
    await openDemo().alice.sees("Ready to call Bob");
  });
});

describe("a login that fails is explained at both phones", () => {
  const secret: Settings = {
    homeserver: "https://other.test",
    alice: { user: "alice", password: "wrong" },
    bob: { user: "alice", password: "wrong too" },
  };
  it.each([
    [
      "a homeserver that does not answer",
      { homeserver: "https://nobody.test", alice: { accessToken: "a" }, bob: { accessToken: "b" } },
      "homeserver_unreachable",
      /^(Alice|Bob) cannot sign in\. https:\/\/nobody\.test does not answer\. Is its address right, and is it up\?$/,
    ],
    [
      "what is no homeserver",
      { homeserver: "https://page.test", alice: { accessToken: "a" }, bob: { accessToken: "b" } },
      "not_a_homeserver",
      /^(Alice|Bob) cannot sign in\. What answers at https:\/\/page\.test is no Matrix homeserver\.$/,
    ],
    [
      "nothing to sign in with",
      { ...secret, alice: {}, bob: {} },
      "invalid_option",
      /Give a user name and a password, or an access token\.$/,
    ],
    ["a password that is wrong", secret, "forbidden", /^(Alice|Bob) cannot sign in\. The homeserver says: /],
    [
      "a token that is unknown",
      { ...secret, alice: { accessToken: "a" }, bob: { accessToken: "b" } },
      "unknown_token",
      /^(Alice|Bob) cannot sign in\. The homeserver says: /,
    ],
  ] as const)("%s", async (_, settings, code, message) => {
    using other = createHomeserver();
    other.createUser("alice");
    const { alice, bob } = openDemo({ settings, others: { "https://other.test": other } });
    for (const phone of [alice, bob]) {
      await phone.sees("Not connected");
      expect(phone.help()).toEqual([expect.stringMatching(message), code]);
      expect([phone.buttons(), phone.root().dataset.mood]).toEqual([[], "stopped"]);
    }
  });
});
