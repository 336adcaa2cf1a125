// Roles, and who was granted which.

import { call } from "../api.js";
import { el } from "../dom.js";
import { act, all, field, form, moment, part, table } from "./parts.js";

/** The section of roles and grants. */
export async function roles({ may, permissions, again }) {
  const [{ items: found }, grants, members, groups] = await Promise.all([call("/api/roles"), all("/api/grants"), all("/api/members"), may("groups.read") ? all("/api/groups") : []]);
  const people = members.map(({ person_id, name }) => [`person ${person_id}`, name]);
  const sets = groups.map(({ id, name }) => [`group ${id}`, `Group ${name}`]);
  const names = new Map([...people, ...sets]);
  const rows = found.map((role) => ({
    cells: [role.name, role.description, String(role.permissions.length)],
    acts: !role.is_built_in && may("roles.write") ? [act("Remove", role.name, () => call(`/api/roles/${role.name}`, { method: "DELETE" }), again)] : [],
  }));
  const granted = grants.map((grant) => {
    const subject = names.get(`${grant.subject_kind} ${grant.subject_id}`) ?? `${grant.subject_kind} ${grant.subject_id}`;
    return {
      cells: [grant.role, subject, moment(grant.expires_at) || "For good"],
      acts: may("roles.grant") ? [act("Take back", `${grant.role} from ${subject}`, () => call(`/api/grants/${grant.id}`, { method: "DELETE" }), again)] : [],
    };
  });
  const give = may("roles.grant") && names.size > 0 && form("Grant", [
    field("Role", { name: "role", value: "member" }, found.filter(({ name }) => !["visitor", "server_admin"].includes(name)).map(({ name }) => [name, name])),
    field("To", { name: "to" }, [...names]),
    field("Days", { name: "days", type: "number", min: 1, max: 3660, placeholder: "For good" }),
  ], (data) => {
    const [kind, id] = data.get("to").split(" ");
    const days = Number(data.get("days"));
    return call("/api/grants", { method: "POST", body: { role: data.get("role"), subject_kind: kind, subject_id: id, ...(days ? { days } : {}) } });
  }, again);
  const boxes = el("fieldset", {}, el("legend", {}, "Permissions"), ...[...permissions].map((name) => el("label", {}, el("input", { type: "checkbox", name: "permission", value: name }), name)));
  const make = may("roles.write") && form("Make a role", [
    field("Name", { name: "name", required: true, pattern: "[a-z0-9]([a-z0-9_\\-]{0,61}[a-z0-9])?", maxlength: 63, autocomplete: "off" }),
    boxes,
  ], (data) => call("/api/roles", { method: "POST", body: { name: data.get("name"), permissions: data.getAll("permission") } }), again);
  return [
    part("Grants", table("What is granted", ["Role", "To", "Until"], granted, "Nothing is granted beyond what people are."), ...[give].filter(Boolean)),
    part("Roles", table("Roles", ["Name", "For", "Permissions"], rows, "No roles."), ...[make].filter(Boolean)),
  ];
}
