// What each kind of HEAR looks like in the message field.

import { el, icon, iconButton } from "./dom.js";
import { upload } from "./upload.js";
import { t } from "./text.js";

// Attributes of a one-line field; kinds that are not here are written in the ordinary field. Addresses and numbers are
// plain text fields with a fitting keyboard: the bot judges them, and its own question says what is missing.
const LINES = {
  date: { type: "date", isPicker: true },
  hour: { type: "time", isPicker: true },
  color: { type: "color", isPicker: true },
  integer: { inputmode: "numeric", autocomplete: "off" },
  float: { inputmode: "decimal", autocomplete: "off" },
  money: { inputmode: "decimal", autocomplete: "off" },
  email: { inputmode: "email", autocomplete: "email", autocapitalize: "off", spellcheck: "false" },
  mobile: { type: "tel", autocomplete: "tel" },
  url: { inputmode: "url", autocomplete: "url", autocapitalize: "off", spellcheck: "false" },
  name: { autocomplete: "name", autocapitalize: "words", spellcheck: "false" },
  zipcode: { autocomplete: "postal-code" },
  language: { autocomplete: "language" },
  cpf: { inputmode: "numeric", autocomplete: "off" },
  cnpj: { inputmode: "numeric", autocomplete: "off" },
  uuid: { autocomplete: "off", autocapitalize: "off", spellcheck: "false" },
  creditcard: { inputmode: "numeric", autocomplete: "cc-number" },
  password: { type: "password", autocomplete: "off", isSecret: true },
};

const FILES = { image: "image/*", video: "video/*", audio: "audio/*", file: null, document: ".pdf,.doc,.docx,.odt,.rtf,.txt,.md,.xls,.xlsx,.ods,.csv,.ppt,.pptx,.odp" };

/** Whether the kind wants a file. */
export function isFileKind(kind) {
  return Object.hasOwn(FILES, kind);
}

/** The one-line field of a kind as `{ field, isPicker, isSecret }`, or null when the ordinary field serves. */
export function lineFor(input) {
  if (!Object.hasOwn(LINES, input.type)) return null;
  const { isPicker = false, isSecret = false, type = "text", ...attributes } = LINES[input.type];
  const field = el("input", { id: "message", class: "line", type, enterkeyhint: "send", placeholder: input.default ?? t(input.type), ...attributes });
  if (type === "color") field.value = /^#[0-9a-f]{6}$/i.test(input.default ?? "") ? input.default : "#3f6f5f";
  return { field, isPicker, isSecret };
}

/** What a secret or a card number looks like in the visitor's own message. */
export function disguise(kind, content) {
  if (kind === "creditcard") return { shown: `•••• ${content.replace(/\D/g, "").slice(-4)}`, secret: false };
  return { shown: null, secret: kind === "password" };
}

/** The button that shows a secret while it is held on. */
export function eyeButton(field) {
  const button = iconButton("eye", t("show_secret"), () => {
    const isShown = field.type === "text";
    field.type = isShown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!isShown));
    field.focus();
  }, { "aria-pressed": "false" });
  return button;
}

/** Buttons of a yes-or-no question or a menu; `onpick` gets the answer. */
export function choices(input, onpick) {
  const options = input.type === "boolean" ? [t("yes"), t("no")] : input.options ?? [];
  if (options.length === 0) return null;
  return el("div", { class: "choices", role: "group", "aria-label": t("choices") },
    ...options.map((option) => el("button", { type: "button", class: "choice", dir: "auto", onclick: () => onpick(option) }, option)));
}

/** The button that takes the default, as an empty answer does. */
export function defaultButton(input, onpick) {
  if (input.default === undefined || input.default === null || input.type === "password") return null;
  return el("button", { type: "button", class: "choice quiet", onclick: onpick }, t("use_default", { value: input.default }));
}

/** A place to choose, drop or paste a file; `onsent` gets the uploaded one. `take` begins with a file from elsewhere. */
export function fileDrop(input, session, onsent) {
  const chooser = el("input", { type: "file", class: "visually-hidden", id: "file-chooser", accept: FILES[input.type] });
  const label = el("label", { for: "file-chooser", class: "choose" }, icon("file"), el("strong", {}, t(input.type)), el("span", { class: "hint" }, t("drop_file")));
  const status = el("p", { class: "upload-status", role: "status" });
  const drop = el("div", { class: "drop" }, chooser, label, status);

  const take = async (file) => {
    if (!file || drop.classList.contains("busy")) return;
    const bar = el("progress", { max: "1", value: 0, "aria-label": t("uploading", { name: file.name }) });
    const running = upload(session, file, (part) => (bar.value = part));
    const cancel = iconButton("close", t("cancel"), () => running.cancel());
    drop.classList.add("busy");
    status.replaceChildren(el("span", {}, t("uploading", { name: file.name })), bar, cancel);
    try {
      onsent(await running.done);
    } catch (error) {
      status.replaceChildren(error.message === "cancelled" ? "" : t("upload_failed", { why: error.message }));
      chooser.value = "";
    } finally {
      drop.classList.remove("busy");
    }
  };
  chooser.addEventListener("change", () => take(chooser.files[0]));
  return { element: drop, take };
}
