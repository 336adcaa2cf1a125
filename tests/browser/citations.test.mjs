import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible, assertFits, assertQuiet, hears, open, visitor, withBrowser, NARROW } from "./support.mjs";

withBrowser();

const SOURCES = [
  { number: 1, collection: "handbook", document: "hours.pdf", title: "Opening hours", version: "1a2b", page: 3, headings: ["Shop", "Summer"], passage: "The shop opens at nine.\n<img src=x onerror=\"window.hit = 1\">" },
  { number: 3, collection: "web", document: "https://shop.example/tea", title: "<b>Tea</b>", version: "2", passage: "Tea costs three.", url: "https://shop.example/tea" },
  { number: 4, collection: "web", document: "x", title: "Odd", version: "2", passage: "-", url: "javascript:window.hit=1" },
];

/** Shows an answer with its sources as the page does, in place of the conversation. */
async function answered(page, text, citations) {
  await hears(page, "What is your name?");
  await page.evaluate(([content, list]) => {
    const log = document.querySelector("chat-log");
    log.clear();
    log.said({ content, files: [], citations: list, time: new Date() });
  }, [text, citations]);
  return page.locator(".from-bot").last();
}

test("numbers of an answer lead to its sources", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  const answer = await answered(page, "At **nine** [1], and tea costs three [1, 3]. Not [2], not `[1]`.\n\n| a |\n|---|\n| b [3] |", SOURCES);

  assert.deepEqual(await answer.locator(".cite").allInnerTexts(), ["1", "1", "3", "3"]);
  assert.equal(await answer.locator("code").innerText(), "[1]");
  const sources = answer.locator("details.source");
  assert.equal(await sources.count(), 3);
  assert.match(await sources.first().locator("summary").innerText(), /Opening hours\s+page 3 · Shop › Summer/);

  await answer.getByRole("button", { name: "Source 1: Opening hours" }).first().click();
  const passage = sources.first().locator("blockquote");
  await passage.waitFor();
  assert.match(await passage.innerText(), /The shop opens at nine\.\n<img src=x/);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY");
  await assertAccessible(page, "an answer with sources");
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/citations.png` });

  assert.equal(await sources.nth(1).locator("summary span").last().innerText(), "<b>Tea</b>");
  assert.equal(await sources.nth(1).locator("a").getAttribute("href"), "https://shop.example/tea");
  assert.equal(await sources.nth(2).locator("a").count(), 0, "only web addresses are links");
  assert.equal(await page.evaluate(() => window.hit ?? null), null);
  await assertQuiet(page);
  await context.close();
});

test("sources fit on a narrow screen", async () => {
  const context = await visitor(NARROW);
  const page = await open(context, "/suite");
  const long = { ...SOURCES[0], title: "A".repeat(200), document: "b/".repeat(100), headings: ["C".repeat(120)], passage: "D".repeat(400) };
  const answer = await answered(page, "So it is [1].", [long]);

  await answer.locator(".cite").click();
  await answer.locator("blockquote").waitFor();

  await assertFits(page, "an answer with a long source");
  await context.close();
});
