// The page about the API: every operation of /api/openapi.json with its fields, its permission and a call to copy.

import "../theme-toggle.js";
import { call } from "../api.js";
import { copyButton, el } from "../dom.js";
import { Schemas } from "./schema.js";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];
const $ = (id) => document.getElementById(id);

try {
  show(await call("/api/openapi.json"));
} catch (error) {
  $("operations").replaceChildren(el("p", { class: "problem", role: "alert" }, `The description could not be loaded: ${error.message}. Reload the page to try again.`));
}

function show(document_) {
  const schemas = new Schemas(document_);
  const { title = "API", version = "", description } = document_.info ?? {};
  document.title = title;
  $("title").replaceChildren(title, version ? el("small", {}, ` ${version}`) : "");
  $("about").replaceChildren(description ? `${description} ` : "", el("a", { href: "/api/openapi.json" }, `OpenAPI ${document_.openapi}`));
  const groups = grouped(document_);
  $("operations").replaceChildren(...groups.map(([tag, operations]) =>
    el("section", { id: `group-${tag}`, "aria-labelledby": `title-${tag}` },
      el("h2", { id: `title-${tag}` }, tag),
      ...operations.map((operation) => operationView(operation, schemas, document_)))));
  $("groups").replaceChildren(...groups.map(([tag, { length }]) =>
    el("li", {}, el("a", { href: `#group-${tag}` }, tag), el("span", { class: "hint" }, ` ${length}`))));
  $("filter").addEventListener("input", filter);
  addEventListener("hashchange", openTarget);
  filter();
  openTarget();
}

/** Operations by their first tag, in the document's order. */
function grouped({ paths = {} }) {
  const groups = new Map();
  for (const [path, item] of Object.entries(paths)) {
    for (const method of METHODS.filter((one) => item[one])) {
      const operation = item[method];
      const tag = operation.tags?.[0] ?? "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push({ ...operation, path, method, parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])] });
    }
  }
  return [...groups].sort(([one], [other]) => one.localeCompare(other));
}

function operationView(operation, schemas, document_) {
  const { method, path, summary = "", description = "", operationId, deprecated } = operation;
  const permission = operation["x-permission"];
  const view = el("details", { class: "operation", id: operationId ?? `${method}-${path}` },
    el("summary", {},
      el("span", { class: `method ${method}` }, method.toUpperCase()), " ",
      el("code", {}, ...path.split(/(\{[^}]*\})/).map((part) => (part.startsWith("{") ? el("em", {}, part) : part))), " ",
      el("span", { class: deprecated ? "summary deprecated" : "summary" }, summary), " ",
      permission ? el("span", { class: "permission" }, permission) : null));
  view.dataset.words = [method, path, summary, description, permission, ...(operation.tags ?? [])].join(" ").toLowerCase();
  // Details are made when they are first wanted: a large interface opens as fast as a small one.
  view.addEventListener("toggle", () => {
    if (view.open && view.children.length === 1) view.append(body(operation, schemas, document_));
  });
  return view;
}

function body(operation, schemas, document_) {
  const { description, parameters, requestBody, responses = {} } = operation;
  const request = schemas.follow(requestBody);
  return el("div", { class: "body" },
    description ? el("p", {}, description) : null,
    parameters.length > 0 ? el("h3", {}, "Parameters") : null,
    parameters.length > 0 ? el("ul", { class: "fields" }, ...parameters.map((parameter) => parameterView(schemas.follow(parameter), schemas))) : null,
    ...content("Body", request.content, schemas, request.required),
    el("h3", {}, "Answers"),
    el("ul", { class: "answers" }, ...Object.entries(responses).map(([status, response]) => answerView(status, schemas.follow(response), schemas))),
    el("h3", {}, "Call"),
    sample(curl(operation, request, schemas, document_), "Copy the call"));
}

function parameterView({ name, in: place, required, description, schema }, schemas) {
  return el("li", {},
    el("code", { class: "name" }, name), " ",
    el("span", { class: "type" }, `${schemas.name(schema)} in ${place}`), " ",
    required ? el("span", { class: "required" }, "required") : null,
    description ? el("p", {}, description) : null);
}

function content(title, kinds, schemas, isRequired = false) {
  return Object.entries(kinds ?? {}).flatMap(([kind, { schema }]) => [
    el("h3", {}, title, " ", el("span", { class: "type" }, `${kind} · ${schemas.name(schema)}`), isRequired ? el("span", { class: "required" }, " required") : null),
    schemas.tree(schema),
    kind.includes("json") && schema ? sample(JSON.stringify(schemas.example(schema), null, 2), "Copy the example") : null,
  ]);
}

function answerView(status, { description, content: kinds }, schemas) {
  const parts = Object.entries(kinds ?? {}).map(([kind, { schema }]) => [kind, schema]);
  const head = [
    el("span", { class: `status s${status[0]}` }, status), " ", description ?? "", " ",
    ...parts.map(([kind, schema]) => el("span", { class: "type" }, `${kind}${schema ? ` · ${schemas.name(schema)}` : ""}`)),
  ];
  const trees = parts.map(([, schema]) => schema && schemas.tree(schema)).filter(Boolean);
  if (trees.length === 0) return el("li", {}, ...head);
  return el("li", {}, el("details", {}, el("summary", {}, ...head), ...trees));
}

function sample(text, label) {
  return el("div", { class: "sample" },
    el("pre", { tabindex: "0", role: "region", "aria-label": label.replace("Copy the ", "") }, el("code", {}, text)),
    copyButton(() => text, label, "Copied"));
}

/** The call for a shell. */
function curl({ method, path, parameters, "x-permission": permission, security }, request, schemas, document_) {
  const needed = parameters.map((one) => schemas.follow(one)).filter(({ in: place, required }) => place === "query" && required);
  const search = needed.map(({ name }) => `${encodeURIComponent(name)}=${name.toUpperCase()}`).join("&");
  const lines = [`curl${method === "get" ? "" : ` -X ${method.toUpperCase()}`} '${location.origin}${path}${search ? `?${search}` : ""}'`];
  const isOpen = permission === "public" || (security ?? document_.security ?? []).length === 0;
  if (!isOpen) lines.push("-H \"Authorization: Bearer $TOKEN\"");
  const [kind, media] = Object.entries(request.content ?? {})[0] ?? [];
  if (kind) lines.push(`-H 'Content-Type: ${kind}'`);
  if (kind?.includes("json") && media.schema) lines.push(`-d '${JSON.stringify(schemas.example(media.schema)).replaceAll("'", "'\\''")}'`);
  else if (kind) lines.push("--data-binary @FILE");
  return lines.join(" \\\n  ");
}

function filter() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const section of $("operations").querySelectorAll("section")) {
    let shown = 0;
    for (const view of section.querySelectorAll(".operation")) {
      view.hidden = !words.every((word) => view.dataset.words.includes(word));
      shown += Number(!view.hidden);
    }
    section.hidden = shown === 0;
    count += shown;
  }
  $("count").textContent = count === 1 ? "1 operation" : `${count} operations`;
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView();
}
