//! Fonts: which letters codes mean, and how wide they are.

use std::{collections::HashMap, rc::Rc};

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};

use super::unicode::UnicodeMap;

/// What a stream with a font's map may unpack to.
const LARGEST_MAP: usize = 8 << 20;

/// Fonts that are kept; a document with more is read all the same.
const MOST_FONTS: usize = 500;

/// Fonts that were met, by their object.
#[derive(Default)]
pub(super) struct Fonts {
    known: HashMap<ObjectId, Rc<Font>>,
}

impl Fonts {
    pub(super) fn get(&mut self, document: &Document, object: &Object) -> Option<Rc<Font>> {
        let id = object.as_reference().ok();
        if let Some(font) = id.and_then(|id| self.known.get(&id)) {
            return Some(Rc::clone(font));
        }
        let dictionary = document.dereference(object).ok()?.1.as_dict().ok()?;
        let font = Rc::new(Font::load(document, dictionary));
        if let Some(id) = id
            && self.known.len() < MOST_FONTS
        {
            self.known.insert(id, Rc::clone(&font));
        }
        Some(font)
    }
}

#[derive(Debug)]
pub(super) struct Font {
    map: UnicodeMap,
    /// Letters of the codes of one byte.
    letters: Vec<String>,
    /// The bytes of a code.
    code: usize,
    widths: HashMap<u32, f32>,
    usual_width: f32,
    pub(super) bold: bool,
    pub(super) mono: bool,
    vertical_wide: bool,
}

impl Font {
    fn load(document: &Document, font: &Dictionary) -> Self {
        let stream = font.get_deref(b"ToUnicode", document).and_then(Object::as_stream);
        let map = stream.and_then(|stream| stream.get_plain_content_with_limit(LARGEST_MAP));
        let map = map.map(|map| UnicodeMap::parse(&map)).unwrap_or_default();
        let composite = font
            .get(b"Subtype")
            .and_then(Object::as_name)
            .is_ok_and(|name| name == b"Type0");
        let below = composite.then(|| descendant(document, font)).flatten();
        let name = font.get_deref(b"BaseFont", document).and_then(Object::as_name);
        let name = name
            .map(|name| String::from_utf8_lossy(name).to_lowercase())
            .unwrap_or_default();
        let descriptor = below
            .unwrap_or(font)
            .get_deref(b"FontDescriptor", document)
            .and_then(Object::as_dict)
            .ok();
        let flags = descriptor
            .and_then(|descriptor| descriptor.get_deref(b"Flags", document).ok()?.as_i64().ok())
            .unwrap_or(0);
        let heavy = descriptor
            .and_then(|descriptor| descriptor.get_deref(b"FontWeight", document).ok()?.as_float().ok())
            .is_some_and(|weight| weight >= 600.0);
        let mono = flags & 1 != 0 || name.contains("courier") || name.contains("mono");
        let mut this = Self {
            letters: if composite { Vec::new() } else { letters(document, font) },
            code: if composite {
                map.width().unwrap_or(2).clamp(1, 4)
            } else {
                1
            },
            map,
            widths: HashMap::new(),
            usual_width: if mono { 600.0 } else { 0.0 },
            bold: heavy || flags & (1 << 18) != 0 || ["bold", "black", "heavy"].iter().any(|word| name.contains(word)),
            mono,
            vertical_wide: composite,
        };
        match below {
            Some(below) => this.composite_widths(document, below),
            None => this.simple_widths(document, font, descriptor),
        }
        this
    }

    fn simple_widths(&mut self, document: &Document, font: &Dictionary, descriptor: Option<&Dictionary>) {
        let number = |from: &Dictionary, key: &[u8]| from.get_deref(key, document).and_then(Object::as_float).ok();
        // Type 3 fonts measure in a space of their own.
        let scale = font
            .get_deref(b"FontMatrix", document)
            .and_then(Object::as_array)
            .ok()
            .and_then(|matrix| matrix.first()?.as_float().ok())
            .map_or(1.0, |scale| scale * 1000.0);
        if let Some(width) = descriptor.and_then(|descriptor| number(descriptor, b"MissingWidth"))
            && width > 0.0
        {
            self.usual_width = width;
        }
        let first = number(font, b"FirstChar").unwrap_or(0.0);
        let Ok(widths) = font.get_deref(b"Widths", document).and_then(Object::as_array) else {
            return;
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "codes are small and positive"
        )]
        let first = first.max(0.0) as u32;
        for (code, width) in (first..).zip(widths.iter().take(256)) {
            let width = document.dereference(width).and_then(|(_, width)| width.as_float());
            self.widths.insert(code, width.unwrap_or(0.0) * scale);
        }
    }

    /// Widths by glyph (ISO 32000-1, 9.7.4.3): `c [w1 w2 …]` and `first last w`.
    fn composite_widths(&mut self, document: &Document, font: &Dictionary) {
        let usual = font.get_deref(b"DW", document).and_then(Object::as_float);
        self.usual_width = usual.unwrap_or(1000.0);
        let Ok(widths) = font.get_deref(b"W", document).and_then(Object::as_array) else {
            return;
        };
        let mut rest = widths.as_slice();
        while let [first, second, tail @ ..] = rest {
            let Some(first) = first.as_i64().ok().and_then(|first| u32::try_from(first).ok()) else {
                return;
            };
            let second = document.dereference(second).map_or(second, |(_, second)| second);
            if let Ok(list) = second.as_array() {
                for (code, width) in (first..).zip(list.iter().take(65_536)) {
                    self.widths.insert(code, width.as_float().unwrap_or(0.0));
                }
                rest = tail;
            } else if let [width, after @ ..] = tail {
                let last = second
                    .as_i64()
                    .ok()
                    .and_then(|last| u32::try_from(last).ok())
                    .unwrap_or(first);
                for code in first..=last.min(first.saturating_add(65_535)) {
                    self.widths.insert(code, width.as_float().unwrap_or(0.0));
                }
                rest = after;
            } else {
                return;
            }
            if self.widths.len() > 200_000 {
                return;
            }
        }
    }

    /// The codes of a string.
    pub(super) fn codes<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = u32> + 'a {
        text.chunks(self.code)
            .map(|code| code.iter().fold(0_u32, |number, byte| (number << 8) | u32::from(*byte)))
    }

    /// Whether a code is a space to which word spacing applies: of one byte only.
    pub(super) fn is_space(&self, code: u32) -> bool {
        self.code == 1 && code == 32
    }

    pub(super) fn letters(&self, code: u32) -> &str {
        if let Some(text) = self.map.get(code) {
            return text;
        }
        let letter = usize::try_from(code).ok().and_then(|code| self.letters.get(code));
        letter.map_or("", String::as_str)
    }

    /// The width of a code in thousandths of the font's size.
    pub(super) fn width(&self, code: u32) -> f32 {
        if let Some(width) = self.widths.get(&code) {
            return *width;
        }
        if self.usual_width > 0.0 || self.vertical_wide {
            return self.usual_width;
        }
        usual_width(self.letters(code))
    }
}

/// How wide letters are in most fonts, where a font does not say: the standard ones need not.
fn usual_width(letters: &str) -> f32 {
    match letters.chars().next().unwrap_or('n') {
        'i' | 'j' | 'l' | '\'' | '|' => 222.0,
        ' ' | '.' | ',' | ':' | ';' | '!' | 'f' | 't' | 'I' | '/' | '[' | ']' | '\\' => 278.0,
        'r' | '(' | ')' | '-' | '`' => 333.0,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 500.0,
        'm' | 'M' | '%' => 833.0,
        'W' | '@' | '\u{2014}' => 944.0,
        'w' | 'C' | 'D' | 'H' | 'N' | 'R' | 'U' | 'G' | 'O' | 'Q' => 722.0,
        'A' | 'B' | 'E' | 'K' | 'P' | 'S' | 'V' | 'X' | 'Y' | '&' => 667.0,
        'F' | 'T' | 'Z' => 611.0,
        _ => 556.0,
    }
}

fn descendant<'a>(document: &'a Document, font: &'a Dictionary) -> Option<&'a Dictionary> {
    let fonts = font.get_deref(b"DescendantFonts", document).ok()?.as_array().ok()?;
    document.dereference(fonts.first()?).ok()?.1.as_dict().ok()
}

/// The letters of a font with codes of one byte, by its encoding.
fn letters(document: &Document, font: &Dictionary) -> Vec<String> {
    let encoding = font.get_deref(b"Encoding", document).ok();
    let (base, differences) = match encoding {
        Some(Object::Name(name)) => (Some(name.clone()), None),
        Some(Object::Dictionary(encoding)) => {
            let base = encoding.get_deref(b"BaseEncoding", document).and_then(Object::as_name);
            let differences = encoding.get_deref(b"Differences", document).and_then(Object::as_array);
            (base.ok().map(<[u8]>::to_vec), differences.ok())
        }
        _ => (None, None),
    };
    let true_type = font
        .get(b"Subtype")
        .and_then(Object::as_name)
        .is_ok_and(|name| name == b"TrueType");
    let base = base.unwrap_or_else(|| {
        let usual: &[u8] = if true_type {
            b"WinAnsiEncoding"
        } else {
            b"StandardEncoding"
        };
        usual.to_vec()
    });
    let named = dictionary! { "Type" => "Font", "Encoding" => Object::Name(base) };
    let mut letters: Vec<String> = match named.get_font_encoding(document) {
        Ok(encoding) => (0..=255_u8)
            .map(|code| encoding.bytes_to_string(&[code]).unwrap_or_default())
            .collect(),
        Err(_) => (0..=255_u8).map(|code| char::from(code).to_string()).collect(),
    };
    let mut code = 0_usize;
    for object in differences.into_iter().flatten().take(1024) {
        match object {
            Object::Integer(next) => code = usize::try_from(*next).unwrap_or(0),
            Object::Name(name) => {
                if let Some(letter) = letters.get_mut(code) {
                    *letter = named_letter(document, name);
                }
                code += 1;
            }
            _ => {}
        }
    }
    letters
}

/// The letters of a glyph by its name in Adobe's list, or by the number in it.
fn named_letter(document: &Document, name: &[u8]) -> String {
    let one = dictionary! {
        "Type" => "Font",
        "Encoding" => dictionary! { "Differences" => vec![Object::Integer(1), Object::Name(name.to_vec())] },
    };
    if let Ok(encoding) = one.get_font_encoding(document)
        && let Ok(text) = encoding.bytes_to_string(&[1])
        && !text.is_empty()
    {
        return text;
    }
    let name = String::from_utf8_lossy(name);
    let plain = name.split(['.', '_']).next().unwrap_or_default();
    let digits = plain
        .strip_prefix("uni")
        .or_else(|| plain.strip_prefix('u'))
        .filter(|digits| digits.len() >= 4);
    if let Some(letter) = digits
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .and_then(char::from_u32)
    {
        return letter.to_string();
    }
    match plain {
        "ff" => "ff".to_owned(),
        "ffi" => "ffi".to_owned(),
        "ffl" => "ffl".to_owned(),
        "f" if name.starts_with("f_") => name.replace('_', ""),
        plain if plain.len() < name.len() && !plain.is_empty() => named_letter(document, plain.as_bytes()),
        _ => String::new(),
    }
}
