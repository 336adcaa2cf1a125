//! The registry's phrases, indexed for the parser.

use std::collections::HashMap;

use botstate::keyword::{Class, Registry, Shape};

use super::elsewhere;

/// Phrases that the language itself performs; they need no registry.
const STATEMENTS: [&str; 78] = [
    "TALK",
    "PRINT",
    "HEAR",
    "IF",
    "ELSE",
    "ELSEIF",
    "END IF",
    "FOR",
    "FOR EACH",
    "NEXT",
    "END FOR",
    "WHILE",
    "WEND",
    "END WHILE",
    "DO",
    "LOOP",
    "SELECT CASE",
    "CASE",
    "END SELECT",
    "SWITCH",
    "SUB",
    "END SUB",
    "FUNCTION",
    "END FUNCTION",
    "CALL",
    "RETURN",
    "EXIT",
    "EXIT FOR",
    "BREAK",
    "CONTINUE",
    "WITH",
    "END WITH",
    "TRY",
    "CATCH",
    "END TRY",
    "THROW",
    "ASSERT",
    "PARAM",
    "DESCRIPTION",
    "GOTO",
    "GOSUB",
    "ON ERROR GOTO",
    "ON ERROR RESUME NEXT",
    "DIM",
    "REDIM",
    "INCLUDE",
    "TABLE",
    "END TABLE",
    "BEGIN TALK",
    "BEGIN SYSTEM PROMPT",
    "BEGIN MAIL",
    "BEGIN TRANSACTION",
    "COMMIT TRANSACTION",
    "ROLLBACK",
    "SET SCHEDULE",
    "SCHEDULE IN",
    "END SCHEDULE",
    "ON INSERT OF",
    "ON UPDATE OF",
    "ON DELETE OF",
    "ON FORM SUBMIT",
    "ON EVENT",
    "END ON",
    "WEBHOOK",
    "STEP",
    "DELAY",
    "WAIT FOR RESPONSE",
    "APPEND",
    "PUSH",
    "EXIT DO",
    "EXIT WHILE",
    "EXIT SUB",
    "END SWITCH",
    "CASE ELSE",
    "RETURN WITH",
    "CLEAR ERROR",
    "SET",
    "LET",
];

/// A keyword as the parser sees it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) phrase: &'static str,
    pub(crate) class: Class,
    pub(crate) shapes: Vec<Shape>,
    /// What this server lacks to perform it, when no domain registered the phrase.
    pub(crate) elsewhere: Option<&'static str>,
}

/// The words that scripts may use: built once from the [`Registry`], shared by all scripts.
#[derive(Debug, Default)]
pub struct Grammar {
    entries: Vec<Entry>,
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    next: HashMap<String, usize>,
    entry: Option<usize>,
}

impl Grammar {
    /// The grammar with the keywords of `registry`.
    pub fn new(registry: &Registry) -> Self {
        let mut grammar = Self {
            entries: Vec::new(),
            nodes: vec![Node::default()],
        };
        for (keyword, shapes) in registry.iter() {
            grammar.add(Entry {
                phrase: keyword.phrase,
                class: keyword.class,
                shapes: shapes.to_vec(),
                elsewhere: None,
            });
        }
        for service in elsewhere::services() {
            for (phrase, shapes) in service.phrases {
                if registry.find(phrase).is_none() {
                    grammar.add(Entry {
                        phrase,
                        class: Class::External,
                        shapes: shapes.iter().map(|shape| Shape::parse(shape)).collect(),
                        elsewhere: Some(service.name),
                    });
                }
            }
        }
        grammar
    }

    fn add(&mut self, entry: Entry) {
        let mut at = Self::ROOT;
        for word in entry.phrase.split_whitespace() {
            let fresh = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { break };
            at = *node.next.entry(word.to_uppercase()).or_insert(fresh);
            if at == fresh {
                self.nodes.push(Node::default());
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.entry = Some(self.entries.len());
        }
        self.entries.push(entry);
    }

    /// Whether `word` is a statement or keyword by itself, or stands for a value or an operator, and so should not be
    /// the name of a variable or SUB.
    pub(crate) fn is_reserved(&self, word: &str) -> bool {
        const VALUES: [&str; 18] = [
            "TRUE", "FALSE", "NULL", "AND", "OR", "NOT", "MOD", "IS", "IN", "LIKE", "THEN", "TO", "STEP", "AS", "END",
            "BEGIN", "REM", "SET",
        ];
        let upper = word.to_uppercase();
        let alone = |phrase: &str| phrase == upper;
        STATEMENTS.iter().any(|phrase| alone(phrase))
            || VALUES.iter().any(|value| alone(value))
            || self
                .entries
                .iter()
                .any(|entry| entry.elsewhere.is_none() && alone(entry.phrase))
    }

    /// The first node of all phrases.
    pub(crate) const ROOT: usize = 0;

    /// The node that `word` leads to from `node`: underscores stand for blanks, a final `$` for nothing.
    pub(crate) fn follow(&self, node: usize, word: &str) -> Option<usize> {
        let upper = word.trim_end_matches('$').to_uppercase();
        if let Some(next) = self.nodes.get(node)?.next.get(&upper) {
            return Some(*next);
        }
        let mut at = node;
        if !upper.contains('_') {
            return None;
        }
        for part in upper.split('_') {
            at = *self.nodes.get(at)?.next.get(part)?;
        }
        Some(at)
    }

    /// The keyword whose phrase ends at `node`.
    pub(crate) fn entry(&self, node: usize) -> Option<&Entry> {
        self.entries.get(self.nodes.get(node)?.entry?)
    }

    /// The keyword with that phrase, in capitals.
    pub(crate) fn find(&self, phrase: &str) -> Option<&Entry> {
        let mut words = phrase.split_whitespace();
        let node = words.try_fold(Self::ROOT, |node, word| self.follow(node, word));
        self.entry(node?)
    }

    /// The known phrase that looks most like the first words of `line`, if one is near enough.
    pub(crate) fn nearest(&self, line: &str) -> Option<&'static str> {
        let words: Vec<String> = line.split_whitespace().take(4).map(str::to_uppercase).collect();
        let phrases = self.entries.iter().map(|entry| entry.phrase).chain(STATEMENTS);
        let rated = phrases.filter_map(|phrase| {
            let count = phrase.split_whitespace().count();
            let written = words.get(..count)?.join(" ");
            let distance = distance(&written, phrase);
            (distance * 3 <= phrase.len()).then_some((distance, usize::MAX - count, phrase))
        });
        rated.min().map(|(_, _, phrase)| phrase)
    }
}

/// The name among `known` that looks most like `name`, if one is near enough.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let rated = known
        .into_iter()
        .map(|other| (distance(&name.to_lowercase(), &other.to_lowercase()), other));
    rated
        .filter(|(distance, other)| distance * 3 <= other.len())
        .min()
        .map(|(_, other)| other)
}

/// Letters to insert, remove, replace or swap to make `a` of `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(48).collect(), b.chars().take(48).collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for (i, left) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let above = rows.last().map_or(&[][..], Vec::as_slice);
            let mut best = (at(above, j) + usize::from(left != right))
                .min(at(above, j + 1) + 1)
                .min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(right) && b.get(j - 1) == Some(left);
            if let (true, Some(before)) = (swapped, rows.len().checked_sub(2).and_then(|row| rows.get(row))) {
                best = best.min(at(before, j - 1) + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_letter_is_one_step() {
        assert_eq!(
            (
                distance("TLAK", "TALK"),
                distance("", "ab"),
                distance("kitten", "sitting")
            ),
            (1, 2, 3)
        );
    }
}
