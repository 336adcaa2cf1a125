// Parsed Markdown to elements. Only the element kinds named here can come into being, and no address is loaded or
// followed without the visitor's click, except pictures of this very server.

import { copyButton, el } from "../dom.js";
import { t } from "../text.js";
import { toLines, parseBlocks } from "./blocks.js";
import { parseInline, plainText } from "./inline.js";

/** The whole text at once. */
export function renderMarkdown(text) {
  return parseBlocks(toLines(text)).map(renderBlock);
}

/** One block's element. */
export function renderBlock(block) {
  switch (block.type) {
    case "heading": return el(`h${Math.min(block.level + 1, 6)}`, { class: `level-${block.level}`, dir: "auto" }, ...inline(block.text));
    case "rule": return el("hr");
    case "code": return code(block);
    case "quote": return el("blockquote", { dir: "auto" }, ...block.blocks.map(renderBlock));
    case "list": return list(block);
    case "table": return table(block);
    default: return el("p", { dir: "auto" }, ...inline(block.text));
  }
}

function inline(text, options) {
  return renderNodes(parseInline(text, options));
}

function renderNodes(nodes) {
  return nodes.map((node) => {
    if (typeof node === "string") return node;
    switch (node.type) {
      case "code": return el("code", { dir: "ltr" }, node.value);
      case "strong": return el("strong", {}, ...renderNodes(node.children));
      case "emphasis": return el("em", {}, ...renderNodes(node.children));
      case "strike": return el("del", {}, ...renderNodes(node.children));
      case "break": return el("br");
      case "link": return link(node.href, renderNodes(node.children), node.source);
      case "image": return image(node);
      default: return plainText([node]);
    }
  });
}

/** The address as a URL when it is of a kind that may be shown as a link, else null. */
export function safeUrl(href) {
  try {
    const url = new URL(href.trim(), location.origin);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

function link(href, children, source) {
  const url = safeUrl(href);
  if (!url) return source;
  return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow", title: url.href }, ...children);
}

function image({ href, alt, source }) {
  const url = safeUrl(href);
  if (!url) return source;
  const instead = () => link(url.href, [alt || url.href], source);
  if (url.origin !== location.origin) return instead();
  const picture = el("img", { src: url.href, alt, loading: "lazy", decoding: "async" });
  picture.addEventListener("error", () => picture.replaceWith(instead()));
  return picture;
}

function code({ language, text }) {
  const body = el("code", { dir: "ltr" }, text);
  return el("figure", { class: "code", "data-language": language },
    el("figcaption", {}, el("span", {}, language || t("code")), copyButton(() => body.textContent, t("copy"), t("copied"))),
    el("pre", { tabindex: "0", "aria-label": language || t("code"), role: "region" }, body));
}

/** Gives a code block new text in place, so that its button keeps the focus while an answer streams. */
export function updateCode(figure, { language, text }) {
  const body = figure.querySelector("code");
  if (figure.dataset.language !== language || !text.startsWith(body.textContent)) return false;
  body.append(text.slice(body.textContent.length));
  body.normalize();
  return true;
}

function list({ ordered, start, loose, items }) {
  return el(ordered ? "ol" : "ul", { start: ordered && start !== 1 ? String(start) : null, dir: "auto" }, ...items.map((item) => listItem(item, loose)));
}

function listItem({ checked, blocks }, loose) {
  const children = blocks.flatMap((block, index) => {
    const bare = block.type === "paragraph" && (!loose || (checked !== null && index === 0));
    return bare ? inline(block.text) : [renderBlock(block)];
  });
  if (checked === null) return el("li", {}, ...children);
  const box = el("span", { class: checked ? "box checked" : "box", role: "img", "aria-label": checked ? t("done") : t("open_task") });
  return el("li", { class: "task" }, box, el("span", {}, ...children));
}

function table({ head, align, rows }) {
  const cell = (tag, text, column) => el(tag, { class: align[column], dir: "auto", scope: tag === "th" ? "col" : null }, ...inline(text, { breaks: true }));
  return el("div", { class: "table", tabindex: "0", role: "region", "aria-label": t("table") },
    el("table", {},
      el("thead", {}, el("tr", {}, ...head.map((text, column) => cell("th", text, column)))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...head.map((_, column) => cell("td", row[column] ?? "", column)))))));
}
