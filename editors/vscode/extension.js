// Dialogs of BotServer in Visual Studio Code: everything is asked of `botserver bot lsp` and `botserver bot dap`.
"use strict";

const vscode = require("vscode");
const { Connection } = require("./rpc");

const LANGUAGE = "botserver-basic";

let connection = null;
let problems = null;

const binary = () => vscode.workspace.getConfiguration("botserver").get("path") || "botserver";
const isDialog = (document) => document.languageId === LANGUAGE;

// From the protocol to the editor.

const position = (at) => new vscode.Position(at.line, at.character);
const range = (of) => new vscode.Range(position(of.start), position(of.end));
const location = (of) => new vscode.Location(vscode.Uri.parse(of.uri), range(of.range));
const markdown = (of) => {
  if (!of) return undefined;
  return typeof of === "string" ? of : new vscode.MarkdownString(of.value);
};

function edits(change) {
  const edit = new vscode.WorkspaceEdit();
  for (const [uri, list] of Object.entries((change && change.changes) || {})) {
    for (const one of list) edit.replace(vscode.Uri.parse(uri), range(one.range), one.newText);
  }
  return edit;
}

function completion(item) {
  // The protocol counts kinds from 1, the editor from 0.
  const found = new vscode.CompletionItem(item.label, (item.kind || 1) - 1);
  found.detail = item.detail;
  found.documentation = markdown(item.documentation);
  found.filterText = item.filterText;
  if (item.textEdit) {
    const text = item.textEdit.newText;
    found.range = range(item.textEdit.range);
    found.insertText = item.insertTextFormat === 2 ? new vscode.SnippetString(text) : text;
  }
  return found;
}

function symbol(of) {
  return new vscode.DocumentSymbol(of.name, of.detail || "", of.kind - 1, range(of.range), range(of.selectionRange));
}

function diagnostic(of) {
  const severity = of.severity === 1 ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning;
  const found = new vscode.Diagnostic(range(of.range), of.message, severity);
  found.code = of.code;
  found.source = of.source;
  found.tags = of.tags;
  return found;
}

// From the editor to the protocol.

const named = (document) => ({ textDocument: { uri: document.uri.toString() } });
const at = (document, place) => ({ ...named(document), position: { line: place.line, character: place.character } });

async function ask(method, params) {
  if (!connection) return null;
  return connection.ask(method, params);
}

function opened(document) {
  if (!connection || !isDialog(document)) return;
  connection.tell("textDocument/didOpen", {
    textDocument: {
      uri: document.uri.toString(),
      languageId: "basic",
      version: document.version,
      text: document.getText(),
    },
  });
}

function changed(event) {
  if (!connection || !isDialog(event.document) || event.contentChanges.length === 0) return;
  connection.tell("textDocument/didChange", {
    textDocument: { uri: event.document.uri.toString(), version: event.document.version },
    contentChanges: event.contentChanges.map((change) => ({
      range: {
        start: { line: change.range.start.line, character: change.range.start.character },
        end: { line: change.range.end.line, character: change.range.end.character },
      },
      text: change.text,
    })),
  });
}

async function start() {
  const notified = (method, params) => {
    if (method !== "textDocument/publishDiagnostics") return;
    problems.set(vscode.Uri.parse(params.uri), params.diagnostics.map(diagnostic));
  };
  const closed = (why) => {
    connection = null;
    vscode.window.showErrorMessage(`BotServer's language server is gone: ${why}`);
  };
  const started = new Connection(binary(), ["bot", "lsp"], notified, closed);
  try {
    const answer = await started.ask("initialize", { processId: process.pid, rootUri: null, capabilities: {} });
    started.tell("initialized", {});
    connection = started;
    vscode.workspace.textDocuments.forEach(opened);
    return answer.capabilities;
  } catch {
    // The reason was shown when the server went.
    return {};
  }
}

async function stop() {
  const running = connection;
  connection = null;
  problems.clear();
  if (running) await running.close();
}

function providers(can) {
  const { languages } = vscode;
  const given = [
    languages.registerCompletionItemProvider(
      LANGUAGE,
      {
        provideCompletionItems: async (document, place) =>
          ((await ask("textDocument/completion", at(document, place))) || []).map(completion),
      },
      '"',
      " ",
    ),
    languages.registerHoverProvider(LANGUAGE, {
      provideHover: async (document, place) => {
        const found = await ask("textDocument/hover", at(document, place));
        return found ? new vscode.Hover(markdown(found.contents), range(found.range)) : null;
      },
    }),
    languages.registerSignatureHelpProvider(
      LANGUAGE,
      {
        provideSignatureHelp: async (document, place) => {
          const found = await ask("textDocument/signatureHelp", at(document, place));
          if (!found) return null;
          const help = new vscode.SignatureHelp();
          help.signatures = found.signatures.map((one) => {
            const signature = new vscode.SignatureInformation(one.label, markdown(one.documentation));
            signature.parameters = one.parameters.map((part) => new vscode.ParameterInformation(part.label));
            return signature;
          });
          help.activeSignature = found.activeSignature;
          help.activeParameter = found.activeParameter;
          return help;
        },
      },
      "(",
      ",",
    ),
    languages.registerDefinitionProvider(LANGUAGE, {
      provideDefinition: async (document, place) => {
        const found = await ask("textDocument/definition", at(document, place));
        return found ? location(found) : null;
      },
    }),
    languages.registerReferenceProvider(LANGUAGE, {
      provideReferences: async (document, place, context) =>
        ((await ask("textDocument/references", { ...at(document, place), context })) || []).map(location),
    }),
    languages.registerDocumentHighlightProvider(LANGUAGE, {
      provideDocumentHighlights: async (document, place) =>
        ((await ask("textDocument/documentHighlight", at(document, place))) || []).map(
          (one) => new vscode.DocumentHighlight(range(one.range), one.kind - 1),
        ),
    }),
    languages.registerRenameProvider(LANGUAGE, {
      prepareRename: async (document, place) => {
        const found = await ask("textDocument/prepareRename", at(document, place));
        return found ? { range: range(found.range), placeholder: found.placeholder } : null;
      },
      provideRenameEdits: async (document, place, newName) =>
        edits(await ask("textDocument/rename", { ...at(document, place), newName })),
    }),
    languages.registerDocumentSymbolProvider(LANGUAGE, {
      provideDocumentSymbols: async (document) =>
        ((await ask("textDocument/documentSymbol", named(document))) || []).map(symbol),
    }),
    languages.registerFoldingRangeProvider(LANGUAGE, {
      provideFoldingRanges: async (document) =>
        ((await ask("textDocument/foldingRange", named(document))) || []).map(
          (fold) => new vscode.FoldingRange(fold.startLine, fold.endLine),
        ),
    }),
    languages.registerCodeActionsProvider(LANGUAGE, {
      provideCodeActions: async (document, of) => {
        const params = {
          ...named(document),
          range: {
            start: { line: of.start.line, character: of.start.character },
            end: { line: of.end.line, character: of.end.character },
          },
          context: { diagnostics: [] },
        };
        return ((await ask("textDocument/codeAction", params)) || []).map((action) => {
          const found = new vscode.CodeAction(action.title, vscode.CodeActionKind.QuickFix);
          found.edit = edits(action.edit);
          found.isPreferred = action.isPreferred;
          return found;
        });
      },
    }),
  ];
  if (can.documentFormattingProvider) {
    given.push(
      languages.registerDocumentFormattingEditProvider(LANGUAGE, {
        provideDocumentFormattingEdits: async (document, options) =>
          ((await ask("textDocument/formatting", { ...named(document), options })) || []).map((one) =>
            vscode.TextEdit.replace(range(one.range), one.newText),
          ),
      }),
    );
  }
  return given;
}

/** Shows a question of the dialog, and hands the answer over. */
async function answer(session, hear) {
  const options = (hear && hear.options) || [];
  const placeHolder = hear && hear.default ? `${hear.kind}, or nothing for ${hear.default}` : hear && hear.kind;
  const text =
    options.length > 0 && !hear.open
      ? await vscode.window.showQuickPick(options, { title: "The dialog waits for an answer" })
      : await vscode.window.showInputBox({ title: "The dialog waits for an answer", placeHolder });
  if (text === undefined) return;
  try {
    await session.customRequest("answer", { text });
  } catch {
    // It was answered in the debug console meanwhile.
  }
}

function debuggers() {
  const { debug } = vscode;
  let asked = null;
  return [
    debug.registerDebugAdapterDescriptorFactory(LANGUAGE, {
      createDebugAdapterDescriptor: () => new vscode.DebugAdapterExecutable(binary(), ["bot", "dap"]),
    }),
    debug.registerDebugConfigurationProvider(LANGUAGE, {
      // A dialog can be debugged without any launch.json.
      resolveDebugConfiguration: (_folder, config) => {
        if (config.type && config.program) return config;
        const editor = vscode.window.activeTextEditor;
        if (!editor || !isDialog(editor.document)) return config;
        return { type: LANGUAGE, request: "launch", name: "Run this dialog", program: editor.document.uri.fsPath };
      },
    }),
    debug.onDidReceiveDebugSessionCustomEvent((event) => {
      if (event.session.type !== LANGUAGE || event.event !== "hear") return;
      asked = event.body;
    }),
    vscode.commands.registerCommand("botserver.answer", async () => {
      const session = debug.activeDebugSession;
      if (session && session.type === LANGUAGE) await answer(session, asked);
    }),
  ];
}

async function activate(context) {
  problems = vscode.languages.createDiagnosticCollection("botserver");
  const watcher = vscode.workspace.createFileSystemWatcher("**/*.{bas,csv}");
  const touched = () => connection && connection.tell("workspace/didChangeWatchedFiles", { changes: [] });
  watcher.onDidChange(touched);
  watcher.onDidCreate(touched);
  watcher.onDidDelete(touched);
  context.subscriptions.push(
    problems,
    watcher,
    ...debuggers(),
    vscode.workspace.onDidOpenTextDocument(opened),
    vscode.workspace.onDidChangeTextDocument(changed),
    vscode.workspace.onDidSaveTextDocument((document) => {
      if (connection && isDialog(document)) connection.tell("textDocument/didSave", named(document));
    }),
    vscode.workspace.onDidCloseTextDocument((document) => {
      if (connection && isDialog(document)) connection.tell("textDocument/didClose", named(document));
    }),
    vscode.commands.registerCommand("botserver.restart", async () => {
      await stop();
      await start();
    }),
  );
  const can = await start();
  context.subscriptions.push(...providers(can));
}

module.exports = { activate, deactivate: () => stop() };
