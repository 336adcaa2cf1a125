//! What a page draws: its operators (ISO 32000-1, 9.4), as glyphs with places.

use std::rc::Rc;

use botstate::document::ExtractError;
use lopdf::{DecompressError, Dictionary, Document, Error, Object, ObjectId, content::Content};

use super::{
    FORMAT, LARGEST_STREAM,
    font::{Font, Fonts},
};
use crate::{
    budget::{damaged, mebibytes, too_large},
    writer::Writer,
};

/// Forms inside forms.
const FORMS_DEEP: usize = 12;

/// Saved states of graphics.
const STATES_DEEP: usize = 256;

/// Glyphs of one page.
const MOST_GLYPHS: usize = 400_000;

/// Letters at a place.
#[derive(Debug, Clone)]
pub(super) struct Glyph {
    pub(super) text: String,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) size: f32,
    pub(super) bold: bool,
    pub(super) mono: bool,
    /// The direction of the text in quarter turns.
    pub(super) turn: u8,
}

/// `[a b c d e f]`: x' = a·x + c·y + e, y' = b·x + d·y + f.
type Matrix = [f32; 6];

const UNIT: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

fn times(first: Matrix, then: Matrix) -> Matrix {
    let [right, up] = [[then[0], then[1]], [then[2], then[3]]];
    let turned = |along: f32, across: f32| [along * right[0] + across * up[0], along * right[1] + across * up[1]];
    let [x, y] = [turned(first[0], first[1]), turned(first[2], first[3])];
    let moved = turned(first[4], first[5]);
    [x[0], x[1], y[0], y[1], moved[0] + then[4], moved[1] + then[5]]
}

#[derive(Clone)]
struct State {
    place: Matrix,
    font: Option<Rc<Font>>,
    size: f32,
    letter_space: f32,
    word_space: f32,
    scale: f32,
    leading: f32,
    rise: f32,
}

struct Page<'a> {
    document: &'a Document,
    fonts: &'a mut Fonts,
    glyphs: Vec<Glyph>,
}

/// All glyphs of a page in the order in which they are drawn.
pub(super) fn glyphs(
    document: &Document,
    id: ObjectId,
    fonts: &mut Fonts,
    out: &mut Writer,
) -> Result<Vec<Glyph>, ExtractError> {
    let most = usize::try_from(out.budget.room().min(LARGEST_STREAM)).unwrap_or(usize::MAX);
    let content = document
        .get_page_content_with_limit(id, most)
        .map_err(|error| explain(&error, most))?;
    let page = document.get_dictionary(id).map_err(|error| explain(&error, most))?;
    let resources = inherited(document, page, b"Resources").and_then(|found| found.as_dict().ok());
    let turned = inherited(document, page, b"Rotate")
        .and_then(|turned| turned.as_i64().ok())
        .unwrap_or(0);
    let mut page = Page {
        document,
        fonts,
        glyphs: Vec::new(),
    };
    let state = State {
        place: UNIT,
        font: None,
        size: 0.0,
        letter_space: 0.0,
        word_space: 0.0,
        scale: 1.0,
        leading: 0.0,
        rise: 0.0,
    };
    page.draw(&content, resources, state, 0, out)?;
    let mut glyphs = page.glyphs;
    upright(&mut glyphs, turned);
    Ok(glyphs)
}

/// What a page says or those above it in the tree.
fn inherited<'a>(document: &'a Document, page: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
    let mut node = page;
    for _ in 0..64 {
        if let Ok(found) = node.get_deref(key, document) {
            return Some(found);
        }
        node = node.get_deref(b"Parent", document).ok()?.as_dict().ok()?;
    }
    None
}

/// Turns text that runs another way, so that all lines run from left to right: that of the page first.
fn upright(glyphs: &mut [Glyph], turned: i64) {
    let page_turn = turned.div_euclid(90).rem_euclid(4);
    for glyph in glyphs {
        let (x, y) = (glyph.x, glyph.y);
        (glyph.x, glyph.y) = match glyph.turn {
            1 => (y, -x),
            2 => (-x, -y),
            3 => (-y, x),
            _ => (x, y),
        };
        // A page that is shown turned has its text turned the other way.
        let shown = (i64::from(glyph.turn) - page_turn).rem_euclid(4);
        glyph.turn = u8::try_from(shown).unwrap_or(0);
    }
}

fn explain(error: &Error, most: usize) -> ExtractError {
    match error {
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => {
            let most = mebibytes(most as u64);
            too_large(format!("more than {most} on one page"), most)
        }
        error => damaged(FORMAT, error.to_string()),
    }
}

impl Page<'_> {
    fn draw(
        &mut self,
        content: &[u8],
        resources: Option<&Dictionary>,
        state: State,
        depth: usize,
        out: &mut Writer,
    ) -> Result<(), ExtractError> {
        out.budget.unpacked(content.len() as u64)?;
        let mut saved: Vec<State> = Vec::new();
        let mut state = state;
        let (mut text, mut line) = (UNIT, UNIT);
        for operation in Content::decode_iter(content) {
            out.budget.tick()?;
            // What follows damage is lost, what came before is not.
            let Ok(operation) = operation else { break };
            let operands = operation.operands.as_slice();
            let number = |at: usize| {
                operands
                    .get(at)
                    .and_then(|operand| operand.as_float().ok())
                    .unwrap_or(0.0)
            };
            let matrix = || [number(0), number(1), number(2), number(3), number(4), number(5)];
            match operation.operator.as_str() {
                "q" if saved.len() < STATES_DEEP => saved.push(state.clone()),
                "Q" => state = saved.pop().unwrap_or(state),
                "cm" => state.place = times(matrix(), state.place),
                "BT" => (text, line) = (UNIT, UNIT),
                "Tf" => {
                    state.size = number(1);
                    state.font = self.font(operands.first(), resources);
                }
                "Tc" => state.letter_space = number(0),
                "Tw" => state.word_space = number(0),
                "Tz" => state.scale = number(0) / 100.0,
                "TL" => state.leading = number(0),
                "Ts" => state.rise = number(0),
                "Td" | "TD" => {
                    if operation.operator == "TD" {
                        state.leading = -number(1);
                    }
                    line = times([1.0, 0.0, 0.0, 1.0, number(0), number(1)], line);
                    text = line;
                }
                "Tm" => {
                    line = matrix();
                    text = line;
                }
                "T*" => {
                    line = times([1.0, 0.0, 0.0, 1.0, 0.0, -state.leading], line);
                    text = line;
                }
                "Tj" => self.show(operands.first(), &state, &mut text)?,
                "'" | "\"" => {
                    if operation.operator == "\"" {
                        state.word_space = number(0);
                        state.letter_space = number(1);
                    }
                    line = times([1.0, 0.0, 0.0, 1.0, 0.0, -state.leading], line);
                    text = line;
                    self.show(operands.last(), &state, &mut text)?;
                }
                "TJ" => {
                    let pieces = operands.first().and_then(|operand| operand.as_array().ok());
                    for piece in pieces.into_iter().flatten() {
                        if let Ok(back) = piece.as_float() {
                            let by = -back / 1000.0 * state.size * state.scale;
                            text = times([1.0, 0.0, 0.0, 1.0, by, 0.0], text);
                        } else {
                            self.show(Some(piece), &state, &mut text)?;
                        }
                    }
                }
                "Do" if depth < FORMS_DEEP => self.form(operands.first(), resources, &state, depth, out)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn font(&mut self, name: Option<&Object>, resources: Option<&Dictionary>) -> Option<Rc<Font>> {
        let name = name?.as_name().ok()?;
        let fonts = resources?.get_deref(b"Font", self.document).ok()?.as_dict().ok()?;
        self.fonts.get(self.document, fonts.get(name).ok()?)
    }

    fn form(
        &mut self,
        name: Option<&Object>,
        resources: Option<&Dictionary>,
        state: &State,
        depth: usize,
        out: &mut Writer,
    ) -> Result<(), ExtractError> {
        let stream = name
            .and_then(|name| name.as_name().ok())
            .zip(resources)
            .and_then(|(name, resources)| {
                let forms = resources.get_deref(b"XObject", self.document).ok()?.as_dict().ok()?;
                forms.get_deref(name, self.document).ok()?.as_stream().ok()
            });
        let Some(stream) = stream else { return Ok(()) };
        if !stream
            .dict
            .get(b"Subtype")
            .and_then(Object::as_name)
            .is_ok_and(|kind| kind == b"Form")
        {
            return Ok(());
        }
        let most = usize::try_from(out.budget.room().min(LARGEST_STREAM)).unwrap_or(usize::MAX);
        let content = match stream.get_plain_content_with_limit(most) {
            Ok(content) => content,
            Err(error @ Error::Decompress(DecompressError::MemoryLimitExceeded { .. })) => {
                return Err(explain(&error, most));
            }
            Err(_) => return Ok(()),
        };
        let mut state = state.clone();
        if let Ok(matrix) = stream
            .dict
            .get_deref(b"Matrix", self.document)
            .and_then(Object::as_array)
        {
            let mut numbers = matrix.iter().map(|number| number.as_float().unwrap_or(0.0));
            let mut own = UNIT;
            for place in &mut own {
                *place = numbers.next().unwrap_or(*place);
            }
            state.place = times(own, state.place);
        }
        let own = stream
            .dict
            .get_deref(b"Resources", self.document)
            .and_then(Object::as_dict);
        self.draw(&content, own.ok().or(resources), state, depth + 1, out)
    }

    fn show(&mut self, string: Option<&Object>, state: &State, text: &mut Matrix) -> Result<(), ExtractError> {
        let (Some(font), Some(Ok(string))) = (&state.font, string.map(Object::as_str)) else {
            return Ok(());
        };
        for code in font.codes(string) {
            let [right, rise, lean, up, x, y] = times(
                [state.size * state.scale, 0.0, 0.0, state.size, 0.0, state.rise],
                times(*text, state.place),
            );
            let width = font.width(code) / 1000.0;
            let space = if font.is_space(code) { state.word_space } else { 0.0 };
            let by = (width * state.size + state.letter_space + space) * state.scale;
            let letters = font.letters(code);
            if !letters.is_empty() {
                if self.glyphs.len() >= MOST_GLYPHS {
                    return Err(too_large(
                        "a page without an end",
                        format!("{MOST_GLYPHS} letters on a page"),
                    ));
                }
                self.glyphs.push(Glyph {
                    text: plain(letters),
                    x,
                    y,
                    width: width * right.hypot(rise),
                    size: lean.hypot(up),
                    bold: font.bold,
                    mono: font.mono,
                    turn: turn(right, rise),
                });
            }
            *text = times([1.0, 0.0, 0.0, 1.0, by, 0.0], *text);
        }
        Ok(())
    }
}

/// Quarter turns of a direction.
fn turn(right: f32, rise: f32) -> u8 {
    match (right.abs() >= rise.abs(), right >= 0.0, rise >= 0.0) {
        (true, true, _) => 0,
        (false, _, true) => 1,
        (true, false, _) => 2,
        (false, _, false) => 3,
    }
}

/// Letters that are drawn as one are two in a text.
fn plain(letters: &str) -> String {
    let mut out = String::with_capacity(letters.len());
    for letter in letters.chars() {
        match letter {
            '\u{fb00}' => out.push_str("ff"),
            '\u{fb01}' => out.push_str("fi"),
            '\u{fb02}' => out.push_str("fl"),
            '\u{fb03}' => out.push_str("ffi"),
            '\u{fb04}' => out.push_str("ffl"),
            '\u{fb05}' | '\u{fb06}' => out.push_str("st"),
            '\u{a0}' | '\t' | '\n' | '\r' => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}
