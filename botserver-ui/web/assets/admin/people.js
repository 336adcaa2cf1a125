// People, invitations and groups.

import { call } from "../api.js";
import { el } from "../dom.js";
import { act, all, attempt, field, form, moment, once, part, table } from "./parts.js";

const ROLES = [["member", "Member"], ["operator", "Operator"], ["manager", "Manager"], ["admin", "Administrator"], ["server_admin", "Server administrator"]];

/** The section of members and invitations. */
export async function people({ may, again }) {
  const [members, invitations] = await Promise.all([all("/api/members"), all("/api/invitations")]);
  const rows = members.map((member) => {
    const path = `/api/members/${member.person_id}`;
    const change = (body) => call(path, { method: "PATCH", body });
    const role = el("select", { "aria-label": `Role of ${member.name}`, disabled: !may("users.write"), onchange: async () => {
      if (!(await attempt(role, () => change({ role: role.value })))) role.value = member.role;
    } }, ...ROLES.map(([value, text]) => el("option", { value, selected: value === member.role }, text)));
    const acts = may("users.write") ? [
      act(member.suspended ? "Let in" : "Suspend", member.name, () => change({ suspended: !member.suspended }), again),
      act("Take out", member.name, () => call(path, { method: "DELETE" }), again),
    ] : [];
    return { cells: [member.name, member.email, role, member.suspended ? "Suspended" : "Active"], acts };
  });
  const open = invitations.map((invitation) => ({
    cells: [invitation.email, invitation.role, moment(invitation.expires_at)],
    acts: may("users.invite") ? [act("Take back", invitation.email, () => call(`/api/invitations/${invitation.id}`, { method: "DELETE" }), again)] : [],
  }));
  const sent = el("div", {});
  const invite = may("users.invite") && form("Invite", [
    field("Mail address", { name: "email", type: "email", required: true, autocomplete: "off" }),
    field("Role", { name: "role", value: "member" }, ROLES),
  ], (data) => call("/api/invitations", { method: "POST", body: { email: data.get("email"), role: data.get("role") } }), (made) => {
    sent.replaceChildren(once(`Give this address to ${made.invitation.email}. It works once.`, made.url));
  });
  return [
    part("People", table("People of the organisation", ["Name", "Mail address", "Role", "State"], rows, "Nobody.")),
    part("Invitations", table("Open invitations", ["Mail address", "Role", "Until"], open, "No open invitations."), ...[invite].filter(Boolean), sent),
  ];
}

/** The section of groups. */
export async function groups({ may, again }) {
  const [found, members] = await Promise.all([all("/api/groups"), all("/api/members")]);
  const names = new Map(found.map(({ id, name }) => [id, name]));
  const byId = new Map(members.map((member) => [member.person_id, member]));
  const inside = await Promise.all(found.map(({ id }) => all(`/api/groups/${id}/members`)));
  const rows = found.map((group, index) => ({
    cells: [group.name, names.get(group.parent_id) ?? "", String(inside[index].length), group.description],
    acts: may("groups.write") ? [act("Remove", group.name, () => call(`/api/groups/${group.id}`, { method: "DELETE" }), again)] : [],
  }));
  const create = may("groups.write") && form("Make a group", [
    field("Name", { name: "name", required: true, maxlength: 200, autocomplete: "off" }),
    field("Inside", { name: "parent", value: "" }, [["", "No group"], ...names]),
  ], (data) => call("/api/groups", { method: "POST", body: { name: data.get("name"), parent_id: data.get("parent") || null } }), again);
  const parts = [part("Groups", table("Groups of the organisation", ["Name", "Inside", "People", "For"], rows, "No groups."), ...[create].filter(Boolean))];
  found.forEach((group, index) => {
    const path = (person) => `/api/groups/${group.id}/members/${person}`;
    const people = inside[index].map((id) => {
      const name = byId.get(id)?.name ?? id;
      return { cells: [name, byId.get(id)?.email ?? ""], acts: may("groups.members") ? [act("Take out", name, () => call(path(id), { method: "DELETE" }), again)] : [] };
    });
    const others = members.filter(({ person_id }) => !inside[index].includes(person_id));
    const add = may("groups.members") && others.length > 0 && form("Add", [
      field("Person", { name: "person" }, others.map(({ person_id, name, email }) => [person_id, `${name} (${email})`])),
    ], (data) => call(path(data.get("person")), { method: "PUT" }), again);
    parts.push(part(group.name, table(`People in ${group.name}`, ["Name", "Mail address"], people, "Nobody."), ...[add].filter(Boolean)));
  });
  return parts;
}
