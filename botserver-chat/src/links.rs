//! Addresses in a model's words.
//!
//! A model that was talked into it by a document may write a link or a picture whose address holds what it knows. So
//! addresses that neither the bot's author, nor its sources, nor the person has named come out as text: readable, and
//! nothing that a page would load or follow. Words stream through a [`Guard`], which holds back what it cannot judge
//! yet.

mod address;

use std::mem;

use botstate::dialog::Settings;
use url::Url;

/// Characters that a span of code may have to be taken for one.
const LONGEST_CODE: usize = 2_000;

/// Tags without attributes that cannot hide anything.
const HARMLESS: [&str; 15] = [
    "br", "b", "i", "u", "s", "em", "strong", "sub", "sup", "small", "kbd", "del", "ins", "mark", "code",
];

/// Addresses that may be links.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allowed {
    hosts: Vec<String>,
    exact: Vec<String>,
}

impl Allowed {
    /// The hosts of `link-hosts`: names, `*.name` for all below a name, or `*` for all.
    pub(crate) fn of(settings: &Settings) -> Self {
        let hosts = settings.get("link-hosts").unwrap_or_default();
        Self {
            hosts: hosts
                .split([';', ',', ' '])
                .map(|host| host.trim().to_lowercase())
                .filter(|host| !host.is_empty())
                .collect(),
            exact: Vec::new(),
        }
    }

    /// Also allows the very addresses that a trusted text holds.
    pub(crate) fn add_from(&mut self, text: &str) {
        for word in text.split_whitespace() {
            let found = address::all(word);
            self.exact.extend(
                found
                    .into_iter()
                    .filter_map(|range| address::url(word.get(range)?))
                    .map(String::from),
            );
        }
    }

    /// Also allows one address.
    pub(crate) fn add(&mut self, url: &str) {
        self.exact.extend(Url::parse(url).ok().map(String::from));
    }

    /// Also allows the host of an address.
    pub(crate) fn add_host_of(&mut self, url: &str) {
        let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
        self.hosts.extend(host);
    }

    fn has(&self, text: &str) -> bool {
        let Some(url) = address::url(text) else { return false };
        if self.exact.iter().any(|known| known == url.as_str()) {
            return true;
        }
        let host = url.host_str().unwrap_or_default();
        matches!(url.scheme(), "http" | "https")
            && self.hosts.iter().any(|allowed| match allowed.strip_prefix("*.") {
                Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
                None => allowed == "*" || allowed == host,
            })
    }
}

/// Lets words through, piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    allowed: Allowed,
    /// What came and is not judged yet.
    held: String,
    /// What went out of the word that `held` goes on with.
    tail: String,
    /// Whether `held` goes on with a line.
    is_within_line: bool,
    /// The fence of the code block that is open.
    fence: Option<(char, usize)>,
    /// Whether raw HTML was seen, after which nothing is sure to be code.
    has_html: bool,
}

impl Guard {
    pub(crate) fn new(allowed: Allowed) -> Self {
        Self {
            allowed,
            ..Self::default()
        }
    }

    /// A whole text at once.
    pub(crate) fn whole(allowed: Allowed, text: &str) -> String {
        let mut guard = Self::new(allowed);
        let mut out = guard.push(text);
        out.push_str(&guard.finish());
        out
    }

    /// The next words, as far as they can be judged.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        self.settle(false)
    }

    /// Whether words wait to be judged.
    pub(crate) fn holds(&self) -> bool {
        !self.held.trim().is_empty()
    }

    /// The rest.
    pub(crate) fn finish(&mut self) -> String {
        self.settle(true)
    }

    fn settle(&mut self, is_end: bool) -> String {
        let mut out = String::new();
        let held = mem::take(&mut self.held);
        let mut at = 0;
        while let Some(rest) = held.get(at..).filter(|rest| !rest.is_empty()) {
            let end = rest.find('\n').map(|end| end + 1);
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let used = self.line(line, end.is_some() || is_end, &mut out);
            at += used;
            if used < line.len() {
                self.is_within_line |= used > 0;
                break;
            }
            self.is_within_line = end.is_none();
        }
        held.get(at..).unwrap_or_default().clone_into(&mut self.held);
        out
    }

    /// Judges a line or its beginning, and gives how much of it is done.
    fn line(&mut self, line: &str, is_whole: bool, out: &mut String) -> usize {
        if !self.is_within_line && !self.has_html {
            match fence(line, is_whole) {
                Fence::Unsure => return 0,
                Fence::Mark { sign, length, is_bare } => {
                    match self.fence {
                        None => self.fence = Some((sign, length)),
                        Some((open, least)) if open == sign && length >= least && is_bare => self.fence = None,
                        Some(_) => {}
                    }
                    out.push_str(line);
                    return line.len();
                }
                Fence::None => {}
            }
        }
        if self.fence.is_some() && !self.has_html {
            out.push_str(line);
            return line.len();
        }
        self.words(line, is_whole, out)
    }

    fn words(&mut self, line: &str, is_whole: bool, out: &mut String) -> usize {
        let mut at = 0;
        while let Some(first) = line.get(at..).and_then(|rest| rest.chars().next()) {
            let rest = line.get(at..).unwrap_or_default();
            if first.is_whitespace() {
                self.tail.clear();
                out.push(first);
                at += first.len_utf8();
            } else if first == '`' {
                self.tail.clear();
                match span(rest, is_whole) {
                    Span::Unsure => return at,
                    Span::Code(length) if !self.has_html => {
                        out.push_str(rest.get(..length).unwrap_or_default());
                        at += length;
                    }
                    // A sign without a partner must not find one in what is written here.
                    _ => {
                        out.push_str("\\`");
                        at += 1;
                    }
                }
            } else {
                let length = word(rest);
                if length == rest.len() && !is_whole {
                    // Most words go out at once: nothing that may follow makes an address of them.
                    if !is_plain(&self.tail, rest) {
                        return at;
                    }
                    self.tail.push_str(rest);
                    out.push_str(rest);
                    return line.len();
                }
                let is_first = !self.is_within_line && line.get(..at).is_some_and(|before| before.trim().is_empty());
                self.word(rest.get(..length).unwrap_or_default(), is_first, out);
                at += length;
            }
        }
        at
    }

    fn word(&mut self, word: &str, is_first: bool, out: &mut String) {
        let begun = self.tail.len();
        let full = format!("{}{word}", self.tail);
        self.tail.clear();
        self.has_html |= has_tag(&full, is_first && begun == 0);
        let plain = address::decoded(&full);
        // A link whose address stands in the next word would be put together again.
        let is_split = plain.ends_with("](") || plain.ends_with("](<");
        let all = address::all(&plain).into_iter();
        let mut wrong = all
            .filter(|range| !self.allowed.has(plain.get(range.clone()).unwrap_or_default()))
            .peekable();
        if wrong.peek().is_none() && !is_split {
            out.push_str(word);
            return;
        }
        if plain != full {
            // Written so that it is not seen at once: the whole word as it is.
            out.push_str(&as_text(&word.replace("](", "] (")));
            return;
        }
        let mut at = begun;
        for range in wrong {
            let start = range.start.max(begun);
            out.push_str(&apart(full.get(at..start).unwrap_or_default()));
            out.push_str(&as_text(full.get(start..range.end).unwrap_or_default()));
            at = range.end;
        }
        out.push_str(&apart(full.get(at..).unwrap_or_default()));
    }
}

/// The text with its links taken apart.
fn apart(text: &str) -> String {
    text.replace("](<", "] (").replace("](", "] (")
}

/// Whether what is there of a word may go out before the rest of it is known.
fn is_plain(tail: &str, word: &str) -> bool {
    let begins = |known: &&str| {
        let both = format!("{tail}{word}").to_ascii_lowercase();
        known.starts_with(both.trim_start_matches(|sign: char| !sign.is_ascii_alphanumeric()))
    };
    let is_plain = |letter: char| letter.is_alphanumeric() || ".,;?!'-*_~#%+$€—–…".contains(letter);
    word.chars().all(is_plain) && !["https", "ftp", "www."].iter().any(begins)
}

/// Text that no renderer makes anything of.
fn as_text(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

enum Fence {
    None,
    Unsure,
    Mark { sign: char, length: usize, is_bare: bool },
}

/// Whether a line is the fence of a code block.
fn fence(line: &str, is_whole: bool) -> Fence {
    let inner = line.trim_start_matches(' ');
    if line.len() - inner.len() > 3 {
        return Fence::None;
    }
    let Some(sign) = inner.chars().next() else {
        return if is_whole { Fence::None } else { Fence::Unsure };
    };
    if sign != '`' && sign != '~' {
        return Fence::None;
    }
    let info = inner.trim_start_matches(sign);
    let length = inner.len() - info.len();
    if !is_whole {
        return if length >= 3 || info.is_empty() {
            Fence::Unsure
        } else {
            Fence::None
        };
    }
    if length < 3 || (sign == '`' && info.contains('`')) {
        return Fence::None;
    }
    Fence::Mark {
        sign,
        length,
        is_bare: info.trim().is_empty(),
    }
}

enum Span {
    Unsure,
    Open,
    Code(usize),
}

/// The span of code that begins `text`, within its line.
fn span(text: &str, is_whole: bool) -> Span {
    let length = text.len() - text.trim_start_matches('`').len();
    let mut at = length;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('`')) {
        let start = at + found;
        let after = text.get(start..).unwrap_or_default();
        let run = after.len() - after.trim_start_matches('`').len();
        if start + run == text.len() && !is_whole {
            return Span::Unsure;
        }
        if run == length {
            return Span::Code(start + run);
        }
        at = start + run;
    }
    if is_whole || text.len() > LONGEST_CODE {
        Span::Open
    } else {
        Span::Unsure
    }
}

/// Bytes up to the next blank or the next sign of code.
fn word(text: &str) -> usize {
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' {
            // The sign after it is part of the word, unless there is none yet.
            match letters.clone().next() {
                Some((_, next)) if !next.is_whitespace() => drop(letters.next()),
                _ => {}
            }
        } else if letter.is_whitespace() || letter == '`' {
            return at;
        }
    }
    text.len()
}

/// Whether a tag begins in the word that may change what is code: one with attributes, or at the beginning of a line.
fn has_tag(word: &str, is_first: bool) -> bool {
    word.split('<').skip(1).any(|inner| {
        let inner = inner.strip_prefix('/').unwrap_or(inner);
        let name: String = inner.chars().take_while(char::is_ascii_alphanumeric).collect();
        let after = inner.get(name.len()..).unwrap_or_default();
        let begins = inner.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '!' || sign == '?');
        let is_address = after.starts_with(':');
        let is_bare = after.starts_with('>') || after.starts_with("/>");
        let is_harmless = is_bare && (!is_first || HARMLESS.contains(&name.to_ascii_lowercase().as_str()));
        begins && !is_address && !is_harmless
    })
}

#[cfg(test)]
mod tests;
