//! The bytes of RTF as tokens.

/// A token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    /// A byte of text, written plainly or as two digits.
    Letter(u8),
    /// A word with its number.
    Word(&'a str, Option<i32>),
    /// A sign after a backslash.
    Symbol(u8),
}

pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take_while(&mut self, most: usize, test: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        while self.at - start < most && self.peek().is_some_and(&test) {
            self.at += 1;
        }
        let taken = self.bytes.get(start..self.at).unwrap_or_default();
        std::str::from_utf8(taken).unwrap_or_default()
    }

    fn control(&mut self) -> Option<Token<'a>> {
        let first = self.peek()?;
        if first == b'\'' {
            self.at += 1;
            let digits = self.take_while(2, |byte| byte.is_ascii_hexdigit());
            return Some(Token::Letter(u8::from_str_radix(digits, 16).unwrap_or(b' ')));
        }
        if !first.is_ascii_alphabetic() {
            self.at += 1;
            return Some(Token::Symbol(first));
        }
        let word = self.take_while(32, |byte| byte.is_ascii_alphabetic());
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        self.take_while(10, |byte| byte.is_ascii_digit());
        let number = self
            .bytes
            .get(start..self.at)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let number = number.and_then(|digits| digits.parse().ok());
        if self.peek() == Some(b' ') {
            self.at += 1;
        }
        if word == "bin" {
            // So many bytes of anything.
            let length = number.and_then(|number: i32| usize::try_from(number).ok()).unwrap_or(0);
            self.at = self.at.saturating_add(length).min(self.bytes.len());
        }
        Some(Token::Word(word, number))
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let byte = self.peek()?;
            self.at += 1;
            return Some(match byte {
                b'{' => Token::Open,
                b'}' => Token::Close,
                b'\\' => return self.control(),
                b'\r' | b'\n' | 0 => continue,
                b'\t' => Token::Letter(b' '),
                byte => Token::Letter(byte),
            });
        }
    }
}
