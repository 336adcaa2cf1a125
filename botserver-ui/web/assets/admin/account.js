// What somebody looks after for themselves: sessions and keys.

import { call } from "../api.js";
import { el } from "../dom.js";
import { act, all, field, form, moment, once, part, table } from "./parts.js";

/** The section of the person's own sessions. */
export async function sessions({ again }) {
  const found = await all("/api/auth/sessions");
  const rows = found.map((session) => ({
    cells: [session.device, session.is_current ? "This one" : "", moment(session.seen_at), moment(session.expires_at)],
    acts: [act("End", session.device, () => call(`/api/auth/sessions/${session.id}`, { method: "DELETE" }), again)],
  }));
  return [part("Sessions", table("Your sessions", ["Device", "Here", "Last used", "Ends"], rows, "No sessions."))];
}

/** The section of the person's own keys. */
export async function keys({ permissions, again }) {
  const { items } = await call("/api/auth/keys");
  const rows = items.map((key) => ({
    cells: [key.name, key.permissions.join(" "), moment(key.seen_at) || "Never", moment(key.expires_at)],
    acts: [act("Revoke", key.name, () => call(`/api/auth/keys/${key.id}`, { method: "DELETE" }), again)],
  }));
  const shown = el("div", {});
  const choices = [...permissions].filter((name) => name !== "account.manage").map((name) => [name, name]);
  const make = form("Make a key", [
    field("Name", { name: "name", required: true, maxlength: 200, autocomplete: "off" }),
    field("May do", { name: "permission", value: "chat.talk" }, choices),
    field("Days", { name: "days", type: "number", min: 1, max: 366, value: 90, required: true }),
  ], (data) => call("/api/auth/keys", { method: "POST", body: { name: data.get("name"), permissions: [data.get("permission")], days: Number(data.get("days")) } }), (made) => {
    shown.replaceChildren(once(`The key ${made.name} is shown this once.`, made.token));
  });
  return [part("Keys", table("Your keys", ["Name", "May do", "Last used", "Until"], rows, "No keys."), make, shown)];
}
