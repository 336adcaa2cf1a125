//! From tokens to the tree: recursive descent that recovers line by line.

mod command;
mod condition;
mod control;
mod event;
mod expression;
mod get;
mod header;
mod hear;
mod include;
mod jump;
mod operand;
mod position;
mod procedure;
mod query;
mod shape;
mod statement;
mod table;
mod text;
mod work;

use std::{collections::HashSet, ops::Range, sync::Arc};

pub(crate) use expression::is_operator_word;
pub(crate) use shape::joined_names;

use super::{
    diagnostic::{Diagnostic, Severity},
    grammar::Grammar,
    lexer::{self, Kind, Token},
    source::Source,
    tree::{Name, Stmt, StmtKind},
};

/// How deep blocks, brackets and operators may be nested.
const MAX_DEPTH: u32 = 48;

/// Problems beyond this many are not reported: the first ones explain the rest.
const MAX_DIAGNOSTICS: usize = 200;

/// A script as it was read: its tree, its comments and all that was wrong with it.
#[derive(Debug)]
pub struct Parsed {
    pub(crate) source: Arc<Source>,
    pub(crate) body: Vec<Stmt>,
    /// Names of SUBs and FUNCTIONs, in lower case.
    pub(crate) procedures: HashSet<String>,
    /// Types of table fields that are no types of ours; they may be names of tables.
    pub(crate) types: Vec<Name>,
    /// Whether some INCLUDE was left as it is, so that names may be defined elsewhere.
    pub(crate) partial: bool,
    /// Names that stand in filter texts, in lower case.
    pub(crate) filtering: HashSet<String>,
    /// Where comments stand, for the formatter.
    pub comments: Vec<Range<usize>>,
    /// All problems that reading the script showed.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// The script's text.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Whether the script can be compiled.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Finds a file for INCLUDE by the name that the script gives it: the name that diagnostics show, and the text.
pub type Loader<'a> = dyn Fn(&str) -> Option<(String, String)> + 'a;

/// Reads a script as it is. Never fails: what cannot be read is reported and left out of the tree.
pub fn parse(name: &str, text: &str, grammar: &Grammar) -> Parsed {
    read(Arc::new(Source::new(name, text)), grammar, Vec::new(), true)
}

/// Reads a script with the files that it includes, as `load` finds them.
pub fn parse_with(name: &str, text: &str, grammar: &Grammar, load: &Loader<'_>) -> Parsed {
    let (source, problems) = include::expand(name, text, load);
    let source = Arc::new(source);
    let problems = problems
        .into_iter()
        .map(|problem| problem.diagnostic(&source))
        .collect();
    read(source, grammar, problems, false)
}

fn read(source: Arc<Source>, grammar: &Grammar, problems: Vec<Diagnostic>, alone: bool) -> Parsed {
    let mut lexed = lexer::lex(&source);
    let procedures = procedures(&source, &lexed.tokens);
    let names = names(&source, &lexed.tokens);
    let lists = lists(&source, &lexed.tokens);
    let mut diagnostics = std::mem::take(&mut lexed.diagnostics);
    diagnostics.extend(problems);
    let (body, filtering, types) = {
        let mut parser = Parser::new(
            &source,
            source.text(),
            lexed.tokens,
            grammar,
            [&procedures, &names, &lists],
        );
        let body = parser.script();
        diagnostics.append(&mut parser.diagnostics);
        (body, parser.filtering, parser.types)
    };
    let unknown: HashSet<usize> = diagnostics
        .iter()
        .filter(|one| one.code == "B002")
        .map(|one| one.span.start)
        .collect();
    // What a character means nothing for was said; that it does not belong there says no more.
    diagnostics.retain(|one| one.code == "B002" || !one.is_error() || !unknown.contains(&one.span.start));
    if let Some(prose) = prose(&source, &diagnostics) {
        diagnostics = vec![prose];
    }
    let partial = alone && body.iter().any(|stmt| matches!(stmt.kind, StmtKind::Include { .. }));
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    diagnostics.truncate(MAX_DIAGNOSTICS);
    Parsed {
        source,
        body,
        procedures,
        filtering,
        types,
        partial,
        comments: lexed.comments,
        diagnostics,
    }
}

/// One diagnostic for a file that is a letter or a note instead of a script: dozens would say the same.
fn prose(source: &Arc<Source>, diagnostics: &[Diagnostic]) -> Option<Diagnostic> {
    let lines = source.text().lines().filter(|line| !line.trim().is_empty()).count();
    let errors: HashSet<u32> = diagnostics
        .iter()
        .filter(|one| one.is_error())
        .map(|one| one.line)
        .collect();
    let first = diagnostics.iter().find(|one| one.is_error())?;
    let meant = |one: &Diagnostic| one.help.as_ref().is_some_and(|help| help.starts_with("did you mean"));
    if errors.len() < 4 || errors.len() * 10 < lines * 8 || diagnostics.iter().any(meant) {
        return None;
    }
    let prose = Diagnostic::new(
        source,
        "B111",
        Severity::Error,
        first.span.clone(),
        "this file is prose, not a script",
    );
    Some(prose.help("to say it, put it between `BEGIN TALK` and `END TALK`; to instruct a model, between `BEGIN SYSTEM PROMPT` and `END SYSTEM PROMPT`"))
}

/// Names after SUB and FUNCTION at line starts, so that calls before the definition are known.
fn procedures(source: &Source, tokens: &[Token]) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut line_start = true;
    let mut pairs = tokens.iter().zip(tokens.iter().skip(1));
    for (token, next) in &mut pairs {
        let word = source.slice(token.span());
        let defines = word.eq_ignore_ascii_case("SUB") || word.eq_ignore_ascii_case("FUNCTION");
        if line_start && token.kind == Kind::Word && next.kind == Kind::Word && defines {
            names.insert(source.slice(next.span()).trim_end_matches('$').to_lowercase());
        }
        line_start = token.kind == Kind::Newline;
    }
    names
}

/// Names of types after `PARAM … AS`.
pub(crate) fn param_types() -> impl Iterator<Item = &'static str> {
    header::TYPES.into_iter()
}

/// Names of types after `HEAR … AS`.
pub(crate) fn hear_types() -> impl Iterator<Item = &'static str> {
    hear::TYPES.into_iter().map(|(name, _)| name)
}

/// Names that the script gives a value, in lower case, so that they are known before the line that does it is read.
fn names(source: &Source, tokens: &[Token]) -> HashSet<String> {
    const DECLARING: [&str; 8] = ["PARAM", "EACH", "FOR", "HEAR", "WITH", "CATCH", "LET", "SET"];
    let mut names = HashSet::new();
    let mut procedure = false;
    // Lines of an UPDATE, whose SET gives columns a value.
    let mut updates = false;
    let word = |token: Option<&Token>| match token {
        Some(token) if token.kind == Kind::Word => source.slice(token.span()),
        _ => "",
    };
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        // A line after a comma goes on with the one before it.
        let goes_on_here = at.checked_sub(2).and_then(|place| tokens.get(place));
        let continued = goes_on_here.is_some_and(|token| token.kind == Kind::Comma);
        let line_start = before.is_none_or(|before| matches!(before.kind, Kind::Newline | Kind::Colon)) && !continued;
        let is = |one: &str, words: &[&str]| words.iter().any(|other| one.eq_ignore_ascii_case(other));
        if token.kind == Kind::Newline {
            procedure = false;
        }
        if token.kind != Kind::Word {
            continue;
        }
        procedure |= line_start && is(word(Some(token)), &["SUB", "FUNCTION"]);
        if line_start {
            let columns = updates && is(word(Some(token)), &["SET", "WITH", "WHERE"]);
            updates = columns || is(word(Some(token)), &["UPDATE"]);
        }
        // SET and WITH in a line belong to the keyword before them: `UPDATE t SET a = 1`, `SAVE t WITH a AS 1`.
        let clause = is(word(before), &["SET", "WITH"])
            && (updates
                || goes_on_here.is_some_and(|token| !matches!(token.kind, Kind::Newline | Kind::Colon))
                    && !is(word(goes_on_here), &["THEN", "ELSE"]));
        let goes_on = tokens
            .get(at + 1)
            .is_some_and(|next| matches!(next.kind, Kind::Equal | Kind::Dot | Kind::Bracket));
        let assigned = goes_on && (line_start || is(word(before), &["THEN", "ELSE"]));
        let parameter = procedure && before.is_some_and(|before| matches!(before.kind, Kind::Paren | Kind::Comma));
        if assigned || parameter || is(word(before), &DECLARING) && !clause {
            names.insert(source.slice(token.span()).trim_end_matches('$').to_lowercase());
        }
    }
    names
}

/// Names with brackets behind them after DIM at line starts, in lower case.
fn lists(source: &Source, tokens: &[Token]) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut line_start = true;
    for (at, token) in tokens.iter().enumerate() {
        let first = std::mem::replace(&mut line_start, token.kind == Kind::Newline);
        let word = source.slice(token.span());
        let declares = word.eq_ignore_ascii_case("DIM") || word.eq_ignore_ascii_case("REDIM");
        if !(first && declares && token.kind == Kind::Word) {
            continue;
        }
        let line = tokens
            .iter()
            .skip(at + 1)
            .take_while(|token| token.kind != Kind::Newline);
        let pairs = line.clone().zip(line.skip(1));
        for (name, _) in pairs.filter(|(name, next)| name.kind == Kind::Word && next.kind == Kind::Paren) {
            names.insert(source.slice(name.span()).trim_end_matches('$').to_lowercase());
        }
    }
    names
}

type Parse<T> = Result<T, Box<Diagnostic>>;

/// Which block is open, to know what its end looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    If,
    BraceIf,
    For,
    While,
    Do,
    Select,
    Procedure,
    With,
    Try,
    On,
    /// An ON block that goes on to the next ON or the script's end.
    OnOpen,
    Later,
}

struct Parser<'a> {
    source: &'a Arc<Source>,
    /// What the spans of tokens index: the source, or a piece of text with its quotes undone.
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    grammar: &'a Grammar,
    procedures: &'a HashSet<String>,
    /// Names that the script sets.
    names: &'a HashSet<String>,
    /// Lists of DIM, whose elements may be written `a(0)`.
    lists: &'a HashSet<String>,
    diagnostics: Vec<Diagnostic>,
    types: Vec<Name>,
    depth: u32,
    /// Open brackets: newlines inside do not end a statement.
    brackets: u32,
    /// Whether a keyword may take a comma list here.
    commas: bool,
    /// One-line IFs that are open: ELSE ends their statements.
    inline_ifs: u32,
    blocks: Vec<Block>,
    /// Names that stand in filter texts.
    filtering: HashSet<String>,
    /// Where everything is when the text is not the source.
    fixed: Option<Range<usize>>,
}

impl<'a> Parser<'a> {
    fn new(
        source: &'a Arc<Source>,
        text: &'a str,
        tokens: Vec<Token>,
        grammar: &'a Grammar,
        [procedures, names, lists]: [&'a HashSet<String>; 3],
    ) -> Self {
        Self {
            source,
            text,
            tokens,
            at: 0,
            grammar,
            procedures,
            names,
            lists,
            diagnostics: Vec::new(),
            types: Vec::new(),
            depth: 0,
            brackets: 0,
            commas: true,
            inline_ifs: 0,
            blocks: Vec::new(),
            filtering: HashSet::new(),
            fixed: None,
        }
    }

    /// The token `ahead` tokens from here, newlines inside brackets left out for the first one only.
    fn token_at(&self, ahead: usize) -> Token {
        let last = Token {
            kind: Kind::End,
            start: self.text.len(),
            end: self.text.len(),
            spaced: true,
        };
        self.tokens.get(self.at + ahead).copied().unwrap_or(last)
    }

    fn skip_bracketed_newlines(&mut self) {
        if self.brackets > 0 {
            self.skip_newlines();
        }
    }

    fn skip_newlines(&mut self) {
        while self.token_at(0).kind == Kind::Newline {
            self.at += 1;
        }
    }

    fn token(&mut self) -> Token {
        self.skip_bracketed_newlines();
        self.token_at(0)
    }

    fn kind(&mut self) -> Kind {
        self.token().kind
    }

    fn next(&mut self) -> Token {
        let token = self.token();
        if token.kind != Kind::End {
            self.at += 1;
        }
        token
    }

    fn take(&mut self, kind: Kind) -> bool {
        let found = self.kind() == kind;
        if found {
            self.next();
        }
        found
    }

    fn text_of(&self, token: Token) -> &'a str {
        self.text.get(token.span()).unwrap_or_default()
    }

    /// Whether the token `ahead` is the word `word`.
    fn is_word(&self, ahead: usize, word: &str) -> bool {
        let token = self.token_at(ahead);
        token.kind == Kind::Word && self.text_of(token).eq_ignore_ascii_case(word)
    }

    /// Whether the next tokens are these words.
    fn are_words(&mut self, words: &[&str]) -> bool {
        self.skip_bracketed_newlines();
        words.iter().enumerate().all(|(ahead, word)| self.is_word(ahead, word))
    }

    fn take_words(&mut self, words: &[&str]) -> bool {
        let found = self.are_words(words);
        if found {
            self.at += words.len();
        }
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.take_words(&[word])
    }

    fn word(&mut self) -> Option<&'a str> {
        let token = self.token();
        (token.kind == Kind::Word).then(|| self.text_of(token))
    }

    /// Whether nothing of the statement is left.
    fn at_end(&mut self) -> bool {
        match self.kind() {
            Kind::Newline | Kind::Semicolon | Kind::End => true,
            Kind::BraceEnd => self.blocks.contains(&Block::BraceIf),
            Kind::Word => self.inline_ifs > 0 && self.is_word(0, "ELSE"),
            _ => false,
        }
    }

    fn start(&mut self) -> usize {
        self.token().start
    }

    /// The bytes from `start` to the end of the last token taken.
    fn since(&self, start: usize) -> Range<usize> {
        let end = self
            .at
            .checked_sub(1)
            .and_then(|at| self.tokens.get(at))
            .map_or(start, |token| token.end);
        self.place(start..end.max(start))
    }

    fn place(&self, span: Range<usize>) -> Range<usize> {
        self.fixed.clone().unwrap_or(span)
    }

    fn error(&self, code: &'static str, span: Range<usize>, title: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic::new(
            self.source,
            code,
            Severity::Error,
            self.place(span),
            title,
        ))
    }

    fn warn(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn warning(&self, code: &'static str, span: Range<usize>, title: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.source, code, Severity::Warning, self.place(span), title)
    }

    /// An error at the next token: `what` was expected.
    fn expected(&mut self, what: &str) -> Box<Diagnostic> {
        let token = self.token();
        let found = match token.kind {
            Kind::Newline | Kind::Semicolon | Kind::End => "the line ends".to_owned(),
            _ => format!("`{}` is here", self.text_of(token).chars().take(32).collect::<String>()),
        };
        let span = if token.kind == Kind::Newline {
            token.start..token.start
        } else {
            token.span()
        };
        let mut error = self.error("B100", span, format!("{what} is missing: {found}"));
        error.label = format!("{what} is expected");
        error
    }

    /// Whether the script gives `name` a value somewhere.
    fn sets(&self, name: &str) -> bool {
        self.names.contains(&name.trim_end_matches('$').to_lowercase())
    }

    fn expect(&mut self, kind: Kind, what: &str) -> Parse<Token> {
        if self.kind() == kind {
            Ok(self.next())
        } else {
            Err(self.expected(what))
        }
    }

    fn name(&mut self, what: &str) -> Parse<Name> {
        let token = self.expect(Kind::Word, what)?;
        Ok(Name {
            text: self.text_of(token).to_owned(),
            span: self.place(token.span()),
        })
    }

    /// Runs `parse` one level deeper.
    fn nest<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= MAX_DEPTH {
            let span = self.token().span();
            let error = self.error("B110", span, "this is nested too deep");
            return Err(Box::new(error.help(format!(
                "at most {MAX_DEPTH} blocks, brackets and operators may lie inside each other: use a variable or a SUB"
            ))));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// Runs `parse` inside brackets, where lines may break and keywords take no comma list.
    fn bracketed<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        let commas = std::mem::replace(&mut self.commas, false);
        self.brackets += 1;
        let result = self.nest(parse);
        self.brackets -= 1;
        self.commas = commas;
        result
    }

    /// Tries `parse`; on failure nothing has happened.
    fn attempt<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        let (at, known) = (self.at, self.diagnostics.len());
        let result = parse(self);
        if result.is_err() {
            self.at = at;
            self.diagnostics.truncate(known);
        }
        result
    }
}
