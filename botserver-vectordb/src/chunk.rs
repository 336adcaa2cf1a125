//! Documents as passages: along their structure, of about as many tokens as an embedder reads well.
//!
//! A passage never crosses a heading or a page of a table's rows without saying so: headings go with each passage as a
//! path, tables repeat the names of their columns, and within a section the end of one passage begins the next.

use botlib::words::count_tokens;
use botstate::document::{Block, BlockKind, Document};
use sha2::{Digest, Sha256};

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The page where it begins.
    pub(crate) page: Option<u32>,
    /// The headings above it, outermost first.
    pub(crate) headings: Vec<String>,
    /// The text.
    pub(crate) body: String,
    /// Bytes at the beginning of the text that end the passage before.
    pub(crate) repeated: usize,
    /// Tokens of the text.
    pub(crate) tokens: usize,
}

/// How large passages are, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// What a passage should not exceed.
    pub(crate) most: usize,
    /// What a passage repeats of the one before at most.
    pub(crate) overlap: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { most: 400, overlap: 40 }
    }
}

impl Sizes {
    /// What the settings of a bot say, within what makes sense.
    pub(crate) fn of(settings: &botstate::dialog::Settings) -> Self {
        let usual = Self::default();
        let most = settings.parse("rag-chunk-size").unwrap_or(usual.most).clamp(50, 2_000);
        let overlap = settings
            .parse("rag-chunk-overlap")
            .unwrap_or(usual.overlap)
            .min(most / 4);
        Self { most, overlap }
    }
}

impl Chunk {
    /// The text that is indexed and embedded: what the passage is about, and the passage.
    pub(crate) fn whole(&self, title: &str) -> String {
        whole(title, &self.headings, &self.body)
    }

    /// Names the content together with everything that is embedded with it.
    pub(crate) fn hash(&self, title: &str) -> String {
        let digest = Sha256::digest(self.whole(title));
        digest
            .iter()
            .take(16)
            .fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"))
    }
}

/// What is indexed of a passage with these headings in a document with this title.
pub(crate) fn whole(title: &str, headings: &[String], body: &str) -> String {
    let mut text = String::with_capacity(body.len() + 80);
    let starts_with_title = headings.first().is_some_and(|first| first == title);
    if !title.is_empty() && !starts_with_title {
        text.push_str(title);
        text.push('\n');
    }
    if !headings.is_empty() {
        text.push_str(&headings.join(" > "));
        text.push('\n');
    }
    text.push_str(body);
    text
}

/// Cuts a document into passages.
pub(crate) fn cut(document: &Document, sizes: Sizes) -> Vec<Chunk> {
    let mut cutter = Cutter {
        sizes,
        chunks: Vec::new(),
        path: Vec::new(),
        open: None,
    };
    for block in &document.blocks {
        cutter.block(block);
    }
    cutter.close();
    cutter.finish()
}

struct Cutter {
    sizes: Sizes,
    chunks: Vec<Chunk>,
    /// Headings with their levels.
    path: Vec<(u8, String)>,
    open: Option<Chunk>,
}

impl Cutter {
    fn block(&mut self, block: &Block) {
        match &block.kind {
            BlockKind::Heading { level, text } => {
                self.close();
                self.path.retain(|(outer, _)| outer < level);
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                if !text.is_empty() {
                    self.path.push((*level, cut_text(&text, 60)));
                }
                // A heading is found even when nothing stands below it.
                self.open(block.page);
            }
            BlockKind::Text(text) => self.text(block.page, text.trim(), "\n\n", sentences),
            BlockKind::Code(text) => self.text(block.page, text.trim_end(), "\n\n", lines),
            BlockKind::Table { header, rows } => self.table(block.page, header, rows),
        }
    }

    /// Adds a text, whole where it fits, else in the pieces that `split` makes of it.
    fn text(&mut self, page: Option<u32>, text: &str, between: &str, split: fn(&str) -> Vec<&str>) {
        if text.is_empty() {
            return;
        }
        if self.add(page, between, text) {
            return;
        }
        let mut between = between;
        for piece in split(text) {
            for part in words_of(piece, self.sizes.most) {
                if !self.add(page, between, part) {
                    self.next(page);
                    self.add(page, "", part);
                }
                between = "";
            }
        }
    }

    fn table(&mut self, page: Option<u32>, header: &[String], rows: &[Vec<String>]) {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells
                .iter()
                .map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" "))
                .collect();
            format!("| {} |", cells.join(" | "))
        };
        let head = if header.iter().all(|cell| cell.trim().is_empty()) {
            String::new()
        } else {
            line(header)
        };
        let mut begins = true;
        for row in rows {
            if row.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let row = line(row);
            let first = if head.is_empty() {
                row.clone()
            } else {
                format!("{head}\n{row}")
            };
            let (between, text) = if begins {
                ("\n\n", first.as_str())
            } else {
                ("\n", row.as_str())
            };
            if !self.add(page, between, text) {
                self.close();
                self.open(page);
                if !self.add(page, "", &first) {
                    // A row that is larger than a passage is text like any other.
                    self.text(page, &first, "", sentences);
                }
            }
            begins = false;
        }
        if rows.is_empty() && !head.is_empty() {
            self.text(page, &head, "\n\n", sentences);
        }
    }

    fn open(&mut self, page: Option<u32>) -> &mut Chunk {
        let headings = self.path.iter().map(|(_, text)| text.clone()).collect();
        self.open.get_or_insert(Chunk {
            page,
            headings,
            body: String::new(),
            repeated: 0,
            tokens: 0,
        })
    }

    /// Adds text to the open passage if it has room for it; an empty one takes whatever fits into a passage.
    fn add(&mut self, page: Option<u32>, between: &str, text: &str) -> bool {
        let (most, tokens) = (self.sizes.most, count_tokens(text));
        let chunk = self.open(page);
        if chunk.tokens + tokens > most {
            return false;
        }
        if chunk.body.is_empty() {
            chunk.page = page;
        } else {
            chunk.body.push_str(between);
        }
        chunk.body.push_str(text);
        chunk.tokens += tokens;
        true
    }

    /// Ends the open passage and begins the next with its end.
    fn next(&mut self, page: Option<u32>) {
        let end = self
            .open
            .as_ref()
            .map(|chunk| tail(&chunk.body, self.sizes.overlap).to_owned());
        self.close();
        let chunk = self.open(page);
        if let Some(end) = end {
            chunk.tokens = count_tokens(&end);
            chunk.repeated = end.len();
            chunk.body = end;
        }
    }

    fn close(&mut self) {
        if let Some(chunk) = self.open.take()
            && (!chunk.body.is_empty() || !chunk.headings.is_empty())
        {
            self.chunks.push(chunk);
        }
    }

    /// Leaves out headings without text whose sections have parts of their own, which have the heading in their path.
    fn finish(self) -> Vec<Chunk> {
        let mut kept: Vec<Chunk> = Vec::with_capacity(self.chunks.len());
        for chunk in self.chunks {
            if let Some(last) = kept.last()
                && last.body.is_empty()
                && chunk.headings.starts_with(&last.headings)
            {
                kept.pop();
            }
            kept.push(chunk);
        }
        for chunk in &mut kept {
            if chunk.body.is_empty() {
                chunk.body = chunk.headings.last().cloned().unwrap_or_default();
                chunk.tokens = count_tokens(&chunk.body);
            }
        }
        kept
    }
}

/// The end of a text of at most `tokens`, from the beginning of a sentence or at least of a word.
fn tail(text: &str, tokens: usize) -> &str {
    if tokens == 0 {
        return "";
    }
    let mut found = "";
    for (at, _) in text.rmatch_indices([' ', '\n']) {
        let end = text.get(at + 1..).unwrap_or_default();
        if count_tokens(end) > tokens {
            break;
        }
        let before = text.get(..at).unwrap_or_default().trim_end();
        let is_sentence = before.ends_with(['.', '!', '?', ':', ';']) || before.len() < at;
        if is_sentence || found.is_empty() {
            found = end;
        }
    }
    found
}

/// The sentences of a text, each with the blanks after it.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((_, c)) = chars.next() {
        let Some((next_at, next)) = chars.peek().copied() else {
            break;
        };
        let ends = match c {
            '.' | '!' | '?' | ';' | ':' | '…' => next.is_whitespace(),
            '。' | '！' | '？' | '\n' => true,
            _ => false,
        };
        if !ends {
            continue;
        }
        let mut to = next_at;
        while let Some((at, blank)) = chars.peek().copied().filter(|(_, blank)| blank.is_whitespace()) {
            to = at + blank.len_utf8();
            chars.next();
        }
        found.push(text.get(from..to).unwrap_or_default());
        from = to;
    }
    found.push(text.get(from..).unwrap_or_default());
    found.retain(|sentence| !sentence.is_empty());
    found
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The text whole if it has at most `most` tokens, else cut between words, and words that are longer yet anywhere.
fn words_of(text: &str, most: usize) -> Vec<&str> {
    if count_tokens(text) <= most {
        return vec![text];
    }
    let mut parts = Vec::new();
    let (mut from, mut last, mut tokens) = (0, 0, 0);
    for word in text.split_inclusive(char::is_whitespace) {
        let more = count_tokens(word);
        let at = last;
        last += word.len();
        if tokens + more > most && at > from {
            parts.push(text.get(from..at).unwrap_or_default());
            (from, tokens) = (at, 0);
        }
        tokens += more;
        if more > most {
            // A word without end, such as an encoded picture.
            let chars: Vec<(usize, char)> = text.get(from..last).unwrap_or_default().char_indices().collect();
            for piece in chars.chunks(most.max(1)) {
                let (Some((first, _)), Some((end, c))) = (piece.first(), piece.last()) else {
                    continue;
                };
                parts.push(text.get(from + first..from + end + c.len_utf8()).unwrap_or_default());
            }
            (from, tokens) = (last, 0);
        }
    }
    parts.push(text.get(from..).unwrap_or_default());
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// The beginning of a text of about so many tokens.
pub(crate) fn cut_text(text: &str, tokens: usize) -> String {
    match words_of(text, tokens).first() {
        Some(first) if first.len() < text.trim_end().len() => format!("{}…", first.trim_end()),
        Some(first) => first.trim_end().to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
