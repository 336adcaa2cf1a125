//! The arguments of a keyword, part by part of its shape.

use botstate::keyword::Part;

use super::{Kind, Parse, Parser, expression::is_operator_word};
use crate::basic::{
    check::is_ambient,
    compiler,
    lexer::unescape,
    tree::{Arg, Arith, Expr, ExprKind, Name, Step},
};

/// Words that may begin a line that goes on with the statement before it.
const CONTINUES: [&str; 13] = [
    "WHERE",
    "ORDER",
    "JOIN",
    "GROUP",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "SET",
    "VALUES",
    "SUBJECT",
    "BODY",
    "ATTACHMENT",
    "TIMEOUT",
];

pub(super) type Args = Vec<(String, Arg)>;

impl Parser<'_> {
    /// The arguments that `parts` describe; words of `after` end what has no other end.
    pub(super) fn parts(&mut self, parts: &[Part], after: &[&str], statement: bool, args: &mut Args) -> Parse<()> {
        let mut rest = parts;
        let mut before: Option<&Part> = None;
        while let Some((part, behind)) = rest.split_first() {
            let mut ends = Vec::new();
            if let Part::Optional(_) = part {
                let options = rest.iter().take_while(|part| matches!(part, Part::Optional(_))).count();
                let (options, behind) = rest.split_at(options);
                opening(behind, after, &mut ends);
                self.options(options, &ends, statement, args)?;
                (rest, before) = (behind, None);
                continue;
            }
            opening(behind, after, &mut ends);
            let whole = statement || matches!(before, Some(Part::Word(word)) if word == "WHERE");
            self.part(part, behind.first(), &ends, whole, args)?;
            let is = |part: Option<&Part>, word: &str| matches!(part, Some(Part::Word(other)) if other == word);
            // Only what changes rows has columns to compute with.
            if is(before, "SET") || is(behind.first(), "WHERE") {
                self.computed(args);
            }
            (rest, before) = (behind, Some(part));
        }
        Ok(())
    }

    fn part(&mut self, part: &Part, next: Option<&Part>, ends: &[&str], whole: bool, args: &mut Args) -> Parse<()> {
        let first = args.is_empty();
        let arg = match part {
            Part::Arg(_) => Arg::One(self.argument(whole, next)?),
            Part::Rest(_) => Arg::Many(self.argument_list(whole, next)?),
            Part::Named(_) => Arg::Named(self.argument_list(whole, next)?),
            Part::Filter(_) => Arg::Filter(self.argument(whole, next)?),
            Part::Condition(_) => self.condition()?,
            Part::Source(_) => self.source(ends, whole, next)?,
            Part::Fields(_) => Arg::Fields(self.assignments()?, Vec::new()),
            Part::Words(_) if first => Arg::Words(self.bare_words(ends)?),
            Part::Words(_) => Arg::Words(self.words(ends)?),
            Part::Query(name) => {
                let (query, rows) = self.query()?;
                args.push((name.clone(), query));
                args.push(("rows".to_owned(), rows));
                return Ok(());
            }
            Part::Flag(word) => {
                if !self.take_part_word(word) {
                    return Err(self.expected(&format!("`{word}`")));
                }
                args.push((word.to_lowercase(), Arg::Flag));
                return Ok(());
            }
            Part::Word(word) => {
                if !self.take_part_word(word) {
                    return Err(self.expected(&format!("`{word}`")));
                }
                if next.is_some() {
                    self.skip_newlines_after_operator();
                }
                return Ok(());
            }
            Part::Optional(_) => return Ok(()),
        };
        args.push((part.name().unwrap_or_default().to_owned(), arg));
        Ok(())
    }

    /// Optional parts that follow each other: those that are there, in any order.
    fn options(&mut self, options: &[Part], after: &[&str], statement: bool, args: &mut Args) -> Parse<()> {
        let mut open: Vec<&[Part]> = options
            .iter()
            .filter_map(|part| {
                if let Part::Optional(inner) = part {
                    Some(inner.as_slice())
                } else {
                    None
                }
            })
            .collect();
        loop {
            let begins =
                (0..open.len()).filter(|place| open.get(*place).is_some_and(|parts| self.optional_begins(parts)));
            // `, ATTACHMENT file` before `, attachments`: what more words announce.
            let found = begins.max_by_key(|place| {
                let words = open.get(*place).map_or(0, |parts| leading(parts).len());
                (words, usize::MAX - place)
            });
            let Some(found) = found else { return Ok(()) };
            let inner = open.remove(found);
            let mut ends = Vec::new();
            for parts in &open {
                opening(parts, &[], &mut ends);
            }
            ends.extend(after);
            if leading(inner).first().is_some_and(|word| !self.part_word(0, word)) {
                self.skip_newlines();
            }
            self.parts(inner, &ends, statement, args)?;
        }
    }

    fn argument_list(&mut self, whole: bool, next: Option<&Part>) -> Parse<Vec<Expr>> {
        let mut values = vec![self.argument(whole, next)?];
        while self.commas && self.take(Kind::Comma) {
            self.skip_newlines_after_operator();
            values.push(self.argument(whole, next)?);
        }
        Ok(values)
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

    /// Where rows are: a bare name, or a value.
    fn source(&mut self, ends: &[&str], whole: bool, next: Option<&Part>) -> Parse<Arg> {
        let start = self.start();
        let dotted = self.kind() == Kind::Dot;
        let first = usize::from(dotted);
        let mut ahead = first + 1;
        while self.token_at(ahead).kind == Kind::Dot && !self.token_at(ahead).spaced {
            ahead += 2;
        }
        let words = (first..ahead).step_by(2).all(|at| self.token_at(at).kind == Kind::Word);
        if !words || !dotted && !self.is_bare(ahead, ends, next) {
            return self.argument(whole, next).map(Arg::One);
        }
        let base = self.token_at(first);
        let base = Expr::new(ExprKind::Name(self.text_of(base).to_owned()), self.place(base.span()));
        let steps: Vec<Step> = (first + 2..ahead)
            .step_by(2)
            .map(|at| {
                let token = self.token_at(at);
                Step::Member(Name {
                    text: self.text_of(token).to_owned(),
                    span: self.place(token.span()),
                })
            })
            .collect();
        self.at += ahead;
        let span = self.since(start);
        let text = self.text.get(start..span.end).unwrap_or_default();
        let text = text.split_whitespace().collect::<String>();
        let value = if dotted {
            Expr::new(ExprKind::Null, span)
        } else if steps.is_empty() {
            base
        } else {
            Expr::new(ExprKind::Path(Box::new(base), steps), span)
        };
        Ok(Arg::Source(text, value))
    }

    /// Whether the name that ends before the token `ahead` is all of an argument.
    fn is_bare(&mut self, ahead: usize, ends: &[&str], next: Option<&Part>) -> bool {
        let value = ["TRUE", "FALSE", "NULL", "NOT", "NEW", "HEAR"];
        if value.iter().any(|word| self.is_word(0, word)) {
            return false;
        }
        match self.token_at(ahead).kind {
            Kind::Comma
            | Kind::Newline
            | Kind::Semicolon
            | Kind::End
            | Kind::ParenEnd
            | Kind::BracketEnd
            | Kind::BraceEnd
            | Kind::Colon => true,
            Kind::Word => {
                let word = self.text_of(self.token_at(ahead));
                let clause = ends.iter().any(|end| word.eq_ignore_ascii_case(end));
                let operator = word.eq_ignore_ascii_case("MOD");
                clause || !operator && (is_operator_word(word) || self.phrase().is_none())
            }
            Kind::Equal => matches!(next, Some(Part::Word(word)) if word == "="),
            Kind::Text | Kind::Number => next.is_some_and(|next| next.name().is_some()) && self.phrase().is_none(),
            _ => false,
        }
    }

    /// `a = 1, b AS x`, perhaps over several lines.
    fn assignments(&mut self) -> Parse<Vec<(Name, Expr)>> {
        let mut fields = Vec::new();
        loop {
            self.skip_newlines_after_operator();
            let name = self.field_name()?;
            if !self.take(Kind::Equal) && !self.take(Kind::Colon) && !self.take_word("AS") {
                return Err(self.expected("`=`"));
            }
            self.skip_newlines_after_operator();
            fields.push((name, self.without_commas(Self::expression)?));
            if !self.commas || !self.take(Kind::Comma) {
                return Ok(fields);
            }
        }
    }

    /// Finds the columns in the values of assignments: names that the script never sets.
    fn computed(&self, args: &mut Args) {
        let Some((_, Arg::Fields(fields, columns))) = args.last_mut() else {
            return;
        };
        let mut names = Vec::new();
        for (_, value) in fields.iter() {
            compiler::names_in(value, &mut names);
        }
        names.retain(|name| !self.sets(name) && !is_ambient(name));
        *columns = names;
    }

    fn field_name(&mut self) -> Parse<Name> {
        let token = self.token();
        if token.kind == Kind::Text {
            self.next();
            let quoted = self.text_of(token);
            let text = unescape(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
            let span = self.place(token.span());
            return Ok(Name { text, span });
        }
        let mut name = self.name("a field's name")?;
        while self.take(Kind::Dot) {
            let member = self.name("a member's name")?;
            name.text = format!("{}.{}", name.text, member.text);
            name.span.end = member.span.end;
        }
        Ok(name)
    }

    /// Text up to the end of the line or a word of `ends`.
    fn words(&mut self, ends: &[&str]) -> Parse<String> {
        let start = self.start();
        let (mut depth, mut taken) = (0_usize, false);
        while !self.at_end() {
            match self.kind() {
                Kind::Paren | Kind::Bracket | Kind::Brace => depth += 1,
                Kind::ParenEnd | Kind::BracketEnd | Kind::BraceEnd if depth == 0 => break,
                Kind::ParenEnd | Kind::BracketEnd | Kind::BraceEnd => depth -= 1,
                Kind::Word if depth == 0 && ends.iter().any(|end| self.is_word(0, end)) => break,
                // In brackets a comma belongs to whoever has opened them (R5).
                Kind::Comma if depth == 0 && !self.commas => break,
                _ => {}
            }
            self.next();
            taken = true;
        }
        if !taken {
            return Err(self.expected("a word"));
        }
        let end = self
            .at
            .checked_sub(1)
            .and_then(|at| self.tokens.get(at))
            .map_or(start, |last| last.end);
        Ok(self.text.get(start..end).unwrap_or_default().trim().to_owned())
    }

    /// Words right after the phrase: no texts, variables or calculations, which would be arguments.
    fn bare_words(&mut self, ends: &[&str]) -> Parse<String> {
        let start = self.at;
        let words = self.words(ends)?;
        let taken = self.tokens.get(start..self.at).unwrap_or_default();
        let plain = taken.iter().all(|token| {
            matches!(
                token.kind,
                Kind::Word | Kind::Number | Kind::Colon | Kind::Minus | Kind::Star | Kind::Slash | Kind::Dot
            )
        });
        let bare = taken
            .first()
            .is_some_and(|token| token.kind == Kind::Word && !self.sets(self.text_of(*token)));
        if plain && bare {
            return Ok(words);
        }
        self.at = start;
        Err(self.expected("a word"))
    }

    fn part_word(&mut self, ahead: usize, word: &str) -> bool {
        self.skip_bracketed_newlines();
        match word {
            "," => self.commas && self.token_at(ahead).kind == Kind::Comma,
            "=" => self.token_at(ahead).kind == Kind::Equal,
            ":" => self.token_at(ahead).kind == Kind::Colon,
            "(" => self.token_at(ahead).kind == Kind::Paren,
            ")" => self.token_at(ahead).kind == Kind::ParenEnd,
            _ => self.is_word(ahead, word),
        }
    }

    fn take_part_word(&mut self, word: &str) -> bool {
        if self.part_word(0, word) {
            self.next();
            return true;
        }
        // Clauses of a query may begin the next line.
        let at = self.at;
        if CONTINUES.contains(&word) && self.token_at(0).kind == Kind::Newline {
            self.skip_newlines();
            if self.is_word(0, word) && !self.is_assignment(0) {
                self.next();
                return true;
            }
            self.at = at;
        }
        false
    }

    /// Whether an optional part is there, perhaps on the next line when several words announce it.
    fn optional_begins(&mut self, parts: &[Part]) -> bool {
        let words = leading(parts);
        let Some(first) = words.first() else {
            return !self.at_end() && self.can_begin_value();
        };
        let here = |parser: &mut Self| {
            words
                .iter()
                .enumerate()
                .all(|(ahead, word)| parser.part_word(ahead, word))
        };
        if here(self) {
            return true;
        }
        let continues = words.len() > 1 && *first != "," || CONTINUES.contains(first) && *first != "SET";
        if !continues || self.token_at(0).kind != Kind::Newline {
            return false;
        }
        let at = self.at;
        self.skip_newlines();
        let begins = here(self) && !self.is_assignment(0);
        self.at = at;
        begins
    }

    fn can_begin_value(&mut self) -> bool {
        let token = self.token();
        matches!(token.kind, Kind::Paren | Kind::Minus | Kind::Brace | Kind::Bracket) || self.begins_argument(0)
    }

    /// Keeps the names that stand in filter texts: the compiler follows what the script puts into them.
    pub(super) fn notice(&mut self, arg: &Arg) {
        if let Arg::Filter(expr) = arg {
            for name in joined_names(expr) {
                self.filtering.insert(name.trim_end_matches('$').to_lowercase());
            }
        }
    }
}

/// Names that a text is joined from.
pub(crate) fn joined_names(expr: &Expr) -> Vec<&str> {
    match &expr.kind {
        ExprKind::Name(name) => vec![name],
        ExprKind::Chain(first, rest) => std::iter::once(&**first)
            .chain(
                rest.iter()
                    .filter(|(operator, _)| matches!(operator, Arith::Add | Arith::Concat))
                    .map(|(_, item)| item),
            )
            .flat_map(joined_names)
            .collect(),
        ExprKind::Template(items) => items.iter().flat_map(joined_names).collect(),
        ExprKind::Choose(_, yes, no) => [yes, no].into_iter().flat_map(|side| joined_names(side)).collect(),
        _ => Vec::new(),
    }
}

/// Words that a part begins with, as far as no argument comes.
fn leading(parts: &[Part]) -> Vec<&str> {
    parts
        .iter()
        .map_while(|part| match part {
            Part::Word(word) | Part::Flag(word) => Some(word.as_str()),
            _ => None,
        })
        .collect()
}

/// Words that may stand first in `parts`, and those of `after` when nothing there is needed.
fn opening<'p>(parts: &'p [Part], after: &[&'p str], words: &mut Vec<&'p str>) {
    for part in parts {
        match part {
            Part::Optional(inner) => opening(inner, &[], words),
            Part::Word(word) | Part::Flag(word) => {
                words.push(word);
                return;
            }
            _ => return,
        }
    }
    words.extend(after);
}

/// A shape as authors read it.
pub(super) fn spell(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        let piece = match part {
            Part::Word(word) | Part::Flag(word) => word.clone(),
            Part::Optional(inner) => format!("[{}]", spell(inner)),
            Part::Rest(name) | Part::Named(name) => format!("{name}, …"),
            Part::Fields(name) => format!("{name} = value, …"),
            Part::Words(name) | Part::Query(name) => format!("{name} …"),
            other => other.name().unwrap_or_default().to_owned(),
        };
        if !text.is_empty() && piece != "," && !piece.starts_with("[,") {
            text.push(' ');
        }
        text.push_str(&piece);
    }
    text
}
