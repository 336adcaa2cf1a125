//! The formatter: a script's tree in one canonical form, with its comments.
//!
//! The tree says what is printed, the text says where comments and blank lines were and how texts and numbers are
//! spelled. What was printed is read again: a statement that would mean something else stays as it was written, so
//! that formatting never changes what a script does.

mod block;
mod command;
mod comments;
mod compare;
mod declare;
mod expression;
mod layout;
mod literal;
mod statement;

#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, ops::Range};

use super::{
    diagnostic::Diagnostic,
    grammar::Grammar,
    lexer::{self, Token},
    parser::{Parsed, parse},
    tree::Stmt,
};

/// How often statements that would be read differently are put back before all of the script's own ones are.
const ROUNDS: usize = 32;

/// The script `text` in canonical form.
///
/// # Errors
/// All problems of the script when it has errors: what cannot be read cannot be formatted.
pub fn format_source(text: &str, grammar: &Grammar) -> Result<String, Vec<Diagnostic>> {
    format_script("script.bas", text, grammar)
}

/// The script `text` in canonical form; problems are reported in a script called `name`.
///
/// # Errors
/// All problems of the script when it has errors: what cannot be read cannot be formatted.
pub fn format_script(name: &str, text: &str, grammar: &Grammar) -> Result<String, Vec<Diagnostic>> {
    format_noting(name, text, grammar).map(|formatted| formatted.text)
}

/// A script in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    /// The script.
    pub text: String,
    /// Lines on which statements begin that stay as they were written: in another form they would be read differently.
    pub left: Vec<u32>,
}

/// The script `text` in canonical form, and what of it could not be brought into that form.
///
/// # Errors
/// All problems of the script when it has errors: what cannot be read cannot be formatted.
pub fn format_noting(name: &str, text: &str, grammar: &Grammar) -> Result<Formatted, Vec<Diagnostic>> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let parsed = parse(name, &text, grammar);
    if parsed.has_errors() {
        return Err(parsed.diagnostics);
    }
    let mut kept = BTreeSet::new();
    for _ in 0..ROUNDS {
        let printed = print(&parsed, grammar, &kept);
        let again = parse(name, &printed, grammar);
        let different = compare::differences(&parsed, &again);
        let blamed = if different.is_empty() {
            compare::without_comments(&parsed, &again)
        } else {
            different
        };
        let lines = |kept: &BTreeSet<usize>| kept.iter().map(|at| parsed.source.line(*at)).collect();
        if blamed.is_empty() {
            return Ok(Formatted {
                text: printed,
                left: lines(&kept),
            });
        }
        let known = kept.len();
        kept.extend(blamed);
        if kept.len() == known {
            // Whatever is wrong is not where it shows: only what lies between the script's own statements is tidied.
            let own: BTreeSet<usize> = parsed.body.iter().map(|stmt| stmt.span.start).collect();
            if own.is_subset(&kept) {
                break;
            }
            kept.extend(own);
        }
    }
    Ok(Formatted { text, left: vec![1] })
}

/// The script as text, with the statements at `kept` as they were written.
fn print(parsed: &Parsed, grammar: &Grammar, kept: &BTreeSet<usize>) -> String {
    let tokens = lexer::lex(&parsed.source).tokens;
    let mut printer = Printer {
        source: parsed.source.text(),
        tokens: &tokens,
        comments: &parsed.comments,
        next_comment: 0,
        grammar,
        kept,
        out: String::with_capacity(parsed.source.text().len()),
        last_end: 0,
        fresh: true,
        in_function: false,
    };
    printer.script(&parsed.body);
    printer.out
}

/// What is printed so far, and what the text around the tree tells.
struct Printer<'a> {
    source: &'a str,
    tokens: &'a [Token],
    comments: &'a [Range<usize>],
    next_comment: usize,
    grammar: &'a Grammar,
    kept: &'a BTreeSet<usize>,
    out: String,
    /// Where the last thing that was printed ends in the source.
    last_end: usize,
    /// Whether the next line is the first of its block.
    fresh: bool,
    /// Whether the statements belong to a procedure that gives a value.
    in_function: bool,
}

impl Printer<'_> {
    fn script(&mut self, body: &[Stmt]) {
        self.statements(body, 0);
        self.own_comments(usize::MAX, 0);
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    /// Writes `doc` on a line that is not ended.
    fn write(&mut self, doc: &layout::Doc, indent: usize) {
        self.indent(indent);
        layout::write(&mut self.out, doc, indent);
    }
}
