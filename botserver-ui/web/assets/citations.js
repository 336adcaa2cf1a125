// The passages that an answer leans on: numbers in its text lead to them, and each shows its document, page and words.
// Everything in them was written by others, so all of it becomes text, never markup.

import { el } from "./dom.js";
import { safeUrl } from "./markdown/render.js";
import { t } from "./text.js";

const NUMBERS = /\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]/g;

/** Makes links of the numbers in `prose`, and gives the list of sources that they lead to; null without any. */
export function cite(prose, citations) {
  if (citations.length === 0) return null;
  const sources = new Map(citations.map((citation) => [citation.number, source(citation)]));
  for (const text of texts(prose)) {
    const parts = linked(text.data, sources);
    if (parts.length > 1) text.replaceWith(...parts);
  }
  return el("section", { class: "sources", "aria-label": t("sources") }, el("h2", {}, t("sources")), ...sources.values());
}

/** The texts of `prose` outside of code, links and buttons. */
function texts(prose) {
  const walker = document.createTreeWalker(prose, NodeFilter.SHOW_TEXT, (node) => (node.parentElement.closest("code, a, button, figure") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
  const found = [];
  while (walker.nextNode()) found.push(walker.currentNode);
  return found;
}

function linked(text, sources) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(NUMBERS)) {
    const numbers = match[1].split(/[,;]/).map(Number).filter((number) => sources.has(number));
    if (numbers.length === 0) continue;
    parts.push(text.slice(at, match.index), ...numbers.map((number) => reference(number, sources.get(number))));
    at = match.index + match[0].length;
  }
  return [...parts, text.slice(at)];
}

function reference(number, target) {
  const label = t("source", { number, title: target.dataset.title });
  return el("button", { type: "button", class: "cite", "aria-label": label, title: label, onclick: () => show(target) }, String(number));
}

function show(target) {
  target.open = true;
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.scrollIntoView({ block: "nearest", behavior: smooth ? "smooth" : "instant" });
  target.querySelector("summary").focus({ preventScroll: true });
}

function source({ number, title, document: path, collection, page, headings = [], passage, url }) {
  const name = title || path;
  const place = [page ? t("page", { page }) : null, headings.length > 0 ? headings.join(" › ") : null].filter(Boolean).join(" · ");
  const address = url ? safeUrl(url) : null;
  return el("details", { class: "source", "data-title": name, "data-number": String(number) },
    el("summary", {}, el("span", { class: "number", "aria-hidden": "true" }, String(number)), el("span", { dir: "auto" }, name), place ? el("small", { dir: "auto" }, place) : null),
    el("blockquote", { dir: "auto" }, passage),
    el("p", { class: "origin" }, el("span", { dir: "auto" }, `${collection} / ${path}`),
      address ? el("a", { href: address.href, target: "_blank", rel: "noopener noreferrer nofollow" }, t("open_document")) : null));
}
