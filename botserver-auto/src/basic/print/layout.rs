//! Where lines break: pieces with places where a line may end, laid out within the widest line.

/// Columns that a line should not exceed.
const WIDEST: usize = 100;

/// Blanks before what a block, a list or an object holds.
pub(super) const INDENT: usize = 2;

/// Blanks before the rest of a line that goes on: more than those of a block, so that both can be told apart.
const GOES_ON: usize = 4;

/// A piece of a statement.
#[derive(Debug, Clone)]
pub(super) enum Doc {
    /// Text as it is; a text in quotes may hold newlines.
    Text(String),
    /// A blank, or a new line where what is around it does not fit.
    Line,
    /// Always a new line.
    Hard,
    /// A comment at the end of a line: whatever follows stands on the next one.
    Remark(String),
    /// One after the other.
    Cat(Vec<Doc>),
    /// Breaks at those of its lines that need it.
    Fill(Vec<Doc>),
    /// Breaks at all of its lines or at none. With `hug` the last piece may break instead, when it is in brackets.
    Group { docs: Vec<Doc>, hug: bool },
    /// Something in brackets.
    Bracket(Bracket),
}

/// What stands in brackets: on one line, or on lines of its own.
#[derive(Debug, Clone)]
pub(super) struct Bracket {
    pub(super) open: &'static str,
    pub(super) docs: Vec<Doc>,
    pub(super) close: &'static str,
    /// Its author wrote it on several lines.
    pub(super) tall: bool,
    /// The last piece may break instead of all of them.
    pub(super) hug: bool,
}

impl Doc {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Whether it cannot stand on one line.
    fn is_tall(&self) -> bool {
        match self {
            Self::Text(_) | Self::Line => false,
            Self::Hard | Self::Remark(_) => true,
            Self::Cat(docs) | Self::Fill(docs) | Self::Group { docs, .. } => docs.iter().any(Self::is_tall),
            Self::Bracket(bracket) => bracket.tall || bracket.docs.iter().any(Self::is_tall),
        }
    }

    /// Columns that it takes on one line, up to its first newline.
    fn width(&self) -> usize {
        match self {
            Self::Text(text) => text.split('\n').next().unwrap_or_default().chars().count(),
            Self::Line => 1,
            Self::Hard => 0,
            Self::Remark(text) => text.chars().count() + 1,
            Self::Cat(docs) | Self::Fill(docs) | Self::Group { docs, .. } => docs.iter().map(Self::width).sum(),
            Self::Bracket(bracket) => {
                let inner: usize = bracket.docs.iter().map(Self::width).sum();
                inner + bracket.open.len() + bracket.close.len() + 2 * bracket.padding().len()
            }
        }
    }

    /// The first piece of text, if there is one.
    pub(super) fn first(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Remark(text) => Some(text),
            Self::Line | Self::Hard => None,
            Self::Cat(docs) | Self::Fill(docs) | Self::Group { docs, .. } => docs.iter().find_map(Self::first),
            Self::Bracket(bracket) => Some(bracket.open),
        }
    }
}

impl Bracket {
    fn padding(&self) -> &'static str {
        if self.open == "{" && !self.docs.is_empty() {
            " "
        } else {
            ""
        }
    }
}

/// Writes `doc` at the end of `out`, whose last line is indented by `indent`.
pub(super) fn write(out: &mut String, doc: &Doc, indent: usize) {
    let column = out.rsplit('\n').next().unwrap_or_default().chars().count();
    Layout { out, column }.put(doc, indent, false);
}

struct Layout<'o> {
    out: &'o mut String,
    column: usize,
}

impl Layout<'_> {
    fn text(&mut self, text: &str) {
        self.out.push_str(text);
        match text.rsplit_once('\n') {
            Some((_, last)) => self.column = last.chars().count(),
            None => self.column += text.chars().count(),
        }
    }

    fn newline(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    fn fits(&self, docs: &[Doc], more: usize) -> bool {
        let width: usize = docs.iter().map(Doc::width).sum();
        self.column + width + more <= WIDEST && !docs.iter().any(Doc::is_tall)
    }

    fn put(&mut self, doc: &Doc, indent: usize, flat: bool) {
        match doc {
            Doc::Text(text) => self.text(text),
            Doc::Line if flat => self.text(" "),
            Doc::Line | Doc::Hard => self.newline(indent),
            Doc::Remark(text) => {
                self.text(" ");
                self.text(text);
            }
            Doc::Cat(docs) => self.all(docs, indent, flat),
            Doc::Fill(docs) => {
                if flat || self.fits(docs, 0) {
                    self.all(docs, indent, true);
                } else {
                    self.fill(docs, indent + GOES_ON);
                }
            }
            Doc::Group { docs, hug } => {
                if flat || self.fits(docs, 0) {
                    self.all(docs, indent, true);
                } else if *hug && let Some((last, rest)) = self.huggable(docs) {
                    self.all(rest, indent, true);
                    self.put(last, indent, false);
                } else {
                    self.all(docs, indent + GOES_ON, false);
                }
            }
            Doc::Bracket(bracket) => self.bracket(bracket, indent, flat),
        }
    }

    fn all(&mut self, docs: &[Doc], indent: usize, flat: bool) {
        for doc in docs {
            self.put(doc, indent, flat);
        }
    }

    /// The last piece and the ones before it, when the last one alone can take the break.
    fn huggable<'d>(&self, docs: &'d [Doc]) -> Option<(&'d Doc, &'d [Doc])> {
        let (last, rest) = docs.split_last()?;
        let Doc::Bracket(bracket) = last else { return None };
        (!bracket.docs.is_empty() && self.fits(rest, 1)).then_some((last, rest))
    }

    fn fill(&mut self, docs: &[Doc], indent: usize) {
        let mut remarked = false;
        for (index, doc) in docs.iter().enumerate() {
            if !matches!(doc, Doc::Line) {
                self.put(doc, indent, false);
                remarked = matches!(doc, Doc::Remark(_));
                continue;
            }
            let rest = docs.get(index + 1..).unwrap_or_default();
            let chunk = rest.iter().position(|doc| matches!(doc, Doc::Line));
            let chunk = rest.get(..chunk.unwrap_or(rest.len())).unwrap_or_default();
            // A comment in the chunk ends a line anyway; what counts is what stands before it.
            let width: usize = chunk.iter().map(Doc::width).sum();
            if remarked || matches!(chunk, [_, Doc::Hard, ..]) || self.column + 1 + width > WIDEST {
                self.newline(indent);
            } else {
                self.text(" ");
            }
        }
    }

    fn bracket(&mut self, bracket: &Bracket, indent: usize, flat: bool) {
        self.text(bracket.open);
        let padding = bracket.padding();
        let closing = padding.len() * 2 + bracket.close.len();
        if flat || !bracket.tall && self.fits(&bracket.docs, closing) {
            self.text(padding);
            self.all(&bracket.docs, indent, true);
            self.text(padding);
        } else if bracket.hug
            && let Some((last, rest)) = self.huggable(&bracket.docs)
        {
            self.all(rest, indent, true);
            self.put(last, indent, false);
        } else {
            let inner = indent + INDENT;
            let (remark, rest) = match bracket.docs.split_first() {
                Some((remark @ Doc::Remark(_), rest)) => (Some(remark), rest),
                _ => (None, bracket.docs.as_slice()),
            };
            if let Some(remark) = remark {
                self.put(remark, inner, false);
            }
            self.newline(inner);
            self.all(rest, inner, false);
            self.newline(indent);
        }
        self.text(bracket.close);
    }
}
