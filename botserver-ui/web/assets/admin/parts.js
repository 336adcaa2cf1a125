// What the sections of the console share: tables, forms, and a place for what went wrong.

import { call } from "../api.js";
import { announce, copyButton, el } from "../dom.js";

/** Everything of a list that comes in pages. */
export async function all(path) {
  const items = [];
  let next = null;
  do {
    const page = await call(`${path}?limit=200${next ? `&after=${encodeURIComponent(next)}` : ""}`);
    items.push(...page.items);
    next = page.next ?? null;
  } while (next);
  return items;
}

/** A part of a section with its heading. */
export function part(title, ...children) {
  return el("section", {}, el("h2", {}, title), ...children);
}

/** A table; each row is a list of cells, texts or elements. */
export function table(caption, heads, rows, empty) {
  if (rows.length === 0) return el("p", { class: "hint" }, empty);
  const head = el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)), el("th", { scope: "col" }, el("span", { class: "visually-hidden" }, "Actions")));
  const body = rows.map(({ cells, acts = [] }) => el("tr", {}, ...cells.map((cell) => el("td", {}, cell)), el("td", { class: "acts" }, ...acts)));
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, el("table", {}, el("caption", { class: "visually-hidden" }, caption), el("thead", {}, head), el("tbody", {}, ...body)));
}

/** A button that does something and has the section drawn again. */
export function act(label, name, work, done) {
  const button = el("button", { type: "button", class: "button quiet small", "aria-label": `${label} ${name}`, onclick: async () => {
    button.disabled = true;
    if (await attempt(button, work)) done();
    else button.disabled = false;
  } }, label);
  return button;
}

let fields = 0;

/** A labelled field. `options` makes it a choice of `[value, text]`. */
export function field(label, properties, options = null) {
  fields += 1;
  const id = `field-${fields}`;
  const input = options
    ? el("select", { id, ...properties }, ...options.map(([value, text]) => el("option", { value, selected: value === properties.value }, text)))
    : el("input", { id, ...properties });
  return el("div", {}, el("label", { for: id }, label), input);
}

/** A form in a row; `work` gets its values by name, and what it gives is shown where it stands. */
export function form(submit, children, work, done) {
  const button = el("button", { type: "submit", class: "button" }, submit);
  const element = el("form", { class: "row", onsubmit: async (event) => {
    event.preventDefault();
    button.disabled = true;
    const data = new FormData(element);
    const shown = await attempt(element, () => work(data));
    button.disabled = false;
    if (shown) done(shown);
  } }, ...children, button);
  return element;
}

/** Something that is shown once, such as a key or an address. */
export function once(text, secret) {
  return el("div", { class: "secret-once" }, el("p", {}, text), el("code", {}, secret), copyButton(() => secret, "Copy", "Copied"));
}

/** Does `work`; what goes wrong is said after `place`. */
export async function attempt(place, work) {
  const around = place.closest("section") ?? place.parentElement;
  around.querySelector(":scope > .problem")?.remove();
  try {
    return (await work()) ?? true;
  } catch (error) {
    const details = (error.problem?.errors ?? []).map(({ field, detail }) => `${field} ${detail}`);
    const reason = error.status === 0 ? "The server cannot be reached, try again" : error.message;
    around.append(el("p", { class: "problem", role: "alert" }, [reason, ...details].join("; ")));
    announce(reason);
    return null;
  }
}

/** A moment for people. */
export function moment(text) {
  return text ? new Date(text).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }) : "";
}
