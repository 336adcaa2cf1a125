// The grammar colours scripts as the language reads them, in the engine that the editor uses.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";

const require = createRequire(import.meta.url);
const root = new URL("../../", import.meta.url);
const path = new URL("editors/vscode/basic.tmLanguage.json", root);

const wasm = await readFile(require.resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => textmate.parseRawGrammar(await readFile(path, "utf8"), path.pathname),
});
const grammar = await registry.loadGrammar("source.botserver-basic");

/** Every piece of a script with its innermost scope, blanks left out. */
function pieces(script) {
  let state = textmate.INITIAL;
  const found = [];
  for (const line of script.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    for (const token of tokens) {
      const text = line.slice(token.startIndex, token.endIndex);
      if (text.trim()) found.push([text.trim(), token.scopes.at(-1).replace(/\.basic$/, "")]);
    }
  }
  return found;
}

/** The scope of the first piece with that text. */
function scope(script, text) {
  const piece = pieces(script).find(([found]) => found === text);
  assert.ok(piece, `${JSON.stringify(text)} is no piece of ${JSON.stringify(pieces(script))}`);
  return piece[1];
}

test("a script has the scopes that themes colour", () => {
  const script = [
    "' Books a table",
    'PARAM guests AS INTEGER LIKE "4" DESCRIPTION "How many"',
    'TALK "Hello ${UPPER(name)}, \\"you\\""',
    "HEAR day AS DATE",
    "IF guests > 8 AND NOT late THEN",
    "  total = 2.50 * guests",
    "END IF",
    "SUB greet(who)",
    "END SUB",
    "REM the end",
  ].join("\n");
  const wanted = [
    ["' Books a table", "comment.line.apostrophe"],
    ["PARAM", "storage.type"],
    ["guests", "variable.parameter"],
    ["INTEGER", "support.type"],
    ["TALK", "keyword.control"],
    ["${", "punctuation.definition.interpolation.begin"],
    ["UPPER", "support.function"],
    ["name", "variable.other"],
    ['\\"', "constant.character.escape"],
    ["IF", "keyword.control"],
    [">", "keyword.operator"],
    ["8", "constant.numeric"],
    ["NOT", "keyword.operator.word"],
    ["total", "variable.other"],
    ["2.50", "constant.numeric"],
    ["END IF", "keyword.control"],
    ["SUB", "storage.type.function"],
    ["greet", "entity.name.function"],
    ["REM the end", "comment.line.rem"],
  ];
  const found = pieces(script);
  const missing = wanted.filter(([text, name]) => !found.some((piece) => piece[0] === text && piece[1] === name));
  assert.deepEqual(missing, [], JSON.stringify(found));
});

test("texts, blocks and comments keep what is inside of them", () => {
  assert.equal(scope('TALK "a \' b"', "\"a ' b\"".slice(1, -1)), "string.quoted.double");
  assert.equal(scope("x = 1 ' TALK", "' TALK"), "comment.line.apostrophe");
  assert.equal(scope("url = \"https://example.org\"", "https://example.org"), "string.quoted.double");
  const block = "BEGIN TALK\nIF you like, ${name}\nEND TALK\nTALK 1";
  assert.equal(scope(block, "IF you like,"), "string.unquoted.block");
  assert.equal(scope(block, "name"), "variable.other");
  assert.equal(scope(block, "1"), "constant.numeric");
});

test("keywords of several words are one piece", () => {
  for (const phrase of ["ADD SUGGESTION", "SET BOT MEMORY", "FOR EACH", "CLEAR ERROR"]) {
    const first = pieces(`${phrase} x`)[0];
    assert.equal(first[0], phrase);
    assert.match(first[1], /^(support\.function\.keyword|keyword\.control)$/);
  }
});

test("every script that ships is coloured to its end: no text or block stays open", async () => {
  const bots = new URL("bots/", root);
  let scripts = 0;
  for (const name of await readdir(bots, { recursive: true })) {
    if (!name.endsWith(".bas")) continue;
    scripts += 1;
    const text = await readFile(new URL(name, bots), "utf8");
    const end = pieces(`${text}\nTALK 1`).slice(-2);
    assert.deepEqual(
      end,
      [
        ["TALK", "keyword.control"],
        ["1", "constant.numeric"],
      ],
      name,
    );
  }
  assert.ok(scripts > 5);
});
