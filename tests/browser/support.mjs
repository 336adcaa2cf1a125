// What the suites share: one browser, pages that remember what went wrong on them, and ways through the dialog.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

export const BASE_URL = (process.env.BASE_URL ?? "http://localhost:8080").replace(/\/$/, "");
export const PHONE = { viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true };
export const NARROW = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true };
export const SECRET = "quiet harbour lantern";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser = null;

/** Starts the browser for the tests of a file. */
export function withBrowser() {
  before(async () => {
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"], timeout: 120_000 });
  });
  after(() => browser?.close());
}

/** A context of its own: another visitor. */
export async function visitor(options = {}) {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1180, height: 800 }, ...options });
  context.setDefaultTimeout(60_000);
  await context.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
  });
  return context;
}

/** Opens a page that collects errors and requests to other hosts. */
export async function open(context, path, prepare = async () => {}) {
  const page = await context.newPage();
  page.trouble = [];
  page.on("pageerror", (error) => page.trouble.push(`error: ${error.stack}`));
  page.on("dialog", (dialog) => {
    page.trouble.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("console", (message) => /content security policy|refused to/i.test(message.text()) && page.trouble.push(message.text()));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== BASE_URL) page.trouble.push(`request: ${request.url()}`);
  });
  await prepare(page);
  await page.goto(BASE_URL + path);
  return page;
}

/** Nothing was refused, nothing failed, nothing was asked of another host. */
export async function assertQuiet(page) {
  assert.deepEqual(page.trouble, []);
  assert.deepEqual(await page.evaluate(() => window.violations), []);
}

/** No serious or critical finding of axe, with WCAG 2.2 AA. */
export async function assertAccessible(page, name) {
  // Text that still fades in has less contrast than it will have.
  await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity).map((one) => one.finished.catch(() => {}))));
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(serious.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`), [], name);
}

/** Nothing is wider than the screen. */
export async function assertFits(page, name) {
  const { scroll, client } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth }));
  assert.ok(scroll <= client, `${name}: ${scroll} px on a screen of ${client} px`);
  const inner = await page.evaluate(() => {
    const place = document.getElementById("scroll");
    return place ? place.scrollWidth - place.clientWidth : 0;
  });
  assert.ok(inner <= 0, `${name}: the conversation is ${inner} px too wide`);
}

/** Writes a message and sends it with the keyboard. */
export async function say(page, text) {
  await page.locator("#message").fill(text);
  await page.locator("#message").press("Enter");
}

/** Waits until the bot's newest message has `text`. */
export async function hears(page, text) {
  await page.locator(".from-bot:not(.streaming)").filter({ hasText: text }).last().waitFor();
}

/** Waits until the bot waits for an answer, or for anything after the dialog. */
export async function idle(page) {
  await page.locator(".stop").waitFor({ state: "hidden" });
}

/** Answers the first `count` questions of the dialog of `suite`. */
export async function answerDialog(page, count = 6) {
  const answers = [
    async () => {
      await hears(page, "What is your name?");
      await idle(page);
      await say(page, "Ada Lovelace");
      await hears(page, "name: Ada Lovelace");
    },
    async () => {
      const field = page.locator("input#message[type=date]");
      await field.fill("2026-03-04");
      await field.press("Enter");
      await hears(page, "date: 2026-03-04");
    },
    async () => {
      const field = page.locator("input#message[inputmode=numeric]");
      await field.fill("12");
      await field.press("Enter");
      await hears(page, "integer: 12");
    },
    async () => {
      await page.getByRole("group", { name: "Choices" }).getByRole("button", { name: "Rye" }).click();
      await hears(page, "menu: Rye");
    },
    async () => {
      await page.locator("input[type=file]").setInputFiles({ name: "cake.txt", mimeType: "text/plain", buffer: Buffer.from("three layers") });
      await hears(page, "file: received");
    },
    async () => {
      const field = page.locator("input#message[type=password]");
      await field.fill(SECRET);
      await field.press("Enter");
      await hears(page, "That was all.");
    },
  ];
  for (const answer of answers.slice(0, count)) await answer();
  await idle(page);
}

/** Has the model say Markdown, line by line, and gives the element that holds it. */
export async function modelSays(page, markdown, { tps = 400 } = {}) {
  const before = await page.locator(".from-bot").count();
  await say(page, [`mock:tps=${tps}`, ...markdown.split("\n").map((line) => `say:${line}`)].join("\n"));
  const answer = page.locator(".from-bot").nth(before);
  await answer.waitFor();
  return answer.locator(".prose");
}
