// The console, as the first administrator sees it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { NARROW, assertAccessible, assertFits, assertQuiet, open, visitor, withBrowser } from "./support.mjs";

withBrowser();

const PASSWORD = "copper lantern over the harbour";

/** Signs the first administrator in, whose link only the first test of a server finds. */
async function administrator(context) {
  const page = await open(context, `/claim#${process.env.CLAIM}`);
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("heading", { name: "Your password is set" }).waitFor();
  return page;
}

test("the console asks who it is, and shows people, groups, roles, sessions and keys", { skip: !process.env.CLAIM && "no one-time link" }, async () => {
  const context = await visitor();
  const stranger = await visitor();
  const signIn = await open(stranger, "/admin");
  await signIn.getByRole("heading", { name: "Sign in" }).waitFor();
  await assertAccessible(signIn, "signing in");

  const page = await administrator(context);
  await page.goto(new URL("/admin", page.url()).href);
  await page.getByRole("cell", { name: "admin@localhost" }).waitFor();
  await assertAccessible(page, "people");

  await page.getByLabel("Mail address").fill("ana@example.org");
  await page.getByRole("button", { name: "Invite" }).click();
  const address = await page.locator(".secret-once code").textContent();
  assert.match(address, /\/claim#bi_/);

  const invited = await open(stranger, new URL(address).pathname + new URL(address).hash);
  await invited.getByLabel("New password").fill(PASSWORD);
  await invited.getByRole("button", { name: "Join" }).click();
  await invited.getByRole("heading", { name: "Your password is set" }).waitFor();

  await page.getByRole("link", { name: "Groups" }).click();
  await page.getByRole("heading", { name: "Groups" }).waitFor();
  await page.getByLabel("Name").fill("Sales");
  await page.getByRole("button", { name: "Make a group" }).click();
  await page.getByLabel("Person").selectOption({ label: "ana (ana@example.org)" });
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("button", { name: "Take out ana" }).waitFor();
  await assertAccessible(page, "groups");

  await page.getByRole("link", { name: "Roles" }).click();
  await page.getByLabel("To", { exact: true }).selectOption({ label: "Group Sales" });
  await page.getByLabel("Role", { exact: true }).selectOption("operator");
  await page.getByRole("button", { name: "Grant", exact: true }).click();
  await page.getByRole("button", { name: "Take back operator from Group Sales" }).waitFor();
  await assertAccessible(page, "roles");

  await page.getByRole("link", { name: "Keys" }).click();
  await page.getByRole("heading", { name: "Keys" }).waitFor();
  await page.getByLabel("Name").fill("robot");
  await page.getByRole("button", { name: "Make a key" }).click();
  assert.match(await page.locator(".secret-once code").textContent(), /^bk_/);
  await page.getByRole("link", { name: "Sessions" }).click();
  await page.getByRole("cell", { name: "This one" }).waitFor();

  await invited.goto(new URL("/admin", page.url()).href);
  await invited.getByRole("heading", { name: "Sessions" }).waitFor();
  assert.equal(await invited.getByRole("link", { name: "People" }).count(), 0);
  for (const one of [page, invited, signIn]) await assertQuiet(one);
  const narrow = await visitor({ ...NARROW, storageState: await context.storageState() });
  const phone = await open(narrow, "/admin");
  await phone.getByRole("cell", { name: "admin@localhost" }).waitFor();
  await assertFits(phone, "the console on a phone");
  await Promise.all([context, stranger, narrow].map((one) => one.close()));
});
