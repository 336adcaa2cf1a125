// The page of a one-time link: /claim#TOKEN. The token stays in the fragment, which browsers do not send with the
// page's address; it goes to the server only together with the new password.

import "./theme-toggle.js";
import { call } from "./api.js";
import { el, icon } from "./dom.js";

const FEWEST_CHARACTERS = 15;
const $ = (id) => document.getElementById(id);
const form = $("claim");
const field = $("password");
const token = location.hash.slice(1);

$("eye").append(icon("eye"));
label(false);
$("eye").addEventListener("click", () => {
  const isShown = field.type === "password";
  field.type = isShown ? "text" : "password";
  label(isShown);
  field.focus();
});

if (token) {
  form.hidden = false;
  field.focus();
  form.addEventListener("submit", submit);
} else {
  finish("This link is incomplete", "Open it as it was printed, with everything after the # sign.");
}

function label(isShown) {
  const words = isShown ? "Hide the password" : "Show the password";
  $("eye").setAttribute("aria-label", words);
  $("eye").setAttribute("aria-pressed", String(isShown));
  $("eye").title = words;
}

async function submit(event) {
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  if ([...field.value].length < FEWEST_CHARACTERS) return refuse(`The password needs at least ${FEWEST_CHARACTERS} characters.`);
  button.disabled = true;
  try {
    await call("/api/auth/claim", { method: "POST", body: { token, password: field.value } });
    // The link is spent: it should not stay in the address bar, nor in the history.
    history.replaceState(null, "", location.pathname);
    finish("Your password is set", "You are signed in on this device. The link does not work any more.");
  } catch (error) {
    const fields = (error.problem?.errors ?? []).map(({ detail }) => detail);
    const reason = error.status === 0 ? "The server cannot be reached, try again" : error.message;
    refuse([...new Set([reason, ...fields].map(sentence))].join(" "));
  } finally {
    button.disabled = false;
  }
}

function refuse(text) {
  $("problem").textContent = text;
  $("problem").hidden = false;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

function sentence(text) {
  const words = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

function finish(title, detail) {
  form.hidden = true;
  document.title = title;
  $("outcome").replaceChildren(el("h1", {}, title), el("p", {}, detail), el("p", {}, el("a", { href: "/" }, "Go to the chat")));
  $("outcome").hidden = false;
  $("outcome").focus();
}
