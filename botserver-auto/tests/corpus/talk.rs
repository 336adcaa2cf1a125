//! What is said around a script, one thing a line:
//!
//! ```text
//! ' a comment
//! arg name => JSON            an argument
//! name user => JSON           a name that the script finds set
//! table orders => [ROWS]      rows that FIND reads and SAVE adds to
//! reply KEYWORD => JSON       the next value of a keyword
//! fail KEYWORD => message     the next failure of a keyword
//! > text                      the next answer of the visitor
//! file name mime              the next answer, a file
//! ```

use std::{collections::VecDeque, fs, path::Path};

use botlib::{Value, value::FileRef, value::Map};
use botstate::dialog::{Answer, Fault, FaultKind};

/// A scripted conversation.
#[derive(Default)]
pub(crate) struct Talk {
    pub(crate) args: Map,
    pub(crate) names: Vec<(String, Value)>,
    pub(crate) tables: Vec<(String, Vec<Value>)>,
    pub(crate) replies: VecDeque<(String, Result<Value, Fault>)>,
    pub(crate) answers: VecDeque<Answer>,
}

impl Talk {
    /// The conversation beside the script at `path`; nobody says anything when there is none.
    pub(crate) fn beside(path: &Path) -> Self {
        let path = path.with_extension("talk");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut talk = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            talk.line(line)
                .unwrap_or_else(|| panic!("{}: cannot read the line {line}", path.display()));
        }
        talk
    }

    fn line(&mut self, line: &str) -> Option<()> {
        if line.starts_with('\'') {
            return Some(());
        }
        if let Some(text) = line.strip_prefix('>') {
            self.answers.push_back(Answer {
                text: text.trim().to_owned(),
                files: Vec::new(),
            });
            return Some(());
        }
        if let Some(file) = line.strip_prefix("file ") {
            let (name, mime) = file.split_once(' ')?;
            self.answers.push_back(Answer {
                text: String::new(),
                files: vec![FileRef {
                    url: format!("/files/{name}"),
                    name: name.to_owned(),
                    mime: mime.to_owned(),
                    size_bytes: 3,
                    ..FileRef::default()
                }],
            });
            return Some(());
        }
        let (what, value) = line.split_once("=>")?;
        let (kind, name) = what.trim().split_once(' ')?;
        let (name, value) = (name.trim().to_owned(), value.trim());
        if kind == "fail" {
            self.replies
                .push_back((name, Err(Fault::new(FaultKind::Network, value))));
            return Some(());
        }
        let value = Value::from_json(&serde_json::from_str(value).ok()?);
        match (kind, value) {
            ("arg", value) => {
                self.args.insert(&name, value);
            }
            ("name", value) => self.names.push((name, value)),
            ("table", Value::List(rows)) => self.tables.push((name, rows)),
            ("reply", value) => self.replies.push_back((name, Ok(value))),
            _ => return None,
        }
        Some(())
    }
}
