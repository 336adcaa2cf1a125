// Inline Markdown to a tree of plain objects. The text comes from a model and is not trusted: every scan is bounded,
// so that no input takes more than time linear in its length.

const MAX_OPEN = 100;
const MAX_DESTINATION = 2000;
const MAX_PARENTHESES = 32;
const SPACE = /\s/;
const PUNCTUATION = /[\p{P}\p{S}]/u;
const ESCAPABLE = "\\`*_{}[]()#+-.!|~<>\"'$%&,/:;=?@^";
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", hellip: "…", mdash: "—", ndash: "–", copy: "©" };

/**
 * Nodes of `text`: strings and `{ type, … }` with `children`. `breaks` takes `<br>` as a line break, which table cells
 * have no other way to say.
 */
export function parseInline(text, { breaks = false } = {}) {
  return new Scanner(text, breaks).run();
}

class Scanner {
  constructor(source, breaks) {
    this.source = source;
    this.breaks = breaks;
    this.at = 0;
    this.out = [];
    this.brackets = [];
    this.ticks = null;
  }

  run() {
    const plain = /[^\\`*_~[\]!<&h\n]+|h/y;
    while (this.at < this.source.length) {
      if (this.special(this.source[this.at])) continue;
      plain.lastIndex = this.at;
      const run = plain.exec(this.source)?.[0] ?? this.source[this.at];
      this.push(run);
      this.at += run.length;
    }
    return nest(this.out);
  }

  push(node) {
    const last = this.out.length - 1;
    if (typeof node === "string" && typeof this.out[last] === "string") this.out[last] += node;
    else this.out.push(node);
  }

  /** Handles what begins at the cursor and moves it; false when it is ordinary text. */
  special(character) {
    switch (character) {
      case "\\": return this.escape();
      case "`": return this.code();
      case "*": case "_": case "~": return this.delimiter(character);
      case "[": return this.open(false);
      case "!": return this.source[this.at + 1] === "[" && this.open(true);
      case "]": return this.close();
      case "<": return this.angle();
      case "&": return this.entity();
      case "h": return this.bareLink();
      case "\n": return this.lineBreak();
      default: return false;
    }
  }

  escape() {
    const next = this.source[this.at + 1];
    if (next === "\n") this.push({ type: "break" });
    else if (next && ESCAPABLE.includes(next)) this.push(next);
    else return false;
    this.at += 2;
    return true;
  }

  lineBreak() {
    const last = this.out.length - 1;
    if (typeof this.out[last] === "string") this.out[last] = this.out[last].trimEnd();
    this.push({ type: "break" });
    this.at += 1;
    while (this.source[this.at] === " ") this.at += 1;
    return true;
  }

  code() {
    this.ticks ??= tickRuns(this.source);
    let length = 1;
    while (this.source[this.at + length] === "`") length += 1;
    const runs = this.ticks.get(length);
    while (runs && runs.starts[runs.next] <= this.at) runs.next += 1;
    const end = runs?.starts[runs.next];
    if (end === undefined) {
      this.push("`".repeat(length));
      this.at += length;
      return true;
    }
    let value = this.source.slice(this.at + length, end).replaceAll("\n", " ");
    if (value.length > 2 && value.startsWith(" ") && value.endsWith(" ") && value.trim()) value = value.slice(1, -1);
    this.push({ type: "code", value });
    this.at = end + length;
    return true;
  }

  delimiter(character) {
    let length = 1;
    while (this.source[this.at + length] === character) length += 1;
    const before = this.source[this.at - 1] ?? " ";
    const after = this.source[this.at + length] ?? " ";
    const spaceAfter = SPACE.test(after);
    const spaceBefore = SPACE.test(before);
    const left = !spaceAfter && (!PUNCTUATION.test(after) || spaceBefore || PUNCTUATION.test(before));
    const right = !spaceBefore && (!PUNCTUATION.test(before) || spaceAfter || PUNCTUATION.test(after));
    const within = character === "_";
    const opens = left && (!within || !right || PUNCTUATION.test(before));
    const closes = right && (!within || !left || PUNCTUATION.test(after));
    if (character === "~" && length !== 2) this.push(character.repeat(length));
    else this.out.push({ type: "delimiter", character, length, opens, closes });
    this.at += length;
    return true;
  }

  open(image) {
    if (this.brackets.length < MAX_OPEN) {
      this.brackets.push({ index: this.out.length, image, from: this.at });
      this.out.push({ type: "bracket", text: image ? "![" : "[" });
    } else {
      this.push(image ? "![" : "[");
    }
    this.at += image ? 2 : 1;
    return true;
  }

  close() {
    const bracket = this.brackets.pop();
    const target = bracket && this.source[this.at + 1] === "(" ? destination(this.source, this.at + 2) : null;
    if (!target) {
      this.push("]");
      this.at += 1;
      return true;
    }
    const children = nest(this.out.splice(bracket.index).slice(1));
    const source = this.source.slice(bracket.from, target.end);
    if (bracket.image) {
      this.push({ type: "image", href: target.href, alt: plainText(children), source });
    } else {
      this.push({ type: "link", href: target.href, children: withoutLinks(children), source });
      // Links do not nest: what opened before this one can only be an image.
      this.brackets = this.brackets.filter((open) => open.image);
    }
    this.at = target.end;
    return true;
  }

  angle() {
    const rest = this.source.slice(this.at, this.at + MAX_DESTINATION);
    const link = /^<((?:https?:\/\/|mailto:)[^\s<>]+)>/i.exec(rest);
    if (link) {
      this.push({ type: "link", href: link[1], children: [link[1].replace(/^mailto:/i, "")], source: link[0] });
      this.at += link[0].length;
      return true;
    }
    const newline = this.breaks && /^<br\s?\/?>/i.exec(rest);
    if (!newline) return false;
    this.push({ type: "break" });
    this.at += newline[0].length;
    return true;
  }

  entity() {
    const found = /^&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w{2,8}));/.exec(this.source.slice(this.at, this.at + 12));
    if (!found) return false;
    const code = found[1] ? Number(found[1]) : parseInt(found[2], 16);
    const value = found[3] ? (Object.hasOwn(ENTITIES, found[3]) ? ENTITIES[found[3]] : null) : code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : null;
    if (!value) return false;
    this.push(value);
    this.at += found[0].length;
    return true;
  }

  bareLink() {
    if (!this.source.startsWith("http", this.at) || /\w/.test(this.source[this.at - 1] ?? " ")) return false;
    const found = /^https?:\/\/[^\s<>`[\]|]+/.exec(this.source.slice(this.at, this.at + MAX_DESTINATION));
    if (!found) return false;
    const href = withoutTail(found[0]);
    if (href.length < 9) return false;
    this.push({ type: "link", href, children: [href], source: href });
    this.at += href.length;
    return true;
  }
}

/** The starts of all runs of backticks by the run's length, each list with a cursor. */
function tickRuns(source) {
  const runs = new Map();
  for (const match of source.matchAll(/`+/g)) {
    const length = match[0].length;
    if (!runs.has(length)) runs.set(length, { starts: [], next: 0 });
    runs.get(length).starts.push(match.index);
  }
  return runs;
}

/** A bare address without the punctuation of the sentence around it. */
function withoutTail(address) {
  let end = address.length;
  let surplus = address.split(")").length - address.split("(").length;
  while (end > 0) {
    const last = address[end - 1];
    const closes = last === ")" && surplus > 0;
    if (!".,;:!?'\"*_~".includes(last) && !closes) break;
    if (closes) surplus -= 1;
    end -= 1;
  }
  return address.slice(0, end);
}

/** The target of a link after its `](`: its address and where it ends, or null. */
function destination(source, from) {
  let at = from;
  const limit = Math.min(source.length, from + MAX_DESTINATION);
  const skip = () => {
    while (at < limit && SPACE.test(source[at])) at += 1;
  };
  skip();
  let href = "";
  if (source[at] === "<") {
    const inner = /^<([^<>\n]*)>/.exec(source.slice(at, limit));
    if (!inner) return null;
    href = inner[1];
    at += inner[0].length;
  } else {
    let depth = 0;
    for (; at < limit; at += 1) {
      const character = source[at];
      if (SPACE.test(character)) break;
      if (character === "\\" && ESCAPABLE.includes(source[at + 1] ?? " ")) at += 1;
      else if (character === "(" && ++depth > MAX_PARENTHESES) return null;
      else if (character === ")" && depth-- === 0) break;
      href += source[at];
    }
  }
  skip();
  const quote = { '"': '"', "'": "'", "(": ")" }[source[at]];
  if (quote) {
    const length = source.slice(at + 1, limit).indexOf(quote);
    if (length < 0) return null;
    at += length + 2;
    skip();
  }
  return at < limit && source[at] === ")" ? { href, end: at + 1 } : null;
}

/** Pairs the delimiters of emphasis; whatever has no partner stays text. */
function nest(nodes) {
  const frames = [{ children: [] }];
  const add = (node) => {
    const { children } = frames.at(-1);
    if (typeof node === "string" && typeof children.at(-1) === "string") children[children.length - 1] += node;
    else children.push(node);
  };
  const collapse = () => {
    const frame = frames.pop();
    add(frame.character.repeat(frame.length));
    frame.children.forEach(add);
  };
  for (const node of nodes) {
    if (node.type === "bracket") add(node.text);
    else if (node.type === "delimiter") pair(node, frames, add, collapse);
    else add(node);
  }
  while (frames.length > 1) collapse();
  return frames[0].children;
}

function pair(node, frames, add, collapse) {
  let left = node.length;
  while (node.closes && left > 0) {
    const index = frames.findLastIndex((frame) => frame.character === node.character);
    if (index < 1) break;
    while (frames.length - 1 > index) collapse();
    const frame = frames[index];
    const used = frame.length >= 2 && left >= 2 ? 2 : 1;
    const type = node.character === "~" ? "strike" : used === 2 ? "strong" : "emphasis";
    const wrapped = { type, children: frame.children };
    frame.length -= used;
    left -= used;
    if (frame.length === 0) {
      frames.pop();
      add(wrapped);
    } else {
      frame.children = [wrapped];
    }
  }
  if (left === 0) return;
  if (node.opens && frames.length < MAX_OPEN) frames.push({ character: node.character, length: left, children: [] });
  else add(node.character.repeat(left));
}

/** The words of nodes, for texts that cannot hold markup. */
export function plainText(nodes) {
  return nodes.map((node) => (typeof node === "string" ? node : node.value ?? node.alt ?? (node.type === "break" ? "\n" : plainText(node.children ?? [])))).join("");
}

function withoutLinks(nodes) {
  return nodes.flatMap((node) => {
    if (node.type === "link") return withoutLinks(node.children);
    return node.children ? [{ ...node, children: withoutLinks(node.children) }] : [node];
  });
}
