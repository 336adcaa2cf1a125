//! Keywords of the registry in their first shape that has room for the arguments.

use botstate::keyword::{Part, Shape};

use super::Printer;
use super::expression::{At, Tail, rank};
use super::layout::{Bracket, Doc};
use super::literal::{escape, is_word};
use crate::basic::{
    grammar::Grammar,
    library,
    parser::is_operator_word,
    tree::{Arg, Command, Expr, Piece},
};

/// Words that may begin the next line of a statement on their own.
const CONTINUES: [&str; 4] = ["WHERE", "ORDER", "JOIN", "GROUP"];

impl<'a> Printer<'a> {
    /// A keyword with its arguments. As a statement its values may be whole expressions.
    pub(super) fn command(&mut self, command: &Command, statement: bool, at: At) -> Doc {
        let Some(parts) = self.shape(command, at.commas) else {
            // No shape has room: the parser knows a way that the registry does not.
            return self.arguments_of(command);
        };
        let mut docs = vec![Doc::text(command.phrase)];
        let mut joint = Joint::Blank;
        for (index, (part, clause)) in parts.iter().enumerate() {
            let next = parts.get(index + 1).map(|(part, _)| *part);
            match part {
                Part::Word(word) => joint = Self::word(word, *clause, &mut docs, joint),
                Part::Flag(word) => joint = Self::word(word, false, &mut docs, joint),
                Part::Optional(_) => {}
                _ => {
                    let before = index.checked_sub(1).and_then(|index| parts.get(index));
                    let after_where = matches!(before, Some((Part::Word(word), _)) if word == "WHERE");
                    let equals = matches!(next, Some(Part::Word(word)) if word == "=");
                    let least = if (statement || after_where) && !equals {
                        rank::WHOLE
                    } else {
                        rank::SUM
                    };
                    let tail = match next {
                        None => at.tail,
                        Some(Part::Word(word)) if word == "," => Tail::Open,
                        Some(_) => Tail::Clause,
                    };
                    if let Some(arg) = part.name().and_then(|name| given(command, name)) {
                        self.argument(arg, least, tail, &mut docs, joint);
                    }
                    joint = Joint::Blank;
                }
            }
        }
        Doc::Group { docs, hug: true }
    }

    fn word(word: &str, clause: bool, docs: &mut Vec<Doc>, joint: Joint) -> Joint {
        match word {
            "," => {
                docs.push(Doc::text(","));
                return Joint::Line;
            }
            ":" => docs.push(Doc::text(":")),
            _ => {
                let line = joint == Joint::Line || clause || CONTINUES.contains(&word);
                docs.push(if line { Doc::Line } else { Doc::text(" ") });
                docs.push(Doc::text(word));
            }
        }
        Joint::Blank
    }

    fn argument(&mut self, arg: &Arg, least: u8, tail: Tail, docs: &mut Vec<Doc>, joint: Joint) {
        let line = if joint == Joint::Line {
            Doc::Line
        } else {
            Doc::text(" ")
        };
        match arg {
            Arg::One(expr) | Arg::Filter(expr) => {
                self.gap(docs, Some(line), expr.span.start);
                docs.push(self.expr(expr, least, At::ITEM.before(tail)));
            }
            Arg::Many(exprs) | Arg::Named(exprs) => {
                let mut line = Some(line);
                for (index, expr) in exprs.iter().enumerate() {
                    if index > 0 {
                        docs.push(Doc::text(","));
                    }
                    self.gap(docs, line.take().or(Some(Doc::Line)), expr.span.start);
                    let tail = if index + 1 == exprs.len() { tail } else { Tail::Open };
                    docs.push(self.expr(expr, least, At::ITEM.before(tail)));
                }
            }
            Arg::Pieces(pieces) => {
                docs.push(line);
                docs.push(self.pieces(pieces));
            }
            Arg::Source(text, _) | Arg::Words(text) => {
                docs.push(line);
                docs.push(Doc::text(text.clone()));
            }
            Arg::Fields(fields, _) => {
                let mut line = Some(line);
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        docs.push(Doc::text(","));
                    }
                    self.gap(docs, line.take().or(Some(Doc::Line)), name.span.start);
                    let name = if name.text.split('.').all(is_word) {
                        name.text.clone()
                    } else {
                        format!("\"{}\"", escape(&name.text))
                    };
                    docs.push(Doc::Text(format!("{name} = ")));
                    let tail = if index + 1 == fields.len() { tail } else { Tail::Open };
                    docs.push(self.expr(value, rank::WHOLE, At::ITEM.before(tail)));
                }
            }
            Arg::Flag => {}
        }
    }

    /// A condition or a query: its code as the parser tidied it, its values as they are everywhere.
    fn pieces(&mut self, pieces: &[Piece]) -> Doc {
        let mut docs = Vec::new();
        let mut between = false;
        for piece in pieces {
            let code = match piece {
                Piece::Hole(value) => {
                    docs.push(self.expr(value, rank::SUM, At::ITEM.before(Tail::Weak)));
                    continue;
                }
                Piece::Code(code) => code,
            };
            let mut text = String::new();
            for word in code.split_inclusive(' ') {
                let connects = matches!(word, "AND " | "OR ") && !between;
                between = word.trim() == "BETWEEN" || between && !word.trim().is_empty() && word.trim() != "AND";
                text.push_str(word);
                if connects {
                    docs.push(Doc::text(text.trim_end().to_owned()));
                    docs.push(Doc::Line);
                    text.clear();
                }
            }
            docs.push(Doc::Text(text));
        }
        Doc::Fill(docs)
    }

    /// `PHRASE(a, b)`, where a keyword cannot stand with a list or at all without parentheses; nothing when it can,
    /// or when parentheses would give its arguments other names.
    pub(super) fn called(&mut self, command: &Command, at: At) -> Option<Doc> {
        let single = !command.phrase.contains(' ');
        if single && library::is_function(command.phrase) {
            return None;
        }
        let needs_commas = self.shape(command, at.commas).is_none();
        let tail = if command.args.len() > 1 { Tail::Clause } else { at.tail };
        let bracketed = single && {
            match command.args.first() {
                Some((_, Arg::One(first) | Arg::Filter(first))) => self.begins_badly(first, tail),
                Some((_, Arg::Many(exprs) | Arg::Named(exprs))) => {
                    exprs.first().is_none_or(|first| self.begins_badly(first, tail))
                }
                Some((_, Arg::Source(text, _))) => text.starts_with('.'),
                Some(_) => false,
                None => true,
            }
        };
        if !(needs_commas || bracketed || at.tail == Tail::Tight) || !self.is_positional(command) {
            return None;
        }
        Some(self.arguments_of(command))
    }

    /// Whether the parser would not take the expression for an argument of the word before it; its comments are left
    /// for later.
    fn begins_badly(&mut self, expr: &Expr, tail: Tail) -> bool {
        let comment = self.next_comment;
        let doc = self.expr(expr, rank::SUM, At::ITEM.before(tail));
        self.next_comment = comment;
        doc.first()
            .is_none_or(|first| first.starts_with(['(', '-']) || is_operator_word(first))
    }

    fn arguments_of(&mut self, command: &Command) -> Doc {
        let mut docs = Vec::new();
        let mut first = true;
        for arg in command.args.iter().flat_map(|(_, arg)| arg.exprs()) {
            if !std::mem::take(&mut first) {
                docs.push(Doc::text(","));
            }
            let line = (!docs.is_empty()).then_some(Doc::Line);
            self.gap(&mut docs, line, arg.span.start);
            docs.push(self.whole(arg));
        }
        let docs = vec![
            Doc::text(command.phrase),
            Doc::Bracket(Bracket {
                open: "(",
                docs,
                close: ")",
                tall: false,
                hug: true,
            }),
        ];
        Doc::Cat(docs)
    }

    /// Whether the parser gives the arguments the same names when it finds them in parentheses.
    fn is_positional(&self, command: &Command) -> bool {
        let plain =
            |(_, arg): &(String, Arg)| !matches!(arg, Arg::Pieces(_) | Arg::Fields(..) | Arg::Words(_) | Arg::Flag);
        if !command.args.iter().all(plain) {
            return false;
        }
        let count = command.args.iter().flat_map(|(_, arg)| arg.exprs()).count();
        self.shapes(command)
            .iter()
            .map(|shape| positions(&shape.0))
            .find(|positions| positions.fits(count))
            .is_some_and(|positions| positions.same(command))
    }

    fn shapes(&self, command: &Command) -> &'a [Shape] {
        let grammar: &'a Grammar = self.grammar;
        grammar.find(command.phrase).map_or(&[], |entry| &entry.shapes)
    }

    /// Whether the last argument may take more than arithmetic of what follows.
    pub(super) fn is_greedy(&self, command: &Command) -> bool {
        let parts = self.shape(command, true).unwrap_or_default();
        parts.iter().any(|(part, _)| match part {
            Part::Word(word) => word == "WHERE",
            Part::Condition(_) | Part::Query(_) | Part::Words(_) | Part::Fields(_) => true,
            _ => false,
        })
    }

    /// The parts of the first shape that has room for the arguments, without lists where no commas may be. Each comes
    /// with whether it begins a clause that may stand on the next line.
    fn shape(&self, command: &Command, commas: bool) -> Option<Vec<(&'a Part, bool)>> {
        self.shapes(command).iter().find_map(|shape| {
            let mut used = Vec::new();
            choose(&shape.0, command, &mut used)?;
            let named: usize = used
                .iter()
                .map(|(part, _)| match part {
                    // A query comes with the rows that it names.
                    Part::Query(_) => 2,
                    Part::Word(_) | Part::Optional(_) => 0,
                    _ => 1,
                })
                .sum();
            let fits = used.iter().all(|(part, _)| takes(part, command));
            let comma = used
                .iter()
                .any(|(part, _)| matches!(part, Part::Word(word) if word == ","));
            let many = command.args.iter().any(|(_, arg)| match arg {
                Arg::Many(exprs) | Arg::Named(exprs) => exprs.len() > 1,
                Arg::Fields(fields, _) => fields.len() > 1,
                _ => false,
            });
            (fits && named == command.args.len() && (commas || !comma && !many)).then_some(used)
        })
    }
}

/// What stands before an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    Blank,
    Line,
}

/// The argument of `command` that is called `name`.
fn given<'c>(command: &'c Command, name: &str) -> Option<&'c Arg> {
    command.args.iter().find(|(given, _)| given == name).map(|(_, arg)| arg)
}

/// The name under which a part's argument comes.
fn name_of(part: &Part) -> Option<String> {
    match part {
        Part::Flag(word) => Some(word.to_lowercase()),
        other => other.name().map(str::to_owned),
    }
}

/// Whether the argument can be written as the part is read.
fn takes(part: &Part, command: &Command) -> bool {
    let arg = name_of(part).and_then(|name| given(command, &name));
    let Some(arg) = arg else { return true };
    match part {
        Part::Rest(_) => matches!(arg, Arg::Many(_)),
        Part::Named(_) => matches!(arg, Arg::Named(_)),
        Part::Fields(_) => matches!(arg, Arg::Fields(..)),
        Part::Words(_) => matches!(arg, Arg::Words(_)),
        Part::Flag(_) => matches!(arg, Arg::Flag),
        Part::Query(_) => matches!(arg, Arg::Pieces(_)),
        Part::Condition(_) => matches!(arg, Arg::Pieces(_) | Arg::Filter(_)),
        Part::Filter(_) => matches!(arg, Arg::Filter(_)),
        Part::Source(_) => matches!(arg, Arg::Source(..) | Arg::One(_)),
        Part::Arg(_) => matches!(arg, Arg::One(_)),
        Part::Word(_) | Part::Optional(_) => true,
    }
}

/// Collects the parts that are needed for the arguments of `command`. Options that follow each other come in the order
/// in which they were written, which is the order that the tree has.
fn choose<'p>(parts: &'p [Part], command: &Command, used: &mut Vec<(&'p Part, bool)>) -> Option<()> {
    let place = |part: &Part| {
        let name = name_of(part)?;
        command.args.iter().position(|(given, _)| *given == name)
    };
    let mut rest = parts;
    while let Some((part, after)) = rest.split_first() {
        let options = rest.iter().take_while(|part| matches!(part, Part::Optional(_))).count();
        if options > 0 {
            let (group, after) = rest.split_at(options);
            let mut chosen: Vec<(usize, &'p [Part])> = group
                .iter()
                .filter_map(|part| match part {
                    Part::Optional(inner) => Some((first_place(inner, &place)?, inner.as_slice())),
                    _ => None,
                })
                .collect();
            chosen.sort_by_key(|(place, _)| *place);
            for (_, inner) in chosen {
                let first = used.len();
                choose(inner, command, used)?;
                let words = inner.iter().take_while(|part| matches!(part, Part::Word(_))).count();
                if words > 1
                    && !matches!(inner.first(), Some(Part::Word(word)) if word == ",")
                    && let Some((_, clause)) = used.get_mut(first)
                {
                    *clause = true;
                }
            }
            rest = after;
            continue;
        }
        match part {
            Part::Word(_) => used.push((part, false)),
            _ if place(part).is_some() => used.push((part, false)),
            _ => return None,
        }
        rest = after;
    }
    Some(())
}

/// Where the first argument of `parts` stands among those that are given.
fn first_place(parts: &[Part], place: &dyn Fn(&Part) -> Option<usize>) -> Option<usize> {
    parts
        .iter()
        .filter_map(|part| match part {
            Part::Optional(inner) => first_place(inner, place),
            other => place(other),
        })
        .min()
}

/// Names of arguments by position.
struct Positions {
    names: Vec<(String, bool)>,
    required: usize,
}

fn positions(parts: &[Part]) -> Positions {
    fn collect(parts: &[Part], needed: bool, into: &mut Positions) {
        for part in parts {
            match part {
                Part::Optional(inner) => collect(inner, false, into),
                Part::Word(_) | Part::Flag(_) => {}
                _ => {
                    let rest = matches!(part, Part::Rest(_) | Part::Named(_));
                    into.names.push((part.name().unwrap_or_default().to_owned(), rest));
                    into.required += usize::from(needed);
                }
            }
        }
    }
    let mut found = Positions {
        names: Vec::new(),
        required: 0,
    };
    collect(parts, true, &mut found);
    found
}

impl Positions {
    fn fits(&self, count: usize) -> bool {
        let rest = self.names.last().is_some_and(|(_, rest)| *rest);
        count >= self.required && (count <= self.names.len() || rest)
    }

    /// Whether these are the names of the arguments, in their order.
    fn same(&self, command: &Command) -> bool {
        let names = self.names.iter().zip(&command.args);
        command.args.len() <= self.names.len()
            && names.into_iter().all(|((name, rest), (given, arg))| {
                name == given && *rest == matches!(arg, Arg::Many(_) | Arg::Named(_))
            })
    }
}
