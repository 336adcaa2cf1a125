//! Keywords of the registry: the longest phrase, then the shape that fits best.

use botstate::keyword::Part;

use super::{Kind, Parse, Parser, get, position, shape};
use crate::basic::{
    diagnostic::Diagnostic,
    grammar::{Entry, Grammar},
    tree::{Arg, Command, Expr, ExprKind},
};

/// Where a shape that fits ends, its arguments, and what there is to say about them.
type Fitting = (usize, Vec<(String, Arg)>, Vec<Diagnostic>);

/// A phrase of the registry that stands here.
pub(super) struct Matched<'a> {
    entry: &'a Entry,
    tokens: usize,
    pub(super) words: usize,
}

impl<'a> Parser<'a> {
    /// R2: the longest phrase that begins here.
    pub(super) fn phrase(&mut self) -> Option<Matched<'a>> {
        self.skip_bracketed_newlines();
        let grammar: &'a Grammar = self.grammar;
        let mut node = Grammar::ROOT;
        let mut best = None;
        let mut tokens = 0;
        loop {
            let token = self.token_at(tokens);
            if token.kind != Kind::Word {
                return best;
            }
            let Some(next) = grammar.follow(node, self.text_of(token)) else {
                return best;
            };
            node = next;
            tokens += 1;
            if let Some(entry) = grammar.entry(node) {
                // A member or an assignment after the last word makes that word a variable.
                let after = self.token_at(tokens);
                let member = after.kind == Kind::QuestionDot || after.kind == Kind::Dot && !self.is_dotted(tokens);
                // `SEARCH products, "tea"`: what cannot take a comma leaves the last word to the shorter phrase.
                // So does one that needs arguments at the end of a line: `DELETE file` is not DELETE FILE.
                let bare = entry
                    .shapes
                    .iter()
                    .any(|shape| shape.0.iter().all(|part| matches!(part, Part::Optional(_))));
                let over = matches!(after.kind, Kind::Newline | Kind::Semicolon | Kind::End | Kind::ParenEnd);
                let next_word = best
                    .as_ref()
                    .is_some_and(|shorter: &Matched<'_>| shorter.tokens + 1 == tokens);
                let argument = best.is_some() && after.kind == Kind::Comma || next_word && over && !bare;
                let variable = tokens > 1 && (member || argument);
                // What the script defines itself is there, whatever else has its name.
                let own = entry.elsewhere.is_some() && tokens == 1 && {
                    let word = self.text_of(self.token_at(0)).trim_end_matches('$').to_lowercase();
                    self.procedures.contains(&word)
                };
                if !variable && !own {
                    best = Some(Matched {
                        entry,
                        tokens,
                        words: tokens,
                    });
                }
            }
        }
    }

    /// Whether a query may begin after the phrase, `SELECT * FROM …`.
    pub(super) fn begins_query(&self, matched: &Matched<'_>) -> bool {
        let queries = matched
            .entry
            .shapes
            .iter()
            .any(|shape| matches!(shape.0.first(), Some(Part::Query(_))));
        queries && self.token_at(matched.tokens).kind == Kind::Star
    }

    /// Whether it is `GET "config", "key"`, whose comma can belong to nothing else: `"Bearer " + GET "config", "token"`.
    fn asks_config(&self, matched: &Matched<'_>) -> bool {
        let [source, comma, key] = [0, 1, 2].map(|ahead| self.token_at(matched.tokens + ahead));
        matched.entry.phrase == "GET"
            && self.text_of(source).eq_ignore_ascii_case("\"config\"")
            && comma.kind == Kind::Comma
            && key.kind == Kind::Text
    }

    /// The keyword `matched` with its arguments.
    pub(super) fn command(&mut self, matched: &Matched<'a>, statement: bool) -> Parse<Expr> {
        if !self.commas && self.asks_config(matched) {
            self.commas = true;
            let command = self.command(matched, statement);
            self.commas = false;
            return command;
        }
        let start = self.start();
        self.at += matched.tokens;
        let entry = matched.entry;
        let token = self.token_at(0);
        if token.kind == Kind::Paren
            && !token.spaced
            && let Ok(args) = self.attempt(|parser| parser.parenthesised(entry, statement))
        {
            return Ok(self.finish(entry, args, start));
        }
        let mut best: Option<Fitting> = None;
        let mut failure: Option<Box<Diagnostic>> = None;
        let begin = self.at;
        for shape in &entry.shapes {
            self.at = begin;
            let known = self.diagnostics.len();
            let mut args = Vec::new();
            let parsed = self.parts(&shape.0, &[], statement, &mut args).and_then(|()| {
                if statement && !self.at_end() {
                    Err(self.expected("the end of the line"))
                } else {
                    Ok(())
                }
            });
            // Only what the shape that is taken has to say is kept.
            let said = self.diagnostics.split_off(known);
            match parsed {
                Ok(()) => {
                    if best.as_ref().is_none_or(|(end, ..)| self.at > *end) {
                        best = Some((self.at, args, said));
                    }
                }
                Err(error) => {
                    let last = failure.as_ref().map(|other| other.span.start);
                    if last.is_none_or(|last| error.span.start > last) {
                        failure = Some(error);
                    }
                }
            }
        }
        match (best, failure) {
            (Some((end, args, said)), _) => {
                self.at = end;
                self.diagnostics.extend(said);
                Ok(self.finish(entry, args, start))
            }
            (None, failure) => {
                self.at = begin;
                let span = self.since(start);
                let mut error = self.error("B104", span, format!("the arguments of {} do not fit", entry.phrase));
                if let Some(failure) = failure {
                    if !failure.code.starts_with("B10") {
                        return Err(failure);
                    }
                    error.label.clone_from(&failure.title);
                }
                for shape in &entry.shapes {
                    error =
                        Box::new(error.note(format!("{} {}", entry.phrase, shape::spell(&shape.0)).trim().to_owned()));
                }
                Err(error)
            }
        }
    }

    fn finish(&mut self, entry: &Entry, mut args: Vec<(String, Arg)>, start: usize) -> Expr {
        let span = self.since(start);
        for (_, arg) in &args {
            self.notice(arg);
        }
        let otherwise = get::split_default(entry.phrase, &mut args);
        let kind = self.member_path(entry.phrase, &args).unwrap_or_else(|| {
            let command = Command {
                phrase: entry.phrase,
                class: entry.class,
                args,
                elsewhere: entry.elsewhere,
            };
            ExprKind::Command(Box::new(command))
        });
        let value = Expr::new(kind, span.clone());
        match otherwise {
            Some(otherwise) => Expr::new(otherwise.after(value), span),
            None => value,
        }
    }

    /// R3: arguments in parentheses right after the phrase, by position.
    fn parenthesised(&mut self, entry: &Entry, statement: bool) -> Parse<Vec<(String, Arg)>> {
        let values = self.call_arguments()?;
        if statement && !self.at_end() {
            return Err(self.expected("the end of the line"));
        }
        // Forms with words of their own, such as SET … WHERE, say nothing about places.
        let (plain, worded): (Vec<_>, Vec<_>) = entry.shapes.iter().partition(|shape| position::is_plain(&shape.0));
        for shape in plain.into_iter().chain(worded) {
            if let Some(args) = position::by_position(&shape.0, &values) {
                return Ok(args);
            }
        }
        Err(self.expected("another number of arguments"))
    }
}
