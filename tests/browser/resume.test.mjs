import assert from "node:assert/strict";
import { test } from "node:test";
import { answerDialog, assertQuiet, hears, idle, modelSays, open, say, visitor, withBrowser } from "./support.mjs";

withBrowser();

const COUNT = 120;
const WORDS = Array.from({ length: COUNT }, (_, index) => `w${index}`).join(" ");

/** Lets the test cut the page's sockets and keep new ones from opening. */
function wires() {
  const state = { isBlocked: false, opened: 0, cut: () => {} };
  state.prepare = (page) => page.routeWebSocket(/\/ws\?/, (socket) => {
    if (state.isBlocked) return socket.close({ code: 1012 });
    state.opened += 1;
    socket.connectToServer();
    state.cut = () => socket.close({ code: 1012 });
    return undefined;
  });
  return state;
}

test("a reload in the middle of an answer loses nothing", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page);
  const prose = await modelSays(page, WORDS, { tps: 30 });
  await prose.getByText("w20").waitFor();

  await page.reload();
  const again = page.locator(".from-bot .prose").last();
  await again.getByText(`w${COUNT - 1}`).waitFor();
  await idle(page);

  assert.equal((await again.innerText()).trim(), WORDS);
  assert.equal(await page.locator(".from-me", { hasText: "say:" }).count(), 1);
  await assertQuiet(page);
  await context.close();
});

test("a socket cut in the middle of an answer is opened again and goes on", async () => {
  const context = await visitor();
  const wire = wires();
  const page = await open(context, "/suite", wire.prepare);
  await answerDialog(page);
  const opened = wire.opened;
  const prose = await modelSays(page, WORDS, { tps: 30 });
  await prose.getByText("w15").waitFor();

  wire.cut();
  await prose.getByText(`w${COUNT - 1}`).waitFor();
  await idle(page);

  assert.equal((await prose.innerText()).trim(), WORDS);
  assert.equal(await page.locator(".from-bot", { hasText: "w15" }).count(), 1, "the answer is shown once");
  assert.equal(wire.opened, opened + 1);
  await context.close();
});

test("a message written without a connection is sent once when it is back", async () => {
  const context = await visitor();
  const wire = wires();
  const page = await open(context, "/suite", wire.prepare);
  await answerDialog(page);

  wire.isBlocked = true;
  wire.cut();
  await page.locator("#connection", { hasText: "Reconnecting" }).waitFor();
  await say(page, "say:here it is");
  await page.locator(".from-me.pending").waitFor();
  wire.isBlocked = false;

  await hears(page, "here it is");
  await idle(page);
  assert.equal(await page.locator(".from-me", { hasText: "here it is" }).count(), 1);
  assert.equal(await page.locator(".from-bot", { hasText: "here it is" }).count(), 1);
  assert.equal(await page.locator(".pending").count(), 0);
  await context.close();
});

test("a message that was never confirmed survives a reload", async () => {
  const context = await visitor();
  const wire = wires();
  const page = await open(context, "/suite", wire.prepare);
  await answerDialog(page);

  wire.isBlocked = true;
  wire.cut();
  await page.locator("#connection", { hasText: "Reconnecting" }).waitFor();
  await say(page, "say:still here");
  wire.isBlocked = false;
  await page.reload();

  await hears(page, "still here");
  await idle(page);
  assert.equal(await page.locator(".from-me", { hasText: "still here" }).count(), 1);
  await context.close();
});

test("two tabs show the same conversation", async () => {
  const context = await visitor();
  const first = await open(context, "/suite");
  await answerDialog(first);
  const second = await open(context, "/suite");
  await hears(second, "That was all.");

  const prose = await modelSays(first, WORDS, { tps: 100 });
  await prose.getByText(`w${COUNT - 1}`).waitFor();
  await second.locator(".from-bot").last().getByText(`w${COUNT - 1}`).waitFor();
  await idle(first);
  await idle(second);

  const shown = (page) => page.locator(".message .bubble, .message .prose").allInnerTexts();
  assert.deepEqual((await shown(first)).slice(-2), (await shown(second)).slice(-2));
  assert.equal((await shown(first)).length, (await shown(second)).length);
  await context.close();
});
