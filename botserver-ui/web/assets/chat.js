// The chat page: asks which bot this is, opens the session, and joins conversation and view.

import "./theme-toggle.js";
import "./log.js";
import "./composer.js";
import { call, query } from "./api.js";
import { Conversation } from "./conversation.js";
import { announce, el, icon, iconButton } from "./dom.js";
import { applyPalette } from "./palette.js";
import { Session } from "./session.js";
import { safeUrl } from "./markdown/render.js";
import { t } from "./text.js";

const RETRY_MS = [1000, 2000, 4000, 8000];
const isEmbedded = new URLSearchParams(location.search).has("embed");
const $ = (id) => document.getElementById(id);

const log = $("log");
const composer = $("composer");
let conversation = null;

label();
run();

/** Gives the fixed parts of the page their words. */
function label() {
  document.querySelector(".skip").textContent = t("skip");
  $("scroll").setAttribute("aria-label", t("log"));
  $("to-end").append(icon("down"));
  $("to-end").setAttribute("aria-label", t("to_end"));
  $("to-end").title = t("to_end");
  $("to-end").addEventListener("click", () => {
    log.toEnd(true);
    composer.focusField();
  });
  const actions = $("actions");
  actions.prepend(iconButton("plus", t("new_chat"), askForNew, { id: "new-chat", hidden: true }));
  if (isEmbedded) {
    const close = () => parent.postMessage({ type: "botserver:close" }, "*");
    actions.append(iconButton("close", t("close"), close));
    document.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && close());
  }
}

async function run() {
  const named = decodeURIComponent(location.pathname.slice(1).split("/")[0]);
  const config = await patiently(() => call(`/api/bot/config?${query({ bot_name: named }) || "bot_name="}`), named);
  if (!config) return;
  dress(config, named);
  const session = new Session(config.name || named || "default");
  if ((await patiently(async () => (await session.open(), true), named)) === null) return;
  converse(session);
}

/** Repeats `attempt` until the server answers; a refusal is shown and gives null. */
async function patiently(attempt, bot) {
  for (let failures = 0; ; failures += 1) {
    try {
      const answer = await attempt();
      if (failures > 0) explain(null);
      return answer;
    } catch (error) {
      if (error.status === 404) {
        explain({ title: t("no_bot"), detail: t("no_bot_detail", { bot }), link: bot ? "/" : null });
        return null;
      }
      if (error.status >= 400 && error.status < 500 && error.status !== 429) {
        explain({ title: error.problem.title || t("failed"), detail: error.problem.detail });
        return null;
      }
      explain({ title: t("unreachable"), detail: t("unreachable_detail") });
      await pause((error.problem?.retry_after ?? 0) * 1000 || RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
    }
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    addEventListener("online", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

/** Shows a page in place of the conversation; null takes it away. */
function explain(message) {
  const place = $("explanation");
  place.hidden = message === null;
  $("scroll").hidden = message !== null;
  composer.hidden = message !== null;
  if (!message) return place.replaceChildren();
  place.replaceChildren(
    el("h1", {}, message.title),
    message.detail ? el("p", {}, message.detail) : "",
    message.link ? el("p", {}, el("a", { class: "button", href: message.link }, t("to_default"))) : "",
    message.retry ? el("p", {}, el("button", { type: "button", class: "button", onclick: message.retry }, t("retry"))) : "",
  );
  document.title = message.title;
}

/** Dresses the page in the bot's own name, colours and picture. */
function dress({ theme_color1: first, theme_color2: second, theme_title: title, theme_logo: logo, theme_logo_text: mark, name, description }, named) {
  applyPalette(first, second);
  const shown = title || readable(name || named) || "BotServer";
  showTitle(shown);
  showLogo(logo, mark || initials(shown));
  $("hero-description").textContent = description ?? "";
  $("hero-description").hidden = !description;
}

function showTitle(title) {
  document.title = title;
  $("brand-name").textContent = title;
  $("hero-name").textContent = title;
  log.bot = title;
}

function showLogo(logo, mark) {
  const url = logo ? safeUrl(logo) : null;
  for (const place of document.querySelectorAll(".logo")) {
    place.replaceChildren(mark);
    place.classList.toggle("long", [...mark].length > 2);
    if (url?.origin !== location.origin) continue;
    const picture = el("img", { src: url.href, alt: "" });
    picture.addEventListener("load", () => place.replaceChildren(picture));
  }
}

/** A package name as words. */
function readable(name) {
  const words = name.replace(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function initials(name) {
  return name.split(/\s+/).slice(0, 2).map((word) => [...word][0] ?? "").join("").toUpperCase();
}

function converse(session) {
  conversation?.end();
  log.clear();
  log.session = session;
  explain(null);
  document.title = log.bot;
  composer.attach(session, {
    say: (content, options) => conversation.say(content, options),
    choose: (suggestion, isAwaited) => conversation.choose(suggestion, isAwaited),
    toggle: (id, isOn) => conversation.toggle(id, isOn, log.hasAnswer),
    stop: () => conversation.stop(),
  });
  conversation = new Conversation(session, view(), (state, reason) => connectionState(session, state, reason));
  conversation.start();
  $("new-chat").hidden = false;
  if (!isEmbedded) composer.focusField();
}

function view() {
  return {
    user: (message) => log.user(message),
    confirmed: (id, message) => log.confirmed(id, message),
    unsent: (id, content) => {
      log.unsent(id);
      composer.restore(content);
    },
    said: (message) => log.said(message),
    piece: (token, text) => log.piece(token, text),
    finished: (token, message) => log.finished(token, message),
    failed: (problem) => log.failed(problem),
    thinking: () => log.thinking(true),
    turn: (state) => composer.setTurn(state),
    replaying: (flag) => log.setAttribute("aria-live", flag ? "off" : "polite"),
    running: (flag) => {
      composer.setRunning(flag);
      log.thinking(flag);
    },
    side: (event, data) => {
      if (event !== "change_theme") return;
      applyPalette(data.color1, data.color2);
      if (data.title) showTitle(data.title);
      if (data.logo_url || data.title) showLogo(data.logo_url, initials(log.bot));
    },
  };
}

let wasConnected = false;

function connectionState(session, state, reason) {
  const place = $("connection");
  if (state === "refused") {
    if (reason?.gone) return converse(session);
    place.textContent = "";
    const retry = async () => {
      session.reload();
      if ((await patiently(async () => (await session.open(), true), session.bot)) !== null) converse(session);
    };
    return explain({ title: t("refused"), detail: reason?.problem?.detail || reason?.message, retry });
  }
  const words = { connecting: wasConnected ? t("reconnecting") : "", waiting: t("reconnecting"), offline: t("offline"), open: "" }[state];
  place.textContent = words;
  place.dataset.state = state;
  if (state === "open") {
    if (wasConnected === "lost") announce(t("online"));
    wasConnected = true;
  } else if (wasConnected) {
    wasConnected = "lost";
  }
}

/** Asks before the conversation is given up: it cannot be brought back on this device. */
function askForNew() {
  const dialog = el("dialog", { class: "ask", "aria-labelledby": "ask-title", onclose: () => dialog.remove() },
    el("h2", { id: "ask-title" }, t("new_chat_question")),
    el("p", {}, t("new_chat_detail")),
    el("form", { method: "dialog" },
      el("button", { class: "button quiet", value: "no" }, t("cancel")),
      el("button", { class: "button", value: "yes", onclick: startNew }, t("start_new"))));
  document.body.append(dialog);
  dialog.showModal();
}

async function startNew() {
  const { session } = conversation;
  conversation.end();
  session.forget();
  if ((await patiently(async () => (await session.open(), true), session.bot)) !== null) converse(session);
}
