// Files in the conversation. They are given out against the session's token only, so a plain link could not open them:
// a click fetches and saves, and pictures are drawn on a canvas, which needs no address at all.

import { el, formatSize, icon } from "./dom.js";
import { safeUrl } from "./markdown/render.js";

const WIDEST_PX = 720;
const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** What each file of a message looks like. */
export function attachments(files, session) {
  return files.map((file) => attachment(file, session));
}

function attachment({ url, name, mime = "", size_bytes: size }, session) {
  const address = safeUrl(url ?? "");
  const label = [icon("file"), el("span", {}, name), size ? el("small", {}, formatSize(size)) : null];
  if (!address) return el("span", { class: "attachment" }, ...label);
  if (address.origin !== location.origin) {
    return el("a", { class: "attachment", href: address.href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...label);
  }
  const button = el("button", { type: "button", class: "attachment", onclick: () => save(address, name, session, button) }, ...label);
  if (PICTURES.includes(mime)) draw(address, name, session, button);
  return button;
}

async function load(address, session) {
  const response = await fetch(address, { headers: { Authorization: `Bearer ${session.token}` } });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.blob();
}

async function save(address, name, session, button) {
  button.disabled = true;
  try {
    const url = URL.createObjectURL(await load(address, session));
    el("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch {
    button.classList.add("gone");
  } finally {
    button.disabled = false;
  }
}

async function draw(address, name, session, button) {
  try {
    const picture = await createImageBitmap(await load(address, session));
    const scale = Math.min(1, WIDEST_PX / picture.width);
    const canvas = el("canvas", { role: "img", "aria-label": name });
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    button.replaceChildren(canvas);
  } catch {
    // The name stays in the picture's place.
  }
}

/** The name of a file that is on its way. */
export function fileName(name) {
  return el("span", { class: "attachment" }, icon("file"), el("span", {}, name));
}
