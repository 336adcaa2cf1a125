import assert from "node:assert/strict";
import { test } from "node:test";
import { SECRET, answerDialog, assertQuiet, hears, idle, modelSays, open, say, visitor, withBrowser } from "./support.mjs";

withBrowser();

test("a dialog gets a fitting control for each type and its answers", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");

  await answerDialog(page);

  const mine = await page.locator(".from-me .bubble").allInnerTexts();
  assert.deepEqual(mine.slice(0, 4), ["Ada Lovelace", "2026-03-04", "12", "Rye"]);
  assert.match(mine[4], /cake\.txt/);
  assert.equal(await page.locator("textarea#message").count(), 1, "after the dialog one writes freely");
  await assertQuiet(page);
  await context.close();
});

test("a secret is shown nowhere, kept nowhere, and does not come back with the page", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page);

  const holds = () => page.evaluate((secret) => ({
    page: document.documentElement.outerHTML.includes(secret),
    storage: JSON.stringify({ ...localStorage, ...sessionStorage }).includes(secret),
  }), SECRET);
  assert.deepEqual(await holds(), { page: false, storage: false });

  await page.reload();
  await hears(page, "That was all.");
  assert.deepEqual(await holds(), { page: false, storage: false });
  await context.close();
});

test("the conversation is there again after a reload, once", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page, 2);
  await hears(page, "How many?");
  await idle(page);
  const before = await page.locator(".message .bubble, .message .prose").allInnerTexts();

  await page.reload();
  await hears(page, "How many?");

  assert.deepEqual(await page.locator(".message .bubble, .message .prose").allInnerTexts(), before);
  assert.equal(await page.locator("input#message[inputmode=numeric]").count(), 1, "the bot still waits for a number");
  await context.close();
});

test("a date can be written in words instead", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page, 1);

  await page.locator("input#message[type=date]").waitFor();
  await page.getByRole("button", { name: "Write instead" }).click();
  await say(page, "4/3/2026");

  await hears(page, "date: 2026-03-04");
  await context.close();
});

test("a model's answer streams and is shown as Markdown", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page);

  const prose = await modelSays(page, "Some **bold** words and `code`:\n\n- one\n- two\n\n| a | b |\n|---|--:|\n| 1 | 2 |");
  await idle(page);

  assert.equal(await prose.locator("strong").innerText(), "bold");
  assert.deepEqual(await prose.locator("li").allInnerTexts(), ["one", "two"]);
  assert.deepEqual(await prose.locator("td").allInnerTexts(), ["1", "2"]);
  await assertQuiet(page);
  await context.close();
});

test("a running answer can be stopped", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page);
  const words = Array.from({ length: 400 }, (_, index) => `w${index}`).join(" ");

  const prose = await modelSays(page, words, { tps: 20 });
  await prose.getByText("w10").waitFor();
  await page.getByRole("button", { name: "Stop the answer" }).click();
  await idle(page);

  assert.doesNotMatch(await prose.innerText(), /w399/);
  assert.equal(await page.locator(".streaming").count(), 0);
  await context.close();
});

test("a bot that does not exist gets a page that says so", async () => {
  const context = await visitor();
  const page = await open(context, "/there-is-no-such-bot");

  await page.getByRole("heading", { name: "There is no such bot here" }).waitFor();

  assert.equal(await page.getByRole("link", { name: "Go to the main chat" }).getAttribute("href"), "/");
  assert.equal(await page.locator("#message").isVisible(), false);
  await context.close();
});

test("a new conversation begins from the start", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page, 1);

  await page.getByRole("button", { name: "New conversation" }).click();
  await page.getByRole("button", { name: "Start new" }).click();

  await page.locator(".from-me").first().waitFor({ state: "detached" });
  await hears(page, "What is your name?");
  assert.equal(await page.locator(".from-me").count(), 0);
  await context.close();
});

test("a picture that was sent is shown, and its file can be had back", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page, 4);
  const dot = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

  await page.locator("input[type=file]").setInputFiles({ name: "dot.png", mimeType: "image/png", buffer: dot });
  const picture = page.getByRole("img", { name: "dot.png" });
  await picture.waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("button.attachment").click()]);

  assert.equal(download.suggestedFilename(), "dot.png");
  await assertQuiet(page);
  await context.close();
});

test("a token that the server does not know leads to a new conversation", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page, 1);
  await page.evaluate(() => {
    const key = Object.keys(localStorage).find((name) => name.startsWith("gb_chat_"));
    localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key)), token: "forged" }));
  });

  await page.reload();

  await hears(page, "What is your name?");
  assert.equal(await page.locator(".from-me").count(), 0);
  await context.close();
});

test("chips start what they say, stay away from open questions, and keep their words after a reload", async () => {
  const context = await visitor();
  const page = await open(context, "/");

  await page.getByRole("button", { name: "Order bread" }).click();
  await hears(page, "Which bread?");
  await idle(page);
  assert.equal(await page.locator(".chip").count(), 0, "an open question has no chips beside it");
  await page.getByRole("group", { name: "Choices" }).getByRole("button", { name: "Rye" }).click();
  await hears(page, "One Rye");
  await page.getByRole("button", { name: "Order bread" }).waitFor();
  await page.reload();
  await hears(page, "One Rye");

  assert.deepEqual(await page.locator(".from-me .bubble").allInnerTexts(), ["Order bread", "Rye"]);
  await context.close();
});
