//! Where comments belong: they are not in the tree, so they are found again by their place in the text.

use std::ops::Range;

use super::Printer;
use super::layout::Doc;
use crate::basic::lexer::{Kind, Token};

impl Printer<'_> {
    /// The text of `span`; empty for a tree that was not read from a text.
    pub(super) fn slice(&self, span: &Range<usize>) -> &str {
        self.source.get(span.clone()).unwrap_or_default()
    }

    fn peek(&self) -> Option<&Range<usize>> {
        self.comments.get(self.next_comment)
    }

    /// Whether a comment that was not printed yet begins before `place`.
    pub(super) fn has_comment_before(&self, place: usize) -> bool {
        self.peek().is_some_and(|comment| comment.start < place)
    }

    /// Leaves out the comments before `place`: they were printed with the text around them.
    pub(super) fn skip_comments(&mut self, place: usize) {
        while self.has_comment_before(place) {
            self.next_comment += 1;
        }
    }

    fn take_comment(&mut self, before: usize) -> Option<(Range<usize>, String)> {
        let comment = self.peek().filter(|comment| comment.start < before)?.clone();
        self.next_comment += 1;
        let text = self.slice(&comment).trim_end().to_owned();
        Some((comment, text))
    }

    /// Whether nothing but blanks stands before `place` on its line.
    fn begins_line(&self, place: usize) -> bool {
        let before = self.source.get(..place).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        line.trim_start_matches('\u{feff}').trim().is_empty()
    }

    /// The column of `place`.
    fn column(&self, place: usize) -> usize {
        let before = self.source.get(..place).unwrap_or_default();
        before.rsplit('\n').next().unwrap_or_default().chars().count()
    }

    /// Comments inside a statement before `place`, around `line` if there is one.
    pub(super) fn gap(&mut self, docs: &mut Vec<Doc>, line: Option<Doc>, place: usize) {
        let mut line = line;
        while let Some((span, text)) = self.take_comment(place) {
            if line.is_some() && self.begins_line(span.start) {
                docs.extend(line.take());
            }
            if self.begins_line(span.start) {
                docs.push(Doc::Text(text));
                docs.push(Doc::Hard);
            } else {
                docs.push(Doc::Remark(text));
            }
        }
        docs.extend(line);
    }

    /// Comments before the closing bracket at `place`; true when there are any, so that the bracket needs its own line.
    pub(super) fn gap_before_end(&mut self, docs: &mut Vec<Doc>, place: usize) -> bool {
        let mut any = false;
        while let Some((span, text)) = self.take_comment(place) {
            any = true;
            if !self.begins_line(span.start) {
                docs.push(Doc::Remark(text));
                continue;
            }
            if !docs.is_empty() {
                docs.push(Doc::Hard);
            }
            docs.push(Doc::Text(text));
        }
        any
    }

    /// Whether the author left a blank line between `from` and `to`.
    fn blank_between(&self, from: usize, to: usize) -> bool {
        let between = self.source.get(from..to).unwrap_or_default();
        let mut lines = between.split('\n').skip(1).peekable();
        while let Some(line) = lines.next() {
            if lines.peek().is_some() && line.trim().is_empty() {
                return true;
            }
        }
        false
    }

    /// Keeps one blank line before what begins at `place`, unless it is the first of its block.
    pub(super) fn keep_blank(&mut self, place: usize) {
        if !self.fresh && self.blank_between(self.last_end, place) {
            self.out.push('\n');
        }
        self.fresh = false;
    }

    /// Comments on lines of their own before `place`.
    pub(super) fn own_comments(&mut self, place: usize, indent: usize) {
        while let Some((span, text)) = self.take_comment(place) {
            self.own_comment(&span, &text, indent);
        }
    }

    fn own_comment(&mut self, span: &Range<usize>, text: &str, indent: usize) {
        self.keep_blank(span.start);
        self.indent(indent);
        self.out.push_str(text);
        self.out.push('\n');
        self.last_end = span.end;
    }

    /// Comments before a word such as ELSE at `place`: those that stand under it belong to it, others to the block
    /// above.
    pub(super) fn comments_before_word(&mut self, place: usize, outer: usize, inner: usize) {
        let edge = self.column(place);
        let mut outside = false;
        while let Some((span, text)) = self.take_comment(place) {
            outside |= self.column(span.start) <= edge;
            self.own_comment(&span, &text, if outside { outer } else { inner });
        }
    }

    /// Ends the line of what ends at `place` in the source, with the comment that stands behind it.
    pub(super) fn end_line(&mut self, place: usize) {
        self.last_end = place;
        if let Some(comment) = self.peek()
            && comment.start >= place
            && self.is_behind(place, comment.start)
        {
            let (end, text) = (comment.end, self.slice(comment).trim_end().to_owned());
            self.next_comment += 1;
            self.out.push(' ');
            self.out.push_str(&text);
            self.last_end = end;
        }
        self.out.push('\n');
    }

    /// Whether from `place` to `comment` there is only what closes the statement on its line.
    fn is_behind(&self, place: usize, comment: usize) -> bool {
        let first = self.tokens.partition_point(|token| token.start < place);
        let between = self.tokens.get(first..).unwrap_or_default();
        between
            .iter()
            .take_while(|token| token.start < comment)
            .all(|token| match token.kind {
                Kind::ParenEnd | Kind::Semicolon | Kind::Colon | Kind::Brace => true,
                Kind::Word => {
                    let word = self.slice(&token.span());
                    word.eq_ignore_ascii_case("THEN") || word.eq_ignore_ascii_case("DO")
                }
                _ => false,
            })
    }

    /// The first of `words` between `from` and `to`.
    pub(super) fn find_word(&self, words: &[&str], from: usize, to: usize) -> Option<Range<usize>> {
        let first = self.tokens.partition_point(|token| token.start < from);
        let mut found = self.tokens.get(first..)?.iter().take_while(|token| token.start < to);
        let is = |span: &Range<usize>| words.iter().any(|word| word.eq_ignore_ascii_case(self.slice(span)));
        found
            .find(|token| token.kind == Kind::Word && is(&token.span()))
            .map(Token::span)
    }
}
