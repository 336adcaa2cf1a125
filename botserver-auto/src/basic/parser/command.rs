//! Keywords of the registry: the longest phrase, then the shape that fits best.

use botstate::keyword::Part;

use super::{Kind, Parse, Parser, get};
use crate::basic::{
    diagnostic::Diagnostic,
    grammar::{Entry, Grammar},
    tree::{Arg, Command, Expr, ExprKind},
};

/// Words that may begin a line that goes on with the statement before it.
const CONTINUES: [&str; 4] = ["WHERE", "ORDER", "JOIN", "GROUP"];

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
                let variable = tokens > 1 && matches!(after.kind, Kind::Dot | Kind::QuestionDot);
                if !variable {
                    best = Some(Matched {
                        entry,
                        tokens,
                        words: tokens,
                    });
                }
            }
        }
    }

    /// The keyword `matched` with its arguments.
    pub(super) fn command(&mut self, matched: &Matched<'a>, statement: bool) -> Parse<Expr> {
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
        let mut best: Option<(usize, Vec<(String, Arg)>)> = None;
        let mut failure: Option<Box<Diagnostic>> = None;
        let begin = self.at;
        for shape in &entry.shapes {
            self.at = begin;
            let known = self.diagnostics.len();
            let mut args = Vec::new();
            let parsed = self.parts(&shape.0, statement, &mut args).and_then(|()| {
                if statement && !self.at_end() {
                    Err(self.expected("the end of the line"))
                } else {
                    Ok(())
                }
            });
            self.diagnostics.truncate(known);
            match parsed {
                Ok(()) => {
                    if best.as_ref().is_none_or(|(end, _)| self.at > *end) {
                        best = Some((self.at, args));
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
            (Some((end, args)), _) => {
                self.at = end;
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
                    error = Box::new(error.note(format!("{} {}", entry.phrase, spell(&shape.0)).trim().to_owned()));
                }
                Err(error)
            }
        }
    }

    fn finish(&self, entry: &Entry, mut args: Vec<(String, Arg)>, start: usize) -> Expr {
        let span = self.since(start);
        let otherwise = get::split_default(entry.phrase, &mut args);
        let kind = self.member_path(entry.phrase, &args).unwrap_or_else(|| {
            let command = Command {
                phrase: entry.phrase,
                class: entry.class,
                args,
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
        for shape in &entry.shapes {
            let (mut names, mut required) = (Vec::new(), 0);
            flatten(&shape.0, true, &mut names, &mut required);
            let rest = names.last().is_some_and(|(_, rest)| *rest);
            if values.len() < required || values.len() > names.len() && !rest {
                continue;
            }
            let mut values = values.into_iter();
            let mut args = Vec::new();
            for (name, rest) in names {
                if rest {
                    args.push((name, Arg::Many(values.by_ref().collect())));
                } else if let Some(value) = values.next() {
                    args.push((name, Arg::One(value)));
                }
            }
            return Ok(args);
        }
        Err(self.expected("another number of arguments"))
    }

    fn parts(&mut self, parts: &[Part], statement: bool, args: &mut Vec<(String, Arg)>) -> Parse<()> {
        for (index, part) in parts.iter().enumerate() {
            let next = parts.get(index + 1);
            let before = index.checked_sub(1).and_then(|index| parts.get(index));
            let whole = statement || matches!(before, Some(Part::Word(word)) if word == "WHERE");
            match part {
                Part::Arg(name)
                | Part::Filter(name)
                | Part::Condition(name)
                | Part::Source(name)
                | Part::Words(name) => {
                    let value = self.argument(whole, next)?;
                    args.push((name.clone(), Arg::One(value)));
                }
                Part::Rest(name) | Part::Named(name) | Part::Fields(name) => {
                    let mut values = vec![self.argument(whole, next)?];
                    while self.commas && self.take(Kind::Comma) {
                        self.skip_newlines_after_operator();
                        values.push(self.argument(whole, next)?);
                    }
                    args.push((name.clone(), Arg::Many(values)));
                }
                Part::Word(word) => {
                    if !self.take_part_word(word) {
                        return Err(self.expected(&format!("`{word}`")));
                    }
                    if parts.get(index + 1).is_some() {
                        self.skip_newlines_after_operator();
                    }
                }
                Part::Optional(inner) => {
                    if self.optional_begins(inner) {
                        self.parts(inner, statement, args)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// An argument. As an operand a keyword takes sums only, so that `GET "x" OR "default"` and `GET "x" = 5` mean
    /// what they say; conditions and statements take whole expressions, and nothing takes a `=` of its own shape.
    fn argument(&mut self, whole: bool, next: Option<&Part>) -> Parse<Expr> {
        if self.at_end() {
            return Err(self.expected("a value"));
        }
        let equals = matches!(next, Some(Part::Word(word)) if word == "=");
        self.without_commas(|parser| {
            if whole && !equals {
                parser.expression()
            } else {
                parser.sum()
            }
        })
    }

    fn part_word(&mut self, word: &str) -> bool {
        match word {
            "," => self.commas && self.kind() == Kind::Comma,
            "=" => self.kind() == Kind::Equal,
            ":" => self.kind() == Kind::Colon,
            _ => self.kind() == Kind::Word && self.is_word(0, word),
        }
    }

    fn take_part_word(&mut self, word: &str) -> bool {
        if self.part_word(word) {
            self.next();
            return true;
        }
        // Clauses of a query may begin the next line.
        let at = self.at;
        if CONTINUES.contains(&word) && self.token_at(0).kind == Kind::Newline {
            self.skip_newlines();
            if self.is_word(0, word) {
                self.next();
                return true;
            }
            self.at = at;
        }
        false
    }

    /// Whether an optional part is there, perhaps on the next line when several words announce it.
    fn optional_begins(&mut self, parts: &[Part]) -> bool {
        let words: Vec<&str> = parts
            .iter()
            .map_while(|part| {
                if let Part::Word(word) = part {
                    Some(word.as_str())
                } else {
                    None
                }
            })
            .collect();
        let Some(first) = words.first() else {
            return !self.at_end() && self.can_begin_value();
        };
        if self.part_word(first) {
            return words.len() == 1 || words.iter().enumerate().all(|(ahead, word)| self.is_word(ahead, word));
        }
        let continues = words.len() > 1 || CONTINUES.contains(first);
        if continues && self.token_at(0).kind == Kind::Newline {
            let at = self.at;
            self.skip_newlines();
            if words.iter().enumerate().all(|(ahead, word)| self.is_word(ahead, word)) {
                return true;
            }
            self.at = at;
        }
        false
    }

    fn can_begin_value(&mut self) -> bool {
        let token = self.token();
        matches!(token.kind, Kind::Paren | Kind::Minus | Kind::Brace | Kind::Bracket) || self.begins_argument(0)
    }
}

fn flatten(parts: &[Part], needed: bool, names: &mut Vec<(String, bool)>, required: &mut usize) {
    for part in parts {
        match part {
            Part::Optional(inner) => flatten(inner, false, names, required),
            Part::Word(_) => {}
            _ => {
                let rest = matches!(part, Part::Rest(_) | Part::Named(_) | Part::Fields(_));
                names.push((part.name().unwrap_or_default().to_owned(), rest));
                *required += usize::from(needed);
            }
        }
    }
}

/// A shape as authors read it.
fn spell(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        let piece = match part {
            Part::Word(word) => word.clone(),
            Part::Optional(inner) => format!("[{}]", spell(inner)),
            Part::Rest(name) | Part::Named(name) => format!("{name}, …"),
            Part::Fields(name) => format!("{name} = value, …"),
            other => other.name().unwrap_or_default().to_owned(),
        };
        if !text.is_empty() && piece != "," && !piece.starts_with("[,") {
            text.push(' ');
        }
        text.push_str(&piece);
    }
    text
}
