// The page of a one-time link or of an invitation: /claim#TOKEN. The token stays in the fragment, which browsers do not send with the
// page's address; it goes to the server only together with the new password.

import "./theme-toggle.js";
import { call } from "./api.js";
import { el, icon } from "./dom.js";

const FEWEST_CHARACTERS = 15;
const $ = (id) => document.getElementById(id);
const form = $("claim");
const field = $("password");
const token = location.hash.slice(1);
const isInvitation = token.startsWith("bi_");
/** Whether the password is one to choose, rather than that of an account which is there. */
let isNew = true;

$("eye").append(icon("eye"));
label(false);
$("eye").addEventListener("click", () => {
  const isShown = field.type === "password";
  field.type = isShown ? "text" : "password";
  label(isShown);
  field.focus();
});

if (isInvitation) {
  await invite();
} else if (token) {
  open();
} else {
  finish("This link is incomplete", "Open it as it was printed, with everything after the # sign.");
}

function open() {
  form.hidden = false;
  field.focus();
  form.addEventListener("submit", submit);
}

/** Shows where an invitation leads, and asks for the password of the account if there is one. */
async function invite() {
  let invitation;
  try {
    invitation = await call("/api/invitations/validate", { method: "POST", body: { token } });
  } catch (error) {
    const reason = error.status === 0 ? "The server cannot be reached, try again" : error.message;
    return finish("This invitation does not work", sentence(reason));
  }
  isNew = !invitation.has_account;
  document.title = `Join ${invitation.organization}`;
  $("title").textContent = document.title;
  $("lead").textContent = isNew
    ? `${invitation.email} was invited. Choose the password that you sign in with from now on.`
    : `${invitation.email} was invited. Sign in with the password that you have here.`;
  $("submit").textContent = "Join";
  if (!isNew) {
    $("label").textContent = "Password";
    $("hint").hidden = true;
    field.autocomplete = "current-password";
    field.removeAttribute("minlength");
  }
  open();
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
  if (isNew && [...field.value].length < FEWEST_CHARACTERS) return refuse(`The password needs at least ${FEWEST_CHARACTERS} characters.`);
  button.disabled = true;
  try {
    const path = isInvitation ? "/api/invitations/accept" : "/api/auth/claim";
    await call(path, { method: "POST", body: { token, password: field.value } });
    // The link is spent: it should not stay in the address bar, nor in the history.
    history.replaceState(null, "", location.pathname);
    finish(isNew ? "Your password is set" : "You have joined", "You are signed in on this device. The link does not work any more.");
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
