// Block Markdown to a list of plain objects: what models write, with line ends kept as people see them.

const MAX_DEPTH = 12;
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const QUOTE = /^ {0,3}>/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?:([ \t]+)(.*))?$/;
const DASHES = /^:?-+:?$/;

/** Lines of a text, with tabs at their beginning widened to four columns. */
export function toLines(text) {
  return text.replaceAll("\r\n", "\n").split("\n").map((line) => line.replace(/^[ \t]+/, (indent) => indent.replaceAll("\t", "    ")));
}

/** Blocks of `lines`. Each has `type` and `line`, the index of its first line. */
export function parseBlocks(lines, depth = 0) {
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (isBlank(lines[at])) {
      at += 1;
      continue;
    }
    const { block, next } = depth < MAX_DEPTH ? readBlock(lines, at, depth) : paragraph(lines, at, () => false);
    blocks.push({ ...block, line: at });
    at = next;
  }
  return blocks;
}

function readBlock(lines, at, depth) {
  const line = lines[at];
  if (FENCE.test(line)) return fence(lines, at);
  if (HEADING.test(line)) return { block: heading(line), next: at + 1 };
  if (RULE.test(line)) return { block: { type: "rule" }, next: at + 1 };
  if (QUOTE.test(line)) return quote(lines, at, depth);
  if (ITEM.test(line)) return list(lines, at, depth);
  if (startsTable(lines, at)) return table(lines, at);
  return paragraph(lines, at, startsBlock);
}

function isBlank(line) {
  return line.trim() === "";
}

function indentOf(line) {
  return line.length - line.trimStart().length;
}

/** Whether the line ends a paragraph before it. */
function startsBlock(lines, at) {
  const line = lines[at];
  if (FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || startsTable(lines, at)) return true;
  const item = ITEM.exec(line);
  return Boolean(item && item[4] && (!/\d/.test(item[2]) || parseInt(item[2], 10) === 1));
}

function paragraph(lines, at, ends) {
  let next = at + 1;
  while (next < lines.length && !isBlank(lines[next]) && !ends(lines, next)) next += 1;
  return { block: { type: "paragraph", text: lines.slice(at, next).join("\n").trim() }, next };
}

function heading(line) {
  const [all, marks] = HEADING.exec(line);
  let text = line.slice(all.length).trim();
  let end = text.length;
  while (text[end - 1] === "#") end -= 1;
  if (end === 0 || text[end - 1] === " ") text = text.slice(0, end).trim();
  return { type: "heading", level: marks.length, text };
}

function fence(lines, at) {
  const [, marks, info] = FENCE.exec(lines[at]);
  const indent = indentOf(lines[at]);
  const body = [];
  let next = at + 1;
  let closed = false;
  for (; next < lines.length; next += 1) {
    const line = lines[next].trim();
    if (line.length >= marks.length && line === marks[0].repeat(line.length)) {
      closed = true;
      next += 1;
      break;
    }
    body.push(lines[next].slice(Math.min(indent, indentOf(lines[next]))));
  }
  return { block: { type: "code", language: info.trim().split(/\s/)[0], text: body.join("\n"), closed }, next };
}

function quote(lines, at, depth) {
  let next = at;
  const body = [];
  while (next < lines.length && QUOTE.test(lines[next])) {
    body.push(lines[next].replace(/^ {0,3}> ?/, ""));
    next += 1;
  }
  return { block: { type: "quote", blocks: parseBlocks(body, depth + 1) }, next };
}

function list(lines, at, depth) {
  const first = ITEM.exec(lines[at]);
  const kind = markerKind(first[2]);
  const items = [];
  let loose = false;
  let next = at;
  while (next < lines.length) {
    const found = ITEM.exec(lines[next]);
    if (!found || markerKind(found[2]) !== kind || RULE.test(lines[next])) break;
    const item = readItem(lines, next, found);
    items.push(toItem(item.body, depth));
    loose ||= item.loose || (item.blankAfter && continues(lines, item.next, kind));
    next = item.next;
  }
  const ordered = /\d/.test(first[2]);
  return { block: { type: "list", ordered, start: ordered ? parseInt(first[2], 10) : null, loose, items }, next };
}

/** What may stand together in a list: the same bullet, or numbers with the same end. */
function markerKind(marker) {
  return marker.at(-1);
}

function continues(lines, at, kind) {
  const found = at < lines.length ? ITEM.exec(lines[at]) : null;
  return Boolean(found && markerKind(found[2]) === kind);
}

/** The lines of one item, without its marker and indentation. */
function readItem(lines, at, [, indent, marker, space = " ", text = ""]) {
  const width = indent.length + marker.length + (space.length > 4 ? 1 : space.length);
  const body = [space.length > 4 ? space.slice(1) + text : text];
  let next = at + 1;
  let blank = false;
  let loose = false;
  for (; next < lines.length; next += 1) {
    const line = lines[next];
    if (isBlank(line)) {
      blank = true;
      body.push("");
      continue;
    }
    const inside = indentOf(line) >= Math.min(width, indent.length + 2);
    if (!inside && (blank || startsBlock(lines, next) || ITEM.test(line))) break;
    loose ||= blank && inside;
    blank = false;
    body.push(inside ? line.slice(Math.min(width, indentOf(line))) : line);
  }
  return { body, next, loose, blankAfter: blank };
}

function toItem(body, depth) {
  const task = /^\[([ xX])\][ \t]+/.exec(body[0]);
  const lines = task ? [body[0].slice(task[0].length), ...body.slice(1)] : body;
  return { checked: task ? task[1] !== " " : null, blocks: parseBlocks(lines, depth + 1) };
}

/** The cells of a table's row; a bar after a backslash or in code is text. */
function cells(line) {
  const row = line.trim();
  const found = [];
  let cell = "";
  let code = false;
  for (let at = row.startsWith("|") ? 1 : 0; at < row.length; at += 1) {
    const character = row[at];
    if (character === "\\" && row[at + 1] === "|") {
      cell += "|";
      at += 1;
    } else if (character === "|" && !code) {
      found.push(cell.trim());
      cell = "";
    } else {
      if (character === "`") code = !code && row.indexOf("`", at + 1) > 0;
      cell += character;
    }
  }
  if (cell.trim() || !row.endsWith("|")) found.push(cell.trim());
  return found;
}

function startsTable(lines, at) {
  const below = lines[at + 1];
  if (!below || !lines[at].includes("|") || !below.includes("-") || !/^[\s|:-]+$/.test(below)) return false;
  const dashes = cells(below);
  return dashes.every((cell) => DASHES.test(cell)) && dashes.length === cells(lines[at]).length;
}

function table(lines, at) {
  const head = cells(lines[at]);
  const align = cells(lines[at + 1]).map((cell) => (cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "end") : null));
  const rows = [];
  let next = at + 2;
  while (next < lines.length && lines[next].includes("|") && !isBlank(lines[next])) {
    rows.push(cells(lines[next]).slice(0, head.length));
    next += 1;
  }
  return { block: { type: "table", head, align, rows }, next };
}
