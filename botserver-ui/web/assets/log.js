// The conversation as people see it. Whole messages are announced by the log itself; a message that streams stays
// silent while it grows and is read out once, when it is complete.

import { cite } from "./citations.js";
import { announce, el, icon } from "./dom.js";
import { attachments, fileName } from "./files.js";
import { MarkdownStream } from "./markdown/stream.js";
import { t } from "./text.js";

const NEAR_END_PX = 96;
const THINKING_DELAY_MS = 350;
// What stands for a secret, here and in the server's log.
const DOTS = "••••••••";

class ChatLog extends HTMLElement {
  connectedCallback() {
    this.setAttribute("role", "log");
    this.setAttribute("aria-label", t("log"));
    this.setAttribute("aria-live", "polite");
    this.setAttribute("aria-relevant", "additions");
    this.scroller = this.closest(".scroll");
    this.bot = "Bot";
    this.session = null;
    this.own = new Map();
    this.streams = new Map();
    this.waiting = el("div", { class: "thinking", "aria-hidden": "true" }, el("span"), el("span"), el("span"));
    this.follow();
  }

  /** Removes everything. */
  clear() {
    this.own.clear();
    this.streams.clear();
    this.replaceChildren();
  }

  get hasAnswer() {
    return this.querySelector(".from-me:not(.pending)") !== null;
  }

  // --- what the visitor said ---

  /** Shows a message of the visitor; `pending` ones stay last until the log has them. */
  user({ id = null, content, secret = false, isFile = false, pending = false, files = [], time = null }) {
    const body = el("div", { class: "bubble", dir: "auto" });
    if (secret || content === DOTS) body.append(el("span", { "aria-label": t("secret"), role: "img" }, DOTS));
    else if (content || files.length > 0) body.append(...(files.length > 0 ? [] : [isFile ? fileName(content) : content]));
    else body.append(el("em", {}, t("default_answer")));
    if (files.length > 0 && content && content !== files[0].name) body.append(content);
    body.append(...attachments(files, this.session));
    const message = el("article", { class: "message from-me", tabindex: "-1" }, author(t("you")), body, stamp(time));
    if (id) this.own.set(id, message);
    if (pending) {
      message.classList.add("pending");
      message.append(el("span", { class: "state" }, t("unsent")));
      this.append(message);
    } else {
      this.place(message);
    }
    if (pending) this.toEnd();
  }

  /** The log has a message that this page sent. */
  confirmed(id, { time, files }) {
    const message = this.own.get(id);
    if (!message) return;
    const wasPending = message.classList.contains("pending");
    message.classList.remove("pending", "unsent");
    message.querySelector(".state")?.remove();
    message.querySelector("time")?.replaceWith(stamp(time));
    if (files.length > 0) message.querySelector(".bubble > .attachment")?.replaceWith(...attachments(files, this.session));
    if (wasPending && message.previousElementSibling?.classList.contains("pending")) this.place(message);
  }

  /** The server refused a message that this page sent. */
  unsent(id) {
    const message = this.own.get(id);
    message?.classList.add("unsent");
    message?.classList.remove("pending");
  }

  // --- what the bot said ---

  /** Shows a whole message of the bot. */
  said({ content, files, citations = [], time, isStopped = false }) {
    const { message, prose } = this.botMessage();
    new MarkdownStream(prose).update(content);
    const sources = cite(prose, citations);
    prose.append(...attachments(files, this.session), ...stopSign(isStopped));
    message.append(...(sources ? [sources] : []), stamp(time));
    this.place(message);
  }

  /** Shows the text so far of a message that streams. */
  piece(token, text) {
    let stream = this.streams.get(token);
    if (!stream) {
      const { message, prose } = this.botMessage();
      message.classList.add("streaming");
      message.setAttribute("aria-live", "off");
      message.setAttribute("aria-busy", "true");
      stream = { message, prose, markdown: new MarkdownStream(prose), frame: 0, text };
      this.streams.set(token, stream);
      this.place(message);
    }
    stream.text = text;
    stream.frame ||= requestAnimationFrame(() => {
      stream.frame = 0;
      stream.markdown.update(stream.text);
    });
  }

  /** Completes a message that streamed, or shows one whose beginning was never seen. */
  finished(token, { content, files, citations = [], time, isStopped }) {
    const stream = this.streams.get(token);
    if (!stream) return this.said({ content, files, citations, time, isStopped });
    this.streams.delete(token);
    cancelAnimationFrame(stream.frame);
    stream.markdown.update(content);
    const sources = cite(stream.prose, citations);
    stream.prose.append(...attachments(files, this.session), ...stopSign(isStopped));
    stream.message.classList.remove("streaming");
    stream.message.removeAttribute("aria-busy");
    stream.message.append(...(sources ? [sources] : []), stamp(time));
    if (!stream.prose.hasChildNodes()) stream.message.remove();
    announce(`${this.bot}: ${stream.prose.innerText}`);
  }

  /** Says what went wrong. */
  failed({ title, detail }) {
    const note = el("div", { class: "note" }, icon("alert"),
      el("p", { dir: "auto" }, el("strong", {}, title || t("failed")), detail ? ` — ${detail}` : null));
    this.place(note);
  }

  /** Shows or hides the sign that the bot works. */
  thinking(flag) {
    if (flag === Boolean(this.thinkingTimer)) return;
    clearTimeout(this.thinkingTimer);
    this.thinkingTimer = null;
    this.waiting.remove();
    if (!flag) return;
    this.thinkingTimer = setTimeout(() => {
      if (this.streams.size > 0) return;
      this.append(this.waiting);
      announce(t("thinking", { bot: this.bot }));
    }, THINKING_DELAY_MS);
  }

  botMessage() {
    this.thinking(false);
    const prose = el("div", { class: "prose" });
    return { message: el("article", { class: "message from-bot" }, author(this.bot), prose), prose };
  }

  // Messages that the log does not have yet stay below everything that it has.
  place(element) {
    this.insertBefore(element, this.querySelector(":scope > .pending, :scope > .thinking"));
  }

  // --- scrolling ---

  follow() {
    const { scroller } = this;
    this.isFollowing = true;
    let last = 0;
    const nearEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END_PX;
    scroller.addEventListener("scroll", () => {
      if (nearEnd()) this.isFollowing = true;
      else if (scroller.scrollTop < last - 2) this.isFollowing = false;
      last = scroller.scrollTop;
      scroller.classList.toggle("away", !nearEnd());
    }, { passive: true });
    const observer = new ResizeObserver(() => {
      if (this.isFollowing) scroller.scrollTop = scroller.scrollHeight;
      scroller.classList.toggle("away", !nearEnd());
    });
    observer.observe(this);
    observer.observe(scroller);
  }

  /** Scrolls to the newest message and stays there. */
  toEnd(isSmooth = false) {
    this.isFollowing = true;
    const smooth = isSmooth && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }
}

function author(name) {
  return el("span", { class: "visually-hidden" }, `${name}: `);
}

function stopSign(isStopped) {
  return isStopped ? [el("p", { class: "stopped" }, t("stopped"))] : [];
}

function stamp(time) {
  if (!time || Number.isNaN(time.getTime())) return el("time", { hidden: true });
  const { lang } = document.documentElement;
  const isToday = time.toDateString() === new Date().toDateString();
  const shown = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return el("time", { datetime: time.toISOString(), title: time.toLocaleString(lang) }, new Intl.DateTimeFormat(lang, shown).format(time));
}

customElements.define("chat-log", ChatLog);
