//! Values of filters: quoted texts, and what is written without quotes.

use botstate::dialog::Fault;

use super::{Mode, Parser, Read, Until};
use crate::{
    basic::value::Val,
    filter::{
        fault,
        pattern::{Pattern, Piece},
        reader::Sign,
        tree::Expr,
    },
};

impl Parser {
    /// What stands on the right of a comparison.
    pub(super) fn value(&mut self, until: Until) -> Read<Expr> {
        self.reader.blanks();
        if self.mode == Mode::Sql {
            return self.sum(true, false);
        }
        let start = self.reader.place();
        // `2026-01-15` is no subtraction and `007` no number: what does not end where a value ends is text.
        if let Ok(expr) = self.sum(false, true)
            && self.is_end_of(until)
        {
            return Ok(expr);
        }
        self.reader.back_to(start);
        if matches!(self.reader.char(), Some('\'' | '"')) {
            self.quoted()?;
            return Err(fault(format!(
                "`{}` follows a text that has ended; a quote inside a text is written twice",
                self.reader.rest()
            )));
        }
        let pieces = self.bare(until);
        text_of(pieces).map(Expr::Value)
    }

    /// What stands on the right of LIKE.
    pub(super) fn pattern(&mut self) -> Read<Pattern> {
        self.reader.blanks();
        let pieces = match self.reader.char() {
            Some('\'' | '"') => self.quoted()?,
            _ => self.bare(Until::Condition),
        };
        if pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Value(value) if value.print().is_err()))
        {
            return Err(secret());
        }
        Ok(Pattern::new(&pieces))
    }

    /// A text in quotes; a quote inside is written twice.
    pub(super) fn quoted(&mut self) -> Read<Vec<Piece>> {
        let Some(Sign::Char(quote)) = self.reader.take() else {
            return Err(fault("a text in quotes is missing"));
        };
        let mut pieces = Vec::new();
        loop {
            match self.reader.take() {
                Some(Sign::Char(letter)) if letter == quote => {
                    if self.reader.char() != Some(quote) {
                        return Ok(pieces);
                    }
                    self.reader.take();
                    push(&mut pieces, quote);
                }
                Some(Sign::Char(letter)) => push(&mut pieces, letter),
                Some(Sign::Hole(value)) => pieces.push(Piece::Value(value)),
                None => return Err(fault(format!("a text begins with {quote} and never ends"))),
            }
        }
    }

    /// Text without quotes, to where a value ends.
    fn bare(&mut self, until: Until) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut open = 0_u32;
        loop {
            if open == 0 && self.stops_text(until) {
                break;
            }
            match self.reader.take() {
                Some(Sign::Char(letter)) => {
                    match letter {
                        '(' => open += 1,
                        ')' => open = open.saturating_sub(1),
                        _ => {}
                    }
                    push(&mut pieces, letter);
                }
                Some(Sign::Hole(value)) => pieces.push(Piece::Value(value)),
                None => break,
            }
        }
        if let Some(Piece::Text(text)) = pieces.last_mut() {
            text.truncate(text.trim_end().len());
            if text.is_empty() {
                pieces.pop();
            }
        }
        pieces
    }

    /// Whether text without quotes ends here: words end it only with a blank before them.
    fn stops_text(&mut self, until: Until) -> bool {
        match self.reader.char() {
            None => self.reader.is_at_end(),
            Some(',') => until == Until::Comma,
            Some(')') => true,
            Some(letter) => letter.is_whitespace() && until != Until::Comma && self.is_end_of(until),
        }
    }
}

/// The value of a text of pieces; one that is a single value stays what it is.
pub(super) fn text_of(pieces: Vec<Piece>) -> Result<Val, Fault> {
    if let [Piece::Value(value)] = pieces.as_slice() {
        return Ok(value.clone());
    }
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.push_str(&part),
            Piece::Value(value) => text.push_str(&value.print().map_err(|_secret| secret())?),
        }
    }
    Ok(Val::text(text))
}

fn secret() -> Fault {
    fault("a secret cannot be part of a text in a filter")
}

fn push(pieces: &mut Vec<Piece>, letter: char) {
    if let Some(Piece::Text(text)) = pieces.last_mut() {
        text.push(letter);
    } else {
        pieces.push(Piece::Text(letter.to_string()));
    }
}
