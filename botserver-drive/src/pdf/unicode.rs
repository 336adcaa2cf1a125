//! `ToUnicode` maps (ISO 32000-1, 9.10.3): which codes of a font mean which letters.

use std::collections::HashMap;

/// Codes that one map may name; more are no font's.
const MOST_CODES: usize = 70_000;

#[derive(Debug, Default)]
pub(super) struct UnicodeMap {
    letters: HashMap<u32, String>,
    /// The shortest and longest code, in bytes.
    widths: Option<(usize, usize)>,
}

#[derive(Debug, Clone)]
enum Token {
    Hex(Vec<u8>),
    Open,
    Close,
    Word(String),
}

impl UnicodeMap {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut map = Self::default();
        let tokens = tokens(bytes);
        let mut at = 0_usize;
        while let Some(token) = tokens.get(at) {
            at += 1;
            let Token::Word(word) = token else { continue };
            let end = tokens.iter().skip(at).position(|token| matches!(token, Token::Word(_)));
            let section = tokens.get(at..at + end.unwrap_or(0)).unwrap_or_default();
            match word.as_str() {
                "begincodespacerange" => map.spaces(section),
                "beginbfchar" => map.letters(section),
                "beginbfrange" => map.ranges(section),
                _ => {}
            }
        }
        map
    }

    pub(super) fn get(&self, code: u32) -> Option<&str> {
        self.letters.get(&code).map(String::as_str)
    }

    /// The bytes of a code, where all are of one length.
    pub(super) fn width(&self) -> Option<usize> {
        self.widths.and_then(|(least, most)| (least == most).then_some(least))
    }

    fn spaces(&mut self, section: &[Token]) {
        for token in section {
            if let Token::Hex(code) = token {
                let (least, most) = self.widths.unwrap_or((code.len(), code.len()));
                self.widths = Some((least.min(code.len()), most.max(code.len())));
            }
        }
    }

    fn put(&mut self, code: u32, units: &[u8]) {
        if self.letters.len() >= MOST_CODES {
            return;
        }
        let units: Vec<u16> = units
            .chunks(2)
            .map(|pair| pair.iter().fold(0_u16, |unit, byte| (unit << 8) | u16::from(*byte)))
            .collect();
        let text = String::from_utf16_lossy(&units);
        self.letters
            .insert(code, text.chars().filter(|letter| *letter != '\0').collect());
    }

    fn letters(&mut self, section: &[Token]) {
        for pair in section.chunks(2) {
            if let [Token::Hex(code), Token::Hex(units)] = pair {
                self.put(number(code), units);
            }
        }
    }

    fn ranges(&mut self, section: &[Token]) {
        let mut rest = section;
        while let [Token::Hex(first), Token::Hex(last), tail @ ..] = rest {
            let (first, last) = (number(first), number(last));
            match tail {
                [Token::Hex(units), after @ ..] => {
                    let mut units = units.clone();
                    for code in first..=last {
                        if self.letters.len() >= MOST_CODES {
                            return;
                        }
                        self.put(code, &units);
                        next(&mut units);
                    }
                    rest = after;
                }
                [Token::Open, after @ ..] => {
                    let end = after
                        .iter()
                        .position(|token| matches!(token, Token::Close))
                        .unwrap_or(after.len());
                    for (code, token) in (first..=last).zip(after.iter().take(end)) {
                        if let Token::Hex(units) = token {
                            self.put(code, units);
                        }
                    }
                    rest = after.get(end + 1..).unwrap_or_default();
                }
                _ => return,
            }
        }
    }
}

/// The next letter: the last unit counts up.
fn next(units: &mut [u8]) {
    for byte in units.iter_mut().rev().take(2) {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
}

fn number(code: &[u8]) -> u32 {
    code.iter()
        .take(4)
        .fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

fn tokens(bytes: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'<' if rest.first() == Some(&b'<') => rest = rest.get(1..).unwrap_or_default(),
            b'<' => {
                let end = rest.iter().position(|byte| *byte == b'>').unwrap_or(rest.len());
                let (digits, after) = rest.split_at(end);
                let mut digits: Vec<u8> = digits
                    .iter()
                    .filter_map(|byte| char::from(*byte).to_digit(16))
                    .filter_map(|digit| u8::try_from(digit).ok())
                    .collect();
                if digits.len() % 2 == 1 {
                    digits.push(0);
                }
                let bytes = digits
                    .chunks(2)
                    .map(|pair| pair.iter().fold(0, |sum, digit| (sum << 4) | digit));
                tokens.push(Token::Hex(bytes.collect()));
                rest = after.get(1..).unwrap_or_default();
            }
            b'[' => tokens.push(Token::Open),
            b']' => tokens.push(Token::Close),
            b'%' => {
                let end = rest
                    .iter()
                    .position(|byte| matches!(byte, b'\n' | b'\r'))
                    .unwrap_or(rest.len());
                rest = rest.get(end..).unwrap_or_default();
            }
            byte if byte.is_ascii_alphabetic() => {
                let end = rest
                    .iter()
                    .position(|byte| !byte.is_ascii_alphanumeric())
                    .unwrap_or(rest.len());
                let (more, after) = rest.split_at(end);
                let mut word = String::from(char::from(*byte));
                word.push_str(&String::from_utf8_lossy(more));
                tokens.push(Token::Word(word));
                rest = after;
            }
            _ => {}
        }
    }
    tokens
}
