// The console: /admin#SECTION. Whoever is not signed in signs in here; the session is the cookie, which no script reads.

import "../theme-toggle.js";
import { call } from "../api.js";
import { el } from "../dom.js";
import { keys, sessions } from "./account.js";
import { attempt, field } from "./parts.js";
import { groups, people } from "./people.js";
import { roles } from "./roles.js";

const SECTIONS = [
  { name: "people", title: "People", needs: "users.read", draw: people },
  { name: "groups", title: "Groups", needs: "groups.read", draw: groups },
  { name: "roles", title: "Roles", needs: "roles.read", draw: roles },
  { name: "sessions", title: "Sessions", needs: "account.manage", draw: sessions },
  { name: "keys", title: "Keys", needs: "account.manage", draw: keys },
];
const $ = (id) => document.getElementById(id);
const navigation = document.querySelector("nav");
let drawn = 0;

addEventListener("hashchange", () => show());
await show();

async function show() {
  drawn += 1;
  const mine = drawn;
  try {
    const who = await call("/api/auth/whoami");
    const permissions = new Set(who.permissions);
    const open = SECTIONS.filter(({ needs }) => permissions.has(needs));
    if (who.kind !== "person" || open.length === 0) return signIn();
    const section = open.find(({ name }) => `#${name}` === location.hash) ?? open[0];
    const { items } = await call("/api/organizations?limit=200");
    const parts = await section.draw({ may: (name) => permissions.has(name), permissions, again: () => show() });
    // Somebody went to another section while this one was read.
    if (mine !== drawn) return;
    document.title = `${section.title} · Console`;
    $("place").replaceChildren(place(items, who.organization_id));
    $("sections").replaceChildren(...open.map(({ name, title }) => el("li", {}, el("a", { href: `#${name}`, "aria-current": name === section.name && "page" }, title))));
    navigation.hidden = false;
    $("view").replaceChildren(...parts);
  } catch (error) {
    if (error.status === 401) return signIn();
    const reason = error.status === 0 ? "The server cannot be reached, try again" : error.message;
    $("view").replaceChildren(el("p", { class: "problem", role: "alert" }, reason));
  }
}

/** The organisation that the session works in, and a choice where there are several. */
function place(organizations, current) {
  const here = organizations.find(({ id }) => id === current);
  if (organizations.length < 2) return el("span", {}, here?.name ?? "");
  const choice = el("select", { "aria-label": "Organisation", onchange: async () => {
    const done = await attempt(choice, () => call("/api/auth/organization", { method: "POST", body: { organization_id: choice.value } }));
    if (done) show();
    else choice.value = current;
  } }, ...organizations.map(({ id, name }) => el("option", { value: id, selected: id === current }, name)));
  return choice;
}

function signIn() {
  navigation.hidden = true;
  $("place").replaceChildren();
  document.title = "Sign in · Console";
  const form = el("form", { class: "sign-in", onsubmit: async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const body = { email: data.get("email"), password: data.get("password") };
    if (await attempt(form, () => call("/api/auth/login", { method: "POST", body }))) show();
  } },
  field("Mail address", { name: "email", type: "text", inputmode: "email", required: true, autocomplete: "username" }),
  field("Password", { name: "password", type: "password", required: true, autocomplete: "current-password" }),
  el("button", { type: "submit", class: "button" }, "Sign in"));
  $("view").replaceChildren(el("section", {}, el("h2", {}, "Sign in"), form));
}
