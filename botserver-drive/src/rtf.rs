//! RTF: groups, control words, and letters in the encodings of their fonts.

use std::collections::HashMap;

use botstate::document::ExtractError;
use encoding_rs::{Encoding, WINDOWS_1252};

use crate::{budget::damaged, writer::Writer};

mod paragraphs;
mod tokens;

use paragraphs::Paragraphs;
use tokens::{Token, Tokens};

/// Groups whose text is not the document's.
const ASIDE: [&str; 27] = [
    "colortbl",
    "pict",
    "object",
    "objdata",
    "header",
    "headerl",
    "headerr",
    "headerf",
    "footer",
    "footerl",
    "footerr",
    "footerf",
    "fldinst",
    "listtable",
    "listoverridetable",
    "revtbl",
    "rsidtbl",
    "generator",
    "themedata",
    "colorschememapping",
    "latentstyles",
    "datastore",
    "xmlnstbl",
    "bkmkstart",
    "bkmkend",
    "filetbl",
    "shppict",
];

/// What is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Aside,
    Fonts,
    Styles,
    Info,
    Title,
    ListMarker,
}

#[derive(Clone, Copy)]
struct Group {
    place: Place,
    font: i32,
    /// Bytes that stand for a letter after `\u`, for readers that do not know it.
    skip: usize,
    hidden: bool,
    /// Whether the group began with `\*`: aside unless known.
    optional: bool,
}

struct State {
    groups: Vec<Group>,
    page_encoding: &'static Encoding,
    fonts: HashMap<i32, &'static Encoding>,
    /// Bytes of letters that are not decoded yet.
    pending: Vec<u8>,
    surrogate: Option<u16>,
    /// Letters still to skip after `\u`.
    skipping: usize,
    text: String,
    style: i32,
}

pub(crate) fn read(bytes: &[u8], out: &mut Writer) -> Result<(), ExtractError> {
    let mut state = State {
        groups: vec![Group {
            place: Place::Text,
            font: -1,
            skip: 1,
            hidden: false,
            optional: false,
        }],
        page_encoding: WINDOWS_1252,
        fonts: HashMap::new(),
        pending: Vec::new(),
        surrogate: None,
        skipping: 0,
        text: String::new(),
        style: 0,
    };
    let mut paragraphs = Paragraphs::default();
    let mut opened = 0_usize;
    for token in Tokens::new(bytes) {
        out.budget.tick()?;
        match token {
            Token::Open => {
                state.settle(&mut paragraphs);
                opened += 1;
                out.budget.depth(state.groups.len())?;
                let group = state.group();
                state.groups.push(Group {
                    optional: false,
                    ..group
                });
            }
            Token::Close => {
                state.settle(&mut paragraphs);
                state.end_group(&mut paragraphs, out);
                opened = opened.saturating_sub(1);
                if opened == 0 {
                    break;
                }
            }
            Token::Letter(byte) => state.letter(byte),
            Token::Word(word, number) => {
                if word != "u" {
                    state.settle(&mut paragraphs);
                }
                state.word(word, number, &mut paragraphs, out)?;
            }
            Token::Symbol(symbol) => state.symbol(symbol, &mut paragraphs),
        }
    }
    state.settle(&mut paragraphs);
    paragraphs.end_paragraph(out)?;
    paragraphs.end_table(out)?;
    if opened > 0 {
        out.warn("the RTF ends early, so its end is missing");
    }
    Ok(())
}

impl State {
    fn group(&self) -> Group {
        self.groups.last().copied().unwrap_or(Group {
            place: Place::Text,
            font: -1,
            skip: 1,
            hidden: false,
            optional: false,
        })
    }

    fn enter(&mut self, place: Place) {
        if let Some(group) = self.groups.last_mut() {
            group.place = place;
        }
        self.text.clear();
    }

    fn encoding(&self) -> &'static Encoding {
        self.fonts
            .get(&self.group().font)
            .copied()
            .unwrap_or(self.page_encoding)
    }

    fn letter(&mut self, byte: u8) {
        if self.skipping > 0 {
            self.skipping -= 1;
            return;
        }
        self.pending.push(byte);
    }

    /// Decodes what waits and hands it to where it belongs.
    fn settle(&mut self, paragraphs: &mut Paragraphs) {
        if self.pending.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.pending);
        let text = self.encoding().decode_without_bom_handling(&bytes).0.into_owned();
        self.push(&text, paragraphs);
    }

    fn push(&mut self, text: &str, paragraphs: &mut Paragraphs) {
        let group = self.group();
        match group.place {
            Place::Text if !group.hidden => paragraphs.push(text),
            Place::Fonts | Place::Styles | Place::Title => self.text.push_str(text),
            Place::ListMarker => paragraphs.push_marker(text),
            Place::Text | Place::Aside | Place::Info => {}
        }
    }

    fn end_group(&mut self, paragraphs: &mut Paragraphs, out: &mut Writer) {
        let group = self.group();
        if self.groups.len() > 1 {
            self.groups.pop();
        }
        match group.place {
            Place::Title => out.title(&std::mem::take(&mut self.text)),
            Place::Styles => {
                let name = std::mem::take(&mut self.text);
                paragraphs.define(self.style, name.trim_end_matches(';').trim());
                self.style = 0;
            }
            _ => {}
        }
        self.skipping = 0;
    }

    fn symbol(&mut self, symbol: u8, paragraphs: &mut Paragraphs) {
        match symbol {
            b'*' => {
                if let Some(group) = self.groups.last_mut() {
                    group.optional = true;
                }
            }
            b'~' => self.letter(b' '),
            b'_' => self.letter(b'-'),
            b'\n' | b'\r' => {
                self.settle(paragraphs);
                self.push("\n", paragraphs);
            }
            b'\\' | b'{' | b'}' => self.letter(symbol),
            _ => {}
        }
    }

    fn word(
        &mut self,
        word: &str,
        number: Option<i32>,
        paragraphs: &mut Paragraphs,
        out: &mut Writer,
    ) -> Result<(), ExtractError> {
        let group = self.group();
        if word == "u" {
            self.unicode(number.unwrap_or(0), paragraphs);
            return Ok(());
        }
        if self.destination(word, group) {
            return Ok(());
        }
        match (word, group.place) {
            ("ansicpg", _) => {
                let page = number.and_then(code_page);
                self.page_encoding = page.unwrap_or(WINDOWS_1252);
            }
            ("mac", _) => self.page_encoding = encoding_rs::MACINTOSH,
            ("uc", _) => {
                if let Some(group) = self.groups.last_mut() {
                    group.skip = usize::try_from(number.unwrap_or(1)).unwrap_or(1).min(8);
                }
            }
            ("f", _) => {
                if let Some(group) = self.groups.last_mut() {
                    group.font = number.unwrap_or(0);
                }
            }
            ("fcharset", Place::Fonts) => {
                if let Some(encoding) = number.and_then(charset) {
                    self.fonts.insert(group.font, encoding);
                }
            }
            ("s", Place::Styles) => self.style = number.unwrap_or(0),
            ("v", _) => {
                if let Some(group) = self.groups.last_mut() {
                    group.hidden = number != Some(0);
                }
            }
            ("encrypted" | "password", Place::Info) => return Err(damaged("RTF", "it is protected")),
            ("plain", _) => {
                if let Some(group) = self.groups.last_mut() {
                    group.hidden = false;
                }
            }
            (_, Place::Text) => paragraphs.word(word, number, out)?,
            _ => {}
        }
        Ok(())
    }

    /// Whether a word opened a group of its own.
    fn destination(&mut self, word: &str, group: Group) -> bool {
        let place = match word {
            "fonttbl" => Place::Fonts,
            "stylesheet" => Place::Styles,
            "info" => Place::Info,
            "title" if group.place == Place::Info => Place::Title,
            "listtext" | "pntext" => Place::ListMarker,
            "fldrslt" | "footnote" | "shptxt" | "shp" | "shpinst" => return false,
            word if ASIDE.contains(&word) => Place::Aside,
            _ if group.optional && group.place == Place::Text => Place::Aside,
            _ => return false,
        };
        if group.place == Place::Aside {
            return true;
        }
        self.enter(place);
        if let Some(group) = self.groups.last_mut() {
            group.optional = false;
        }
        true
    }

    fn unicode(&mut self, number: i32, paragraphs: &mut Paragraphs) {
        self.settle(paragraphs);
        self.skipping = self.group().skip;
        // Numbers over 32767 are written as negative ones.
        #[expect(
            clippy::cast_sign_loss,
            clippy::cast_possible_truncation,
            reason = "a code unit of 16 bits"
        )]
        let unit = number as u16;
        let units = match self.surrogate.take() {
            Some(first) => vec![first, unit],
            None if (0xd800..0xdc00).contains(&unit) => {
                self.surrogate = Some(unit);
                return;
            }
            None => vec![unit],
        };
        let text = String::from_utf16_lossy(&units);
        self.push(&text, paragraphs);
    }
}

/// Windows' number of a code page as an encoding.
fn code_page(number: i32) -> Option<&'static Encoding> {
    let label = match number {
        437 | 850 | 1252 => "windows-1252",
        866 => "ibm866",
        874 => "windows-874",
        932 => "shift_jis",
        936 => "gbk",
        949 => "euc-kr",
        950 => "big5",
        10000 => "macintosh",
        65001 => "utf-8",
        1250..=1258 => return Encoding::for_label(format!("windows-{number}").as_bytes()),
        _ => return None,
    };
    Encoding::for_label(label.as_bytes())
}

/// A font's set of characters as an encoding; the default one is the document's.
fn charset(number: i32) -> Option<&'static Encoding> {
    code_page(match number {
        0 => 1252,
        77 => 10000,
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    })
}
