//! The language server and the debugger of the binary, over its standard input and output.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail loudly")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value as Json, json};

struct Server {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Server {
    fn start(command: &str, folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_botserver"))
            .args(["bot", command])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            to: child.stdin.take(),
            from: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn send(&mut self, message: &Json) {
        let body = message.to_string();
        write!(
            self.to.as_mut().unwrap(),
            "Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
    }

    /// The next message that `wanted` takes.
    fn until(&mut self, wanted: impl Fn(&Json) -> bool) -> Json {
        loop {
            let mut header = String::new();
            self.from.read_line(&mut header).unwrap();
            let length = header.trim().strip_prefix("Content-Length: ");
            let length = length.unwrap_or_else(|| panic!("no header but {header:?}"));
            self.from.read_line(&mut String::new()).unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            self.from.read_exact(&mut body).unwrap();
            let message = serde_json::from_slice(&body).unwrap();
            if wanted(&message) {
                return message;
            }
        }
    }

    fn code(mut self) -> Option<i32> {
        self.to.take();
        self.child.wait().unwrap().code()
    }
}

#[test]
fn the_binary_serves_an_editor() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start("lsp", folder.path());
    server.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {} }));
    let answer = server.until(|message| message["id"] == 1);
    assert_eq!(answer["result"]["serverInfo"]["name"], "botserver");

    let document = json!({ "uri": "untitled:one", "languageId": "basic", "version": 1, "text": "TLAK \"hi\"" });
    server.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": document } }));
    let sent = server.until(|message| message["method"] == "textDocument/publishDiagnostics");
    assert_eq!(sent["params"]["diagnostics"][0]["code"], "B103");

    server.send(&json!({ "jsonrpc": "2.0", "id": 2, "method": "shutdown" }));
    server.until(|message| message["id"] == 2);
    server.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(server.code(), Some(0));
}

#[test]
fn the_binary_serves_a_debugger() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("one.bas");
    std::fs::write(&script, "HEAR name\nTALK \"Hello \" + name\n").unwrap();
    let mut server = Server::start("dap", folder.path());
    let mut sent = 0;
    let mut request = |server: &mut Server, command: &str, args: Json| {
        sent += 1;
        server.send(&json!({ "seq": sent, "type": "request", "command": command, "arguments": args }));
    };
    request(&mut server, "initialize", json!({}));
    request(&mut server, "launch", json!({ "program": script }));
    server.until(|message| message["event"] == "initialized");
    request(&mut server, "configurationDone", json!({}));
    server.until(|message| message["event"] == "hear");
    request(&mut server, "answer", json!({ "text": "Ana" }));
    let said = server.until(|message| message["body"]["category"] == "stdout");
    assert_eq!(said["body"]["output"], "Hello Ana\n");
    server.until(|message| message["event"] == "terminated");
    request(&mut server, "disconnect", json!({}));
    assert_eq!(server.code(), Some(0));
}
