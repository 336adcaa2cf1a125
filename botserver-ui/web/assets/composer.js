// Where the visitor answers: the message field, what a waiting HEAR puts in its place, chips and switchers.

import { announce, el, icon, iconButton } from "./dom.js";
import { choices, defaultButton, disguise, eyeButton, fileDrop, isFileKind, lineFor } from "./inputs.js";
import { t } from "./text.js";

const LONGEST_FIELD_PX = 220;

class ChatComposer extends HTMLElement {
  connectedCallback() {
    this.input = null;
    this.isRunning = false;
    this.offers = el("div", { class: "offers", role: "group", "aria-label": t("suggestions"), hidden: true });
    this.panel = el("div", { class: "panel", hidden: true });
    this.place = el("div", { class: "place" });
    this.extra = el("div", { class: "extra" });
    this.switchers = el("div", { class: "switchers", role: "group", "aria-label": t("switchers"), hidden: true });
    this.sendButton = iconButton("send", t("send"), null, { type: "submit", class: "icon-button send" });
    this.stopButton = iconButton("stop", t("stop"), () => this.actions.stop(), { class: "icon-button stop", hidden: true });
    this.label = el("label", { for: "message", class: "visually-hidden" }, t("message"));
    this.form = el("form", { class: "card", novalidate: true, autocomplete: "on", onsubmit: (event) => this.submit(event) },
      this.label, el("div", { class: "row" }, this.place, this.extra, this.stopButton, this.sendButton), this.switchers);
    this.replaceChildren(this.offers, this.panel, this.form);
    this.area = el("textarea", { id: "message", rows: "1", dir: "auto", enterkeyhint: "send", autocomplete: "off" });
    this.useArea();
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("input", () => this.changed());
    this.catchFiles();
  }

  /**
   * Serves a session, from the beginning. `actions`: say(content, options), choose(suggestion, isAwaited),
   * toggle(id, isOn), stop().
   */
  attach(session, actions) {
    this.session = session;
    this.actions = actions;
    this.showInput(null);
    this.showSuggestions([]);
    this.showSwitchers([]);
    this.setRunning(false);
  }

  /** Takes the state that a finished turn leaves; `isOpen` is false while a newer message waits. */
  setTurn({ suggestions, switchers, input, context, isOpen }) {
    this.showSwitchers(switchers);
    if (!isOpen) return;
    this.showInput(input);
    this.showSuggestions(suggestions, context);
  }

  /** Shows that the bot works: what it offered before is no longer on offer. */
  setRunning(isRunning) {
    this.isRunning = isRunning;
    this.stopButton.hidden = !isRunning;
    if (isRunning) {
      this.showInput(null);
      this.showSuggestions([]);
    }
    this.changed();
  }

  /** Gives a refused message back to be sent again, unless something else has been begun. */
  restore(content) {
    if (this.area.value !== "") return;
    this.area.value = content;
    this.changed();
  }

  /** Puts the cursor in the field, except where that would bring up a phone's keyboard. */
  focusField() {
    if (!matchMedia("(pointer: coarse)").matches) this.field.focus({ preventScroll: true });
  }

  // --- the field ---

  useArea() {
    this.area.placeholder = this.input ? placeholderFor(this.input) : t("placeholder");
    this.setField(this.area);
  }

  setField(field, ...extra) {
    const hadFocus = this.contains(document.activeElement) && document.activeElement === this.field;
    this.field = field;
    this.place.replaceChildren(field);
    this.extra.replaceChildren(...extra);
    this.label.textContent = field === this.area ? t("message") : t(this.input.type);
    if (hadFocus) field.focus({ preventScroll: true });
    this.changed();
  }

  changed() {
    const isEmpty = this.field.value.trim() === "";
    this.sendButton.disabled = isEmpty;
    this.sendButton.hidden = this.isRunning && isEmpty;
    if (this.field !== this.area || CSS.supports("field-sizing", "content")) return;
    this.area.style.setProperty("height", "auto");
    this.area.style.setProperty("height", `${Math.min(this.area.scrollHeight, LONGEST_FIELD_PX)}px`);
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey && event.target === this.area) {
      event.preventDefault();
      this.form.requestSubmit();
    } else if (event.key === "Escape" && this.isRunning) {
      event.stopPropagation();
      this.actions.stop();
    }
  }

  submit(event) {
    event.preventDefault();
    const content = this.field.value.trim();
    if (content) this.answer(content);
  }

  answer(content, options = {}) {
    const kind = this.input?.type;
    this.area.value = "";
    this.actions.say(content, { ...(kind ? disguise(kind, content) : {}), ...options });
    this.changed();
    this.focusField();
  }

  // --- a waiting HEAR ---

  showInput(input) {
    if (input === null && this.input === null) return;
    this.input = input;
    this.drop = null;
    this.panel.replaceChildren();
    if (input) this.fillPanel(input);
    this.panel.hidden = !this.panel.hasChildNodes();
    if (input) this.useLine(input);
    else this.useArea();
  }

  fillPanel(input) {
    if (isFileKind(input.type)) {
      this.drop = fileDrop(input, this.session, (file) => this.answer(file.name, { mediaUrl: file.url }));
      this.panel.append(this.drop.element);
    }
    const buttons = choices(input, (option) => this.answer(option));
    if (buttons) {
      this.panel.append(buttons);
      announce(`${t("choices")}: ${[...buttons.children].map((button) => button.textContent).join(", ")}`);
    }
    const byDefault = defaultButton(input, () => this.answer("", { shown: input.default }));
    if (byDefault) (buttons ?? this.panel).append(byDefault);
  }

  useLine(input) {
    const line = lineFor(input);
    if (!line) return this.useArea();
    const extra = [];
    if (line.isSecret) extra.push(eyeButton(line.field));
    if (line.isPicker) {
      extra.push(iconButton("text", t("write_instead"), () => {
        this.useArea();
        this.extra.replaceChildren(iconButton("close", t("use_control"), () => this.useLine(input)));
        this.area.focus();
      }));
    }
    if (this.area.value && !line.isPicker && !line.isSecret) line.field.value = this.area.value;
    this.setField(line.field, ...extra);
  }

  catchFiles() {
    const page = document.documentElement;
    const hasFile = (event) => this.drop && [...(event.dataTransfer?.types ?? [])].includes("Files");
    document.addEventListener("dragover", (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      page.classList.add("dragging");
    });
    document.addEventListener("dragleave", (event) => event.relatedTarget === null && page.classList.remove("dragging"));
    document.addEventListener("drop", (event) => {
      page.classList.remove("dragging");
      if (!hasFile(event)) return;
      event.preventDefault();
      this.drop.take(event.dataTransfer.files[0]);
    });
    document.addEventListener("paste", (event) => {
      const file = event.clipboardData?.files?.[0];
      if (!this.drop || !file) return;
      event.preventDefault();
      this.drop.take(file);
    });
  }

  // --- chips and switchers ---

  showSuggestions(suggestions, context = null) {
    const isAwaited = this.input !== null;
    const shown = suggestions.filter((suggestion) => this.isFitting(suggestion));
    this.offers.replaceChildren(...shown.map((suggestion) => el("button", {
      type: "button",
      class: "chip",
      dir: "auto",
      "aria-pressed": suggestion.action?.type === "select_context" ? String(suggestion.context === context) : null,
      onclick: () => {
        this.actions.choose(suggestion, isAwaited);
        this.focusField();
      },
    }, mark(suggestion.icon), suggestion.text)));
    this.offers.hidden = shown.length === 0;
  }

  // A question that brings its own buttons or hides its answer needs no chips, and while any question is open a chip that
  // starts something else would only lead away from it.
  isFitting({ action }) {
    if (!this.input) return true;
    return this.panel.hidden && this.input.type !== "password" && action?.type !== "invoke_tool";
  }

  showSwitchers(switchers) {
    this.switchers.replaceChildren(...switchers.map((switcher) => {
      const isOn = this.session.switchers.includes(switcher.id);
      const button = el("button", { type: "button", class: "switcher", "aria-pressed": String(isOn) }, icon("check"), mark(switcher.icon), switcher.label);
      button.addEventListener("click", () => {
        const turnsOn = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(turnsOn));
        this.actions.toggle(switcher.id, turnsOn);
      });
      if (switcher.color && CSS.supports("color", switcher.color)) button.style.setProperty("--mark", switcher.color);
      return button;
    }));
    this.switchers.hidden = switchers.length === 0;
  }
}

/** An emoji beside a label; icon names of other clients' sets are left out. */
function mark(text) {
  return text && /\p{Extended_Pictographic}/u.test(text) ? el("span", { class: "mark", "aria-hidden": "true" }, text) : null;
}

function placeholderFor(input) {
  if (input.default) return input.default;
  if (isFileKind(input.type)) return t("placeholder_file");
  return input.type === "menu" || input.type === "boolean" ? t("placeholder_choice") : t("placeholder");
}

customElements.define("chat-composer", ChatComposer);
