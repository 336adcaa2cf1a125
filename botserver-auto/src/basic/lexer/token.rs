//! Tokens.

use std::ops::Range;

use logos::Logos;

/// What a token is; its text is found by its span.
#[derive(Logos, Debug, Clone, Copy, PartialEq, Eq)]
#[logos(skip r"[ \t\r\f\u{a0}\u{feff}]+")]
pub(crate) enum Kind {
    #[token("\n")]
    Newline,
    #[regex(r"[\p{L}_][\p{L}\p{N}_]*\$?")]
    Word,
    #[regex(r"[0-9]+(\.[0-9]+)?")]
    Number,
    /// A whole text with its quotes.
    #[token("\"")]
    Text,
    /// A text in single quotes, or the start of a comment: the lexer decides by what stands before it.
    #[token("'")]
    Quote,
    #[token("//")]
    Slashes,
    #[token("#{")]
    HashBrace,
    #[token("{")]
    Brace,
    #[token("}")]
    BraceEnd,
    #[token("(")]
    Paren,
    #[token(")")]
    ParenEnd,
    #[token("[")]
    Bracket,
    #[token("]")]
    BracketEnd,
    #[token(",")]
    Comma,
    #[token(";")]
    Semicolon,
    #[token(":")]
    Colon,
    #[token("?.")]
    QuestionDot,
    #[token("??")]
    Coalesce,
    #[token("?")]
    Question,
    #[token(".")]
    Dot,
    #[token("==")]
    EqualEqual,
    #[token("=")]
    Equal,
    #[token("<>")]
    #[token("!=")]
    NotEqual,
    #[token("<=")]
    LessEqual,
    #[token("<")]
    Less,
    #[token(">=")]
    GreaterEqual,
    #[token(">")]
    Greater,
    #[token("&&")]
    AndAnd,
    #[token("||")]
    OrOr,
    #[token("!")]
    Bang,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("&")]
    Ampersand,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token("^")]
    Caret,
    /// `BEGIN TALK` to `END TALK`; the span is that of the content.
    TalkBlock,
    /// `BEGIN SYSTEM PROMPT` to `END SYSTEM PROMPT`; the span is that of the content.
    PromptBlock,
    /// `BEGIN MAIL` up to `END MAIL`; the span begins with the first line.
    MailBlock,
    /// `TABLE` up to `END TABLE`; the span begins with the first line.
    TableBlock,
    /// `CREATE INDEX` or `CREATE VIEW`.
    SqlBlock,
    /// A character that means nothing here.
    Unknown,
    /// The end of the script.
    End,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether a blank, a newline or nothing stands before it.
    pub(crate) spaced: bool,
}

impl Token {
    pub(crate) fn span(&self) -> Range<usize> {
        self.start..self.end
    }
}
