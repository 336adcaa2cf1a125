//! Messages as editors send them, and folders for them to work on.

use std::{fs, path::Path, sync::Arc};

use botserver_auto::{cli, outbound};
use botstate::keyword::Registry;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use url::Url;

/// The keywords of this crate and of conversations.
pub(crate) fn registry() -> Arc<Registry> {
    let mut registry = Registry::new();
    for keyword in cli::terminal_keywords(&outbound(Vec::new()).unwrap()) {
        registry.register(keyword);
    }
    for keyword in botserver_chat::keywords() {
        registry.register(keyword);
    }
    Arc::new(registry)
}

pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

pub(crate) fn frame(message: &Json) -> Vec<u8> {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// The messages in what a server sent.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<Json> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let header = std::str::from_utf8(bytes.get(..head).unwrap()).unwrap();
        let length: usize = header.strip_prefix("Content-Length: ").unwrap().parse().unwrap();
        let body = bytes.get(head + 4..head + 4 + length).unwrap();
        found.push(serde_json::from_slice(body).unwrap());
        bytes = bytes.get(head + 4 + length..).unwrap();
    }
    found
}

/// An editor that says everything it has to say and then reads what came back.
pub(crate) struct Editor {
    pub(crate) folder: TempDir,
    said: Vec<u8>,
    asked: i64,
}

impl Editor {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let mut editor = Self {
            folder: folder(files),
            said: Vec::new(),
            asked: 0,
        };
        editor.ask("initialize", &json!({ "capabilities": {} }));
        editor.tell("initialized", &json!({}));
        editor
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        Url::from_file_path(self.path(path)).unwrap().into()
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(Path::new(path))
    }

    pub(crate) fn tell(&mut self, method: &str, params: &Json) {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        self.said.extend(frame(&message));
    }

    /// Asks, and gives the number under which the answer is found.
    pub(crate) fn ask(&mut self, method: &str, params: &Json) -> i64 {
        self.asked += 1;
        let message = json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params });
        self.said.extend(frame(&message));
        self.asked
    }

    /// Opens a file as it lies on disk.
    pub(crate) fn open(&mut self, path: &str) {
        let text = fs::read_to_string(self.path(path)).unwrap();
        let uri = self.uri(path);
        let document = json!({ "uri": uri, "languageId": "basic", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    /// Asks about the place after `before` in a file as it lies on disk.
    pub(crate) fn ask_at(&mut self, method: &str, path: &str, before: &str, more: &Json) -> i64 {
        let text = fs::read_to_string(self.path(path)).unwrap();
        let at = text
            .find(before)
            .unwrap_or_else(|| panic!("{before:?} is not in {path}"))
            + before.len();
        let head = text.get(..at).unwrap();
        let line = head.matches('\n').count();
        let column = head.rsplit('\n').next().unwrap().encode_utf16().count();
        let mut params = json!({
            "textDocument": { "uri": self.uri(path) },
            "position": { "line": line, "character": column },
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            params[name.as_str()] = value.clone();
        }
        self.ask(method, &params)
    }

    /// Sends all of it and gives what came back.
    pub(crate) fn close(self) -> Answers {
        let mut out = Vec::new();
        let code = cli::lsp(&registry(), self.said.as_slice(), &mut out);
        Answers {
            _folder: self.folder,
            code,
            messages: frames(&out),
        }
    }
}

/// What a server sent.
pub(crate) struct Answers {
    _folder: TempDir,
    pub(crate) code: u8,
    messages: Vec<Json>,
}

impl Answers {
    /// The result of a request.
    pub(crate) fn result(&self, id: i64) -> &Json {
        let message = self.message(id);
        assert!(message["error"].is_null(), "{message}");
        &message["result"]
    }

    /// Why a request was refused.
    pub(crate) fn error(&self, id: i64) -> &str {
        let message = self.message(id);
        message["error"]["message"]
            .as_str()
            .unwrap_or_else(|| panic!("not refused: {message}"))
    }

    fn message(&self, id: i64) -> &Json {
        self.messages
            .iter()
            .find(|message| message["id"] == id)
            .unwrap_or_else(|| panic!("request {id} has no answer"))
    }

    /// The last problems that were sent for a file, as `line code message`.
    pub(crate) fn problems(&self, file: &str) -> Vec<String> {
        let sent = self.messages.iter().rev().find(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"].as_str().unwrap().ends_with(file)
        });
        let sent = sent.unwrap_or_else(|| panic!("nothing was sent about {file}"));
        sent["params"]["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let start = &one["range"]["start"];
                let message = one["message"].as_str().unwrap().lines().next().unwrap().to_owned();
                format!(
                    "{}:{} {} {message}",
                    start["line"],
                    start["character"],
                    one["code"].as_str().unwrap()
                )
            })
            .collect()
    }

    /// The labels of a completion.
    pub(crate) fn labels(&self, id: i64) -> Vec<&str> {
        let items = self.result(id).as_array().unwrap();
        items.iter().map(|item| item["label"].as_str().unwrap()).collect()
    }
}
