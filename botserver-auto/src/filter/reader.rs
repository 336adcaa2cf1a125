//! The parts of a filter as one row of signs: characters of its code, and holes with values.

use botlib::Value;
use botstate::dialog::Fault;

use super::fault;
use crate::basic::value::{Val, from_value};

/// A sign of a filter.
#[derive(Debug, Clone)]
pub(super) enum Sign {
    Char(char),
    Hole(Val),
}

/// Reads signs from left to right.
#[derive(Debug)]
pub(super) struct Reader {
    signs: Vec<Sign>,
    at: usize,
}

impl Reader {
    /// The signs of `parts`: texts at even places, values at odd ones.
    pub(super) fn new(parts: &[Value], longest: usize) -> Result<Self, Fault> {
        let mut signs = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            match part {
                Value::Text(text) if place % 2 == 0 => signs.extend(text.chars().map(Sign::Char)),
                value => signs.push(Sign::Hole(from_value(value.clone())?)),
            }
            if signs.len() > longest {
                return Err(fault(format!("a filter may have {longest} characters at most")));
            }
        }
        Ok(Self { signs, at: 0 })
    }

    /// Whether there is nothing but blanks.
    pub(super) fn is_blank(&self) -> bool {
        self.signs
            .iter()
            .all(|sign| matches!(sign, Sign::Char(letter) if letter.is_whitespace()))
    }

    /// Where it stands.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Goes back to an earlier place.
    pub(super) fn back_to(&mut self, place: usize) {
        self.at = place;
    }

    /// The next sign.
    pub(super) fn sign(&self) -> Option<&Sign> {
        self.signs.get(self.at)
    }

    /// The character `ahead` signs from here.
    pub(super) fn char_at(&self, ahead: usize) -> Option<char> {
        match self.signs.get(self.at + ahead) {
            Some(Sign::Char(letter)) => Some(*letter),
            _ => None,
        }
    }

    /// The next character.
    pub(super) fn char(&self) -> Option<char> {
        self.char_at(0)
    }

    /// Takes the next sign.
    pub(super) fn take(&mut self) -> Option<Sign> {
        let sign = self.signs.get(self.at).cloned();
        self.at += 1;
        sign
    }

    /// Steps over blanks; true when there were some.
    pub(super) fn blanks(&mut self) -> bool {
        let start = self.at;
        while self.char().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.at > start
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.signs.len()
    }

    /// Steps over `text`, which is made of signs and no letters, if it comes next.
    pub(super) fn symbol(&mut self, text: &str) -> bool {
        let comes = text
            .chars()
            .enumerate()
            .all(|(ahead, letter)| self.char_at(ahead) == Some(letter));
        if comes {
            self.at += text.chars().count();
        }
        comes
    }

    /// Whether the word comes next, in any letter case, with its end behind it.
    pub(super) fn is_word(&self, word: &str) -> bool {
        let length = word.chars().count();
        word.chars().enumerate().all(|(ahead, letter)| {
            self.char_at(ahead)
                .is_some_and(|found| found.eq_ignore_ascii_case(&letter))
        }) && !self.char_at(length).is_some_and(is_name)
    }

    /// Steps over blanks and the word, if it comes next.
    pub(super) fn word(&mut self, word: &str) -> bool {
        let start = self.at;
        self.blanks();
        if self.is_word(word) {
            self.at += word.chars().count();
            return true;
        }
        self.at = start;
        false
    }

    /// Steps over blanks and words that follow each other, if all of them come next.
    pub(super) fn words(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        let all = words.iter().all(|word| self.word(word));
        if !all {
            self.at = start;
        }
        all
    }

    /// Takes a name: a letter or `_`, then letters, digits, `_` and `$`.
    pub(super) fn name(&mut self) -> Option<String> {
        if !self
            .char()
            .is_some_and(|letter| letter.is_alphabetic() || letter == '_')
        {
            return None;
        }
        let mut name = String::new();
        while let Some(letter) = self.char().filter(|letter| is_name(*letter)) {
            name.push(letter);
            self.at += 1;
        }
        Some(name)
    }

    /// What comes next, shortened, for messages. Values are not shown.
    pub(super) fn rest(&self) -> String {
        let rest = self.signs.get(self.at..).unwrap_or_default();
        rest.iter()
            .take(24)
            .map(|sign| match sign {
                Sign::Char(letter) => *letter,
                Sign::Hole(_) => '…',
            })
            .collect()
    }
}

/// Whether the letter may stand inside a name.
pub(super) fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}
