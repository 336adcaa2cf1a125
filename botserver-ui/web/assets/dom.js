// Makes elements without ever parsing markup: text stays text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with properties and children. `on…` keys are listeners, `class` and the rest are attributes; null and
 * false leave an attribute out.
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  // Children first: with `dir="auto"` already set, each of them would have the direction of the whole worked out again.
  element.append(...children.filter((child) => child !== null && child !== undefined));
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "disabled" || name === "hidden") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

const SHAPES = {
  send: ["M12 19V5", "M5.5 11.5 12 5l6.5 6.5"],
  stop: ["M8 8h8v8H8z"],
  down: ["M12 5v14", "M5.5 12.5 12 19l6.5-6.5"],
  copy: ["M9 9h10v10H9z", "M15 9V5H5v10h4"],
  check: ["m5 12.5 4.5 4.5L19 7.5"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  plus: ["M12 5v14", "M5 12h14"],
  sun: ["M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z", "M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2", "M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"],
  moon: ["M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z"],
  eye: ["M2.5 12s3.5-6 9.5-6 9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6z", "M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z"],
  text: ["M5 7V5h14v2", "M12 5v14", "M9.5 19h5"],
  file: ["M6 3.5h8l4 4v13H6z", "M14 3.5v4h4"],
  alert: ["M12 4 2.8 19.5h18.4z", "M12 10v4", "M12 16.8v.2"],
};

/** A line drawing that follows the text's colour and is silent to screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  for (const shape of SHAPES[name] ?? []) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", shape);
    svg.append(path);
  }
  return svg;
}

/** A button that shows only an icon; its label is for screen readers and the pointer's hint. */
export function iconButton(name, label, onclick, properties = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...properties }, icon(name));
}

/** Reads `text` to screen readers once, without showing it. */
export function announce(text) {
  const place = document.getElementById("announcer");
  if (!place || !text) return;
  const line = el("p", {}, text);
  place.append(line);
  setTimeout(() => line.remove(), 10_000);
}

/** Copies text, also where the clipboard interface is missing (plain HTTP). */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { class: "visually-hidden", "aria-hidden": "true", readonly: true, value: text });
    const before = document.activeElement;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    before?.focus({ preventScroll: true });
    return copied;
  }
}

/** A copy button that says for a moment that it worked; `read` gives the text. */
export function copyButton(read, label, done) {
  const button = iconButton("copy", label, async () => {
    if (!(await copyText(read()))) return;
    button.replaceChildren(icon("check"));
    announce(done);
    setTimeout(() => button.replaceChildren(icon("copy")), 1600);
  }, { class: "icon-button copy" });
  return button;
}

/** A size for people, in powers of ten. */
export function formatSize(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size.toLocaleString(document.documentElement.lang, { maximumFractionDigits: size < 10 && unit > 0 ? 1 : 0 })} ${units[unit]}`;
}
