// The extension's manifest says what the editor expects, and its code calls only what the editor of that version has.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const folder = new URL("../../editors/vscode/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
const { contributes } = manifest;
const here = (path) => existsSync(new URL(path, folder));

test("the manifest has what the editor needs to load an extension", () => {
  assert.match(manifest.name, /^[a-z0-9-]+$/);
  assert.match(manifest.publisher, /^[a-z0-9][a-z0-9-]*$/);
  assert.match(manifest.version, /^\d+\.\d+\.\d+$/);
  assert.match(manifest.engines.vscode, /^\^\d+\.\d+\.\d+$/);
  assert.ok(here(manifest.main), manifest.main);
  // https://code.visualstudio.com/api/references/extension-manifest
  const categories = [
    "AI", "Azure", "Chat", "Data Science", "Debuggers", "Education", "Extension Packs", "Formatters", "Keymaps",
    "Language Packs", "Linters", "Machine Learning", "Notebooks", "Other", "Programming Languages", "SCM Providers",
    "Snippets", "Testing", "Themes", "Visualization",
  ];
  for (const category of manifest.categories) assert.ok(categories.includes(category), category);
});

test("what activates the extension is something that it contributes", () => {
  const languages = contributes.languages.map((one) => one.id);
  const debuggers = contributes.debuggers.map((one) => one.type);
  const commands = contributes.commands.map((one) => one.command);
  for (const event of manifest.activationEvents) {
    const [kind, of] = event.split(":");
    const known = { onLanguage: languages, onDebugResolve: debuggers, onCommand: commands }[kind];
    assert.ok(known, event);
    assert.ok(known.includes(of), event);
  }
});

test("the contributions point to each other and to files that are there", () => {
  const points = ["breakpoints", "commands", "configuration", "debuggers", "grammars", "languages"];
  for (const point of Object.keys(contributes)) assert.ok(points.includes(point), point);
  const languages = contributes.languages.map((one) => one.id);
  for (const language of contributes.languages) {
    for (const extension of language.extensions) assert.match(extension, /^\.[a-z]+$/);
    assert.ok(here(language.configuration));
    const configuration = JSON.parse(readFileSync(new URL(language.configuration, folder), "utf8"));
    for (const pattern of [configuration.wordPattern, ...Object.values(configuration.folding.markers)]) {
      assert.ok(new RegExp(pattern, "u"), pattern);
    }
  }
  for (const grammar of contributes.grammars) {
    assert.ok(languages.includes(grammar.language));
    const text = JSON.parse(readFileSync(new URL(grammar.path, folder), "utf8"));
    assert.equal(text.scopeName, grammar.scopeName);
  }
  for (const one of contributes.breakpoints) assert.ok(languages.includes(one.language));
  for (const one of contributes.debuggers) {
    for (const language of one.languages) assert.ok(languages.includes(language));
    for (const [request, { required, properties }] of Object.entries(one.configurationAttributes)) {
      assert.ok(["launch", "attach"].includes(request), request);
      for (const name of required) assert.ok(properties[name], `${request} requires ${name}`);
      for (const [name, property] of Object.entries(properties)) {
        assert.ok(property.description, name);
        assert.ok(["string", "number", "boolean", "object", "array"].includes(property.type), name);
      }
    }
    const given = [...one.initialConfigurations, ...one.configurationSnippets.map((snippet) => snippet.body)];
    for (const configuration of given) {
      assert.equal(configuration.type, one.type);
      const { required, properties } = one.configurationAttributes[configuration.request];
      for (const name of required) assert.ok(configuration[name], `${configuration.name} lacks ${name}`);
      const known = new Set([...Object.keys(properties), "type", "request", "name"]);
      for (const name of Object.keys(configuration)) assert.ok(known.has(name), name);
    }
  }
  const code = readFileSync(new URL(manifest.main, folder), "utf8");
  for (const { command, title } of contributes.commands) {
    assert.ok(title, command);
    assert.ok(code.includes(`"${command}"`), `${command} is not registered`);
  }
});

test("the code calls only what the editor of that version has", () => {
  const types = require("@types/vscode/package.json").version;
  assert.equal(`^${types}`, manifest.engines.vscode);
  const compiler = require.resolve("typescript/bin/tsc");
  const sources = ["extension.js", "rpc.js"].map((name) => fileURLToPath(new URL(name, folder)));
  const options = [
    "--allowJs", "--checkJs", "--noEmit", "--skipLibCheck", "--target", "es2022", "--module", "node16",
    "--moduleResolution", "node16", "--typeRoots", fileURLToPath(new URL("node_modules/@types", import.meta.url)),
    "--types", "node,vscode", "--useUnknownInCatchVariables", "false",
  ];
  const checked = spawnSync(process.execPath, [compiler, ...options, ...sources], { encoding: "utf8" });
  assert.equal(checked.status, 0, checked.stdout);
});
