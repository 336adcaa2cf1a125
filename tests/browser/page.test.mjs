import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, NARROW, PHONE, answerDialog, assertAccessible, assertFits, assertQuiet, hears, idle, modelSays, open, say, visitor, withBrowser } from "./support.mjs";

withBrowser();

const RICH = "## Heading\n\nSome text with [a link](https://example.org) and `code`.\n\n1. one\n2. two\n\n- [x] done\n- [ ] open\n\n> quoted\n\n| a wide column | another wide column | yet another one | and one more of them |\n|---|---|---|---|\n| 1 | 2 | 3 | 4 |\n\n```js\nconst answer = \"a line of code that is much too long for the screen of any telephone, by far\";\n```\n\nAndAWordThatIsMuchTooLongForTheScreenOfAnyTelephoneAndDoesNotEndBeforeItHasBecomeQuiteAnnoying";

test("the policy allows nothing inline and nobody else", async () => {
  for (const path of ["/", "/suite", "/claim", "/api/docs"]) {
    const policy = (await fetch(BASE_URL + path)).headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'/, path);
    assert.match(policy, /script-src 'self'(;|$)/, path);
    assert.match(policy, /style-src 'self'(;|$)/, path);
    assert.doesNotMatch(policy, /unsafe|data:|https?:|\*/, path);
  }
});

for (const colorScheme of ["light", "dark"]) {
  for (const [size, screen] of [["desktop", {}], ["phone", PHONE], ["narrow phone", NARROW]]) {
    test(`a conversation is accessible and fits: ${colorScheme}, ${size}`, async () => {
      const context = await visitor({ colorScheme, ...screen });
      const page = await open(context, "/suite");
      await hears(page, "What is your name?");
      await assertAccessible(page, "first question");
      await answerDialog(page, 3);
      await assertAccessible(page, "menu");
      await assertFits(page, "menu");
      await page.getByRole("group", { name: "Choices" }).getByRole("button", { name: "Rye" }).click();
      await page.locator("input[type=file]").waitFor({ state: "attached" });
      await assertAccessible(page, "file");
      await assertFits(page, "file");
      await page.locator("input[type=file]").setInputFiles({ name: "cake.txt", mimeType: "text/plain", buffer: Buffer.from("three layers") });
      await page.locator("input#message[type=password]").waitFor();
      await assertAccessible(page, "secret");
      await page.locator("input#message[type=password]").fill("a long secret word");
      await page.locator("input#message[type=password]").press("Enter");
      await hears(page, "That was all.");
      await idle(page);

      const prose = await modelSays(page, RICH);
      await prose.getByText("QuiteAnnoying").waitFor();
      await idle(page);

      await assertAccessible(page, "answer");
      await assertFits(page, "answer");
      await assertQuiet(page);
      await context.close();
    });
  }

  test(`the other pages are accessible and fit: ${colorScheme}`, async () => {
    const context = await visitor({ colorScheme, ...PHONE });
    for (const [path, wait] of [["/", ".from-bot"], ["/claim", "#outcome"], ["/claim#token", "#claim"], ["/there-is-no-such-bot", "#explanation h1"], ["/api/docs", ".operation"]]) {
      const page = await open(context, path);
      await page.locator(wait).first().waitFor();
      await assertAccessible(page, path);
      await assertFits(page, path);
      assert.deepEqual(await page.evaluate(() => window.violations), [], path);
      await page.close();
    }
    await context.close();
  });
}

test("the keyboard is enough", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page, 3);

  await page.getByRole("group", { name: "Choices" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "message", "the focus stays in the field");
  for (let step = 0; step < 8 && !(await page.evaluate(() => document.activeElement.textContent === "Sourdough")); step += 1) await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await hears(page, "menu: Sourdough");

  assert.equal(await page.evaluate(() => document.activeElement.id), "message", "and comes back to it");
  await context.close();
});

test("Enter sends and Shift+Enter makes a new line", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page);

  await page.locator("#message").fill("say:one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("say:two");
  const height = await page.locator("#message").evaluate((field) => field.clientHeight);
  await page.keyboard.press("Enter");

  await hears(page, "two");
  assert.equal(await page.locator(".from-me .bubble").last().innerText(), "say:one\nsay:two");
  assert.ok(height > 50, `the field has grown to ${height} px`);
  await context.close();
});

test("a screen reader hears a streamed answer once, when it is complete", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page);
  await page.evaluate(() => {
    window.heard = [];
    new MutationObserver((records) => records.forEach(({ addedNodes }) => addedNodes.forEach((node) => window.heard.push(node.textContent)))).observe(document.getElementById("announcer"), { childList: true });
  });

  const prose = await modelSays(page, `alpha ${"beta gamma ".repeat(15)}delta`, { tps: 5 });
  await prose.getByText("alpha").waitFor();
  assert.equal(await page.locator(".streaming").getAttribute("aria-live"), "off");
  await prose.getByText("delta").waitFor();
  await idle(page);

  const heard = await page.evaluate(() => window.heard.filter((text) => text.includes("alpha")));
  assert.equal(heard.length, 1, JSON.stringify(heard));
  assert.match(heard[0], /alpha (beta gamma ){15}delta/);
  await context.close();
});

test("the chosen colours are kept", async () => {
  const context = await visitor({ colorScheme: "light" });
  const page = await open(context, "/");
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();

  await page.getByRole("button", { name: "Use dark colours" }).click();
  const dark = await ground();
  await page.reload();

  assert.notEqual(dark, light);
  assert.equal(await ground(), dark);
  await context.close();
});

test("whoever reads further up is left there, and can go back to the end", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page);
  const lines = Array.from({ length: 60 }, (_, index) => `line ${index}`).join("\n\n");
  const prose = await modelSays(page, lines, { tps: 100 });
  await prose.getByText("line 30", { exact: true }).waitFor();

  await page.locator("#scroll").hover();
  await page.mouse.wheel(0, -3000);
  await page.locator("#to-end").waitFor();
  await prose.getByText("line 59").waitFor();
  const fromEnd = () => page.locator("#scroll").evaluate((place) => place.scrollHeight - place.scrollTop - place.clientHeight);
  assert.ok(await fromEnd() > 500);

  await page.getByRole("button", { name: "Go to the newest message" }).click();
  await page.waitForFunction(() => {
    const place = document.getElementById("scroll");
    return place.scrollHeight - place.scrollTop - place.clientHeight < 5;
  });
  await context.close();
});

test("the widget opens the chat in a frame and gives the focus back", async () => {
  const context = await visitor();
  await context.route(`${BASE_URL}/host.html`, (route) => route.fulfill({
    contentType: "text/html",
    body: "<!doctype html><html lang=en><title>Host</title><h1>Shop</h1><script src=\"/embed.js\" data-bot=\"suite\" data-title=\"Ask us\" data-position=\"left\"></script></html>",
  }));
  const page = await open(context, "/host.html");
  const places = () => page.frames().length;
  assert.equal(places(), 1, "nothing is loaded before the first click");

  const [frame] = await Promise.all([page.waitForEvent("frameattached"), page.mouse.click(48, 752)]);
  await frame.locator(".from-bot").first().waitFor();
  assert.match(frame.url(), /\/suite\?embed=1$/);
  await frame.getByRole("button", { name: "Close the chat" }).click();

  await page.waitForFunction(() => document.activeElement !== document.body && document.hasFocus());
  await context.close();
});

test("a one-time link that is not valid says so", async () => {
  const context = await visitor();
  const page = await open(context, "/claim#not-a-token");

  await page.getByLabel("New password").fill("too short");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("alert").filter({ hasText: "at least 15 characters" }).waitFor();
  await page.getByLabel("New password").fill("copper lantern over the harbour");
  await page.getByRole("button", { name: "Set password" }).click();

  await page.getByRole("alert").filter({ hasNotText: "at least 15" }).waitFor();
  assert.equal(await page.locator("#outcome").isVisible(), false);
  await assertQuiet(page);
  await context.close();
});

test("the page about the API lists operations and finds them", async () => {
  const context = await visitor();
  const page = await open(context, "/api/docs");
  await page.locator(".operation").first().waitFor();
  const all = await page.locator(".operation").count();

  await page.getByLabel("Filter").fill("no-operation-has-this-word");
  assert.equal(await page.locator(".operation:visible").count(), 0);
  await page.getByLabel("Filter").fill("");
  assert.equal(await page.locator(".operation:visible").count(), all);
  await page.locator(".operation > summary").first().click();

  await page.locator(".operation[open]").getByText(/^curl /).waitFor();
  await assertAccessible(page, "an open operation");
  await assertQuiet(page);
  await context.close();
});
