//! Requests and notifications, and what becomes of them.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        mpsc::{Receiver, TryRecvError},
    },
};

use botstate::keyword::Registry;
use serde_json::{Value as Json, json};

use super::{
    Incoming, complete, edit, hover, navigate, symbols,
    workspace::{Problems, Workspace},
};
use crate::{basic::Diagnostic, framing};

/// An error as the protocol numbers it.
#[derive(Debug)]
pub(super) struct Refusal {
    code: i32,
    message: String,
}

impl Refusal {
    /// What was asked cannot be done.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self {
            code: -32803,
            message: message.into(),
        }
    }

    fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

pub(super) struct Server<'a> {
    workspace: Workspace,
    registry: &'a Registry,
    out: &'a mut dyn Write,
    initialized: bool,
    stopped: bool,
    /// Whether a document changed since problems were sent.
    changed: bool,
}

impl<'a> Server<'a> {
    pub(super) fn new(registry: &'a Registry, out: &'a mut dyn Write) -> Self {
        Self {
            workspace: Workspace::new(registry),
            registry,
            out,
            initialized: false,
            stopped: false,
            changed: false,
        }
    }

    /// Answers until `exit`, or until the editor goes away.
    pub(super) fn run(&mut self, incoming: &Receiver<Incoming>) -> u8 {
        loop {
            let next = if self.changed {
                match incoming.try_recv() {
                    Ok(next) => Some(next),
                    Err(TryRecvError::Empty) => {
                        if self.publish().is_err() {
                            return 1;
                        }
                        continue;
                    }
                    Err(TryRecvError::Disconnected) => None,
                }
            } else {
                incoming.recv().ok()
            };
            let done = match next {
                Some(Incoming::Message(message)) if message["method"] == "exit" => return u8::from(!self.stopped),
                Some(Incoming::Message(message)) => self.message(&message),
                Some(Incoming::Broken(why)) => self.refuse(&Json::Null, &Refusal::new(-32700, why)),
                None => {
                    // The editor closed its end; what it changed last may still be wanted by whoever reads.
                    let _ = if self.changed { self.publish() } else { Ok(()) };
                    return u8::from(!self.stopped);
                }
            };
            if done.is_err() {
                return 1;
            }
        }
    }

    fn message(&mut self, message: &Json) -> io::Result<()> {
        let Some(method) = message["method"].as_str() else {
            // An answer to something that was asked; nothing is.
            return Ok(());
        };
        let params = &message["params"];
        let id = &message["id"];
        if id.is_null() {
            self.notified(method, params);
            return Ok(());
        }
        match self.asked(method, params) {
            Ok(result) => framing::write(self.out, &json!({ "jsonrpc": "2.0", "id": id, "result": result })),
            Err(refusal) => self.refuse(id, &refusal),
        }
    }

    fn refuse(&mut self, id: &Json, refusal: &Refusal) -> io::Result<()> {
        let error = json!({ "code": refusal.code, "message": refusal.message });
        framing::write(self.out, &json!({ "jsonrpc": "2.0", "id": id, "error": error }))
    }

    fn notified(&mut self, method: &str, params: &Json) {
        let document = &params["textDocument"];
        let uri = document["uri"].as_str().unwrap_or_default();
        match method {
            "textDocument/didOpen" => self.workspace.open(uri, document["text"].as_str().unwrap_or_default()),
            "textDocument/didChange" => {
                let changes = params["contentChanges"].as_array().map_or(&[][..], Vec::as_slice);
                self.workspace.change(uri, changes);
            }
            "textDocument/didClose" => self.workspace.close(uri),
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => self.workspace.reload(),
            _ => return,
        }
        self.changed = true;
    }

    fn asked(&mut self, method: &str, params: &Json) -> Result<Json, Refusal> {
        match method {
            "initialize" => {
                self.initialized = true;
                return Ok(capabilities());
            }
            _ if !self.initialized => {
                return Err(Refusal::new(-32002, "the first request must be initialize"));
            }
            "shutdown" => {
                self.stopped = true;
                return Ok(Json::Null);
            }
            _ if self.stopped => return Err(Refusal::new(-32600, "the server was shut down")),
            _ => {}
        }
        let language = Arc::clone(self.workspace.language());
        let uri = params["textDocument"]["uri"].as_str().unwrap_or_default();
        let Some((folder, file)) = self.workspace.find(uri) else {
            return match method {
                _ if !method.starts_with("textDocument/") => {
                    Err(Refusal::new(-32601, format!("there is no method {method}")))
                }
                _ => Ok(Json::Null),
            };
        };
        let offset = file.text.offset(&params["position"]);
        match method {
            "textDocument/completion" => Ok(complete::complete(self.registry, folder, file, offset)),
            "textDocument/hover" => Ok(hover::hover(self.registry, folder, file, offset)),
            "textDocument/signatureHelp" => Ok(hover::signature(file, offset)),
            "textDocument/definition" => Ok(navigate::definition(folder, file, offset)),
            "textDocument/references" => {
                let declared = params["context"]["includeDeclaration"].as_bool().unwrap_or(true);
                Ok(navigate::references(folder, file, offset, declared))
            }
            "textDocument/documentHighlight" => Ok(navigate::highlights(file, offset)),
            "textDocument/prepareRename" => navigate::renameable(file, offset),
            "textDocument/rename" => {
                let name = params["newName"].as_str().unwrap_or_default();
                navigate::rename(&language, file, offset, name)
            }
            "textDocument/documentSymbol" => Ok(symbols::symbols(file)),
            "textDocument/foldingRange" => Ok(symbols::folds(file)),
            "textDocument/codeAction" => Ok(edit::actions(file, &params["range"])),
            "textDocument/formatting" => Ok(edit::format(&language, file)),
            other => Err(Refusal::new(-32601, format!("there is no method {other}"))),
        }
    }

    /// Sends what is wrong with scripts that changed.
    fn publish(&mut self) -> io::Result<()> {
        self.changed = false;
        for Problems { uri, text, diagnostics } in self.workspace.problems() {
            let diagnostics: Vec<Json> = diagnostics
                .iter()
                .map(|diagnostic| problem(diagnostic, &text.range(&diagnostic.span)))
                .collect();
            let params = json!({ "uri": uri, "diagnostics": diagnostics });
            framing::write(
                self.out,
                &json!({ "jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": params }),
            )?;
        }
        Ok(())
    }
}

fn problem(diagnostic: &Diagnostic, range: &Json) -> Json {
    let mut message = diagnostic.title.clone();
    if !diagnostic.label.is_empty() {
        message.push_str(": ");
        message.push_str(&diagnostic.label);
    }
    for line in diagnostic.notes.iter().chain(&diagnostic.help) {
        message.push('\n');
        message.push_str(line);
    }
    let severity = if diagnostic.is_error() { 1 } else { 2 };
    // What is never reached is shown faded.
    let tags: &[u8] = if diagnostic.code == "B213" { &[1] } else { &[] };
    json!({
        "range": range,
        "severity": severity,
        "code": diagnostic.code,
        "source": "botserver",
        "message": message,
        "tags": tags,
    })
}

fn capabilities() -> Json {
    json!({
        "capabilities": {
            "positionEncoding": "utf-16",
            "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
            "completionProvider": { "triggerCharacters": ["\"", " "] },
            "signatureHelpProvider": { "triggerCharacters": ["(", ","] },
            "hoverProvider": true,
            "definitionProvider": true,
            "referencesProvider": true,
            "documentHighlightProvider": true,
            "renameProvider": { "prepareProvider": true },
            "documentSymbolProvider": true,
            "foldingRangeProvider": true,
            "documentFormattingProvider": true,
            "codeActionProvider": { "codeActionKinds": ["quickfix"] },
        },
        "serverInfo": { "name": "botserver", "version": env!("CARGO_PKG_VERSION") },
    })
}
