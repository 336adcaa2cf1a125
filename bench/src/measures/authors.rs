//! What authors wait for, on a package of 5,000 lines: the checker and the language server.

#![expect(
    clippy::indexing_slicing,
    reason = "a member of a JSON document that is not there is null"
)]

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use super::{Rows, round};
use crate::{
    goals::Goal,
    plan::Plan,
    report::{Row, Unit},
    server::Place,
};

/// Scripts of the package.
const SCRIPTS: usize = 50;
/// Lines of each.
const LINES: usize = 100;

/// Measures the group.
pub(super) fn measure(place: &Place, plan: &Plan) -> anyhow::Result<Rows> {
    let mut check = Row::new("A1", "`bot check` of 5,000 lines, from spawn to exit", Unit::Millis)
        .goals(Goal::Under, [200.0, 100.0, 50.0]);
    let mut hover = Row::new("A2", "language server: hover", Unit::Millis).goals(Goal::Under, [50.0, 20.0, 5.0]);
    let mut complete =
        Row::new("A2", "language server: completion", Unit::Millis).goals(Goal::Under, [50.0, 20.0, 5.0]);
    let mut change = Row::new("A2", "language server: a typed letter to its diagnostics", Unit::Millis)
        .goals(Goal::Under, [50.0, 20.0, 5.0]);
    let folder = place.scratch()?;
    let package = write_package(folder.path())?;
    for index in 0..plan.rounds {
        round("authors", index, plan);
        let begun = Instant::now();
        let output = Command::new(place.binary())
            .args(["bot", "check"])
            .arg(&package)
            .output()?;
        check.add(begun.elapsed().as_secs_f64() * 1000.0);
        ensure!(
            output.status.success(),
            "the package has errors: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        let mut editor = Editor::open(place.binary(), &package)?;
        hover.add(editor.ask("textDocument/hover")?);
        complete.add(editor.ask("textDocument/completion")?);
        change.add(editor.type_letter()?);
        editor.close()?;
    }
    Ok(vec![check, hover, complete, change])
}

/// Writes a package of many scripts that call each other's tools.
fn write_package(folder: &Path) -> anyhow::Result<std::path::PathBuf> {
    let package = folder.join("large.gbai");
    let dialogs = package.join("large.gbdialog");
    fs::create_dir_all(&dialogs)?;
    for script in 0..SCRIPTS {
        fs::write(dialogs.join(format!("tool{script}.bas")), text(script)?)?;
    }
    Ok(package)
}

fn text(script: usize) -> anyhow::Result<String> {
    let mut text = format!(
        "PARAM name AS STRING LIKE \"Ana\" DESCRIPTION \"Who asks\"\nDESCRIPTION \"Does the work of number {script}\"\n"
    );
    let next = (script + 1) % SCRIPTS;
    while text.lines().count() < LINES {
        let line = text.lines().count();
        writeln!(text, "' Step {line}\ntotal{line} = LEN(name) * {line} + 2")?;
        writeln!(text, "IF total{line} > 10 AND NOT name = \"\" THEN")?;
        writeln!(
            text,
            "  TALK \"${{name}} has ${{FORMAT(total{line}, \"#,##0.00\")}}\"\nELSE"
        )?;
        writeln!(text, "  answer = CALL \"tool{next}.bas\", name\n  TALK answer\nEND IF")?;
        writeln!(
            text,
            "FOR EACH item IN [1, 2, total{line}]\n  sum{line} = item + 1\n  TALK sum{line}\nNEXT"
        )?;
    }
    Ok(text
        .lines()
        .take(LINES)
        .fold(String::new(), |text, line| text + line + "\n"))
}

/// An editor with one script open.
struct Editor {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    uri: String,
    text: String,
    asked: u64,
}

impl Editor {
    fn open(binary: &Path, package: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(binary)
            .args(["bot", "lsp"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let input = child.stdin.take().context("write to the language server")?;
        let output = BufReader::new(child.stdout.take().context("read from the language server")?);
        let path = package.join("large.gbdialog/tool0.bas");
        let mut editor = Self {
            child,
            input,
            output,
            uri: format!("file://{}", path.display()),
            text: fs::read_to_string(&path)?,
            asked: 0,
        };
        let root = format!("file://{}", package.display());
        editor.request("initialize", &json!({ "capabilities": {}, "rootUri": root }))?;
        editor.tell("initialized", &json!({}))?;
        let document = json!({ "uri": editor.uri, "languageId": "basic", "version": 1, "text": editor.text });
        editor.tell("textDocument/didOpen", &json!({ "textDocument": document }))?;
        editor.diagnostics()?;
        Ok(editor)
    }

    /// Milliseconds until an answer about the place of the first `FORMAT`.
    fn ask(&mut self, method: &str) -> anyhow::Result<f64> {
        let place = self.text.find("FORMAT").context("the script has FORMAT")?;
        let before = self.text.get(..place + 2).unwrap_or_default();
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().map_or(0, str::len);
        let params = json!({
            "textDocument": { "uri": self.uri },
            "position": { "line": line, "character": character },
        });
        let begun = Instant::now();
        self.request(method, &params)?;
        Ok(begun.elapsed().as_secs_f64() * 1000.0)
    }

    /// Milliseconds from a change to the diagnostics of the changed text.
    fn type_letter(&mut self) -> anyhow::Result<f64> {
        let end = json!({ "line": LINES, "character": 0 });
        let change = json!({ "range": { "start": end, "end": end }, "text": "x" });
        let params = json!({
            "textDocument": { "uri": self.uri, "version": 2 },
            "contentChanges": [change],
        });
        let begun = Instant::now();
        self.tell("textDocument/didChange", &params)?;
        self.diagnostics()?;
        Ok(begun.elapsed().as_secs_f64() * 1000.0)
    }

    fn close(mut self) -> anyhow::Result<()> {
        self.request("shutdown", &Value::Null)?;
        self.tell("exit", &Value::Null)?;
        self.child.wait()?;
        Ok(())
    }

    fn request(&mut self, method: &str, params: &Value) -> anyhow::Result<Value> {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        loop {
            let message = self.receive()?;
            if message["id"] == id {
                ensure!(message.get("error").is_none(), "{method} failed: {message}");
                return Ok(message);
            }
        }
    }

    fn tell(&mut self, method: &str, params: &Value) -> anyhow::Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    /// Waits for diagnostics of the open script.
    fn diagnostics(&mut self) -> anyhow::Result<()> {
        loop {
            let message = self.receive()?;
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == self.uri.as_str() {
                return Ok(());
            }
        }
    }

    fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len())?;
        self.input.flush()?;
        Ok(())
    }

    fn receive(&mut self) -> anyhow::Result<Value> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line)? == 0 {
                bail!("the language server ended");
            }
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    }
}
