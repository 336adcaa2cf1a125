//! Keywords of the registry in their first shape that has room for the arguments.

use botstate::keyword::{Part, Shape};

use super::Printer;
use super::expression::{At, Tail, rank};
use super::layout::{Bracket, Doc};
use crate::basic::{
    grammar::Grammar,
    library,
    tree::{Arg, Command, Expr},
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
                Part::Word(word) => {
                    joint = Self::word(word, *clause, &mut docs, joint);
                }
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
                        Some(_) => Tail::Weak,
                    };
                    let Some((_, arg)) = command.args.iter().find(|(name, _)| Some(name.as_str()) == part.name()) else {
                        continue;
                    };
                    self.argument(arg, least, tail, &mut docs, joint);
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
        let exprs = arg.exprs();
        for (index, expr) in exprs.iter().enumerate() {
            let last = index + 1 == exprs.len();
            if index > 0 {
                docs.push(Doc::text(","));
            }
            let line = if index > 0 || joint == Joint::Line {
                Doc::Line
            } else {
                Doc::text(" ")
            };
            self.gap(docs, Some(line), expr.span.start);
            let tail = if last { tail } else { Tail::Open };
            docs.push(self.expr(expr, least, At::ITEM.before(tail)));
        }
    }

    /// `PHRASE(a, b)`, where a keyword cannot stand with a list or at all without parentheses; nothing when it can,
    /// or when parentheses would give its arguments other names.
    pub(super) fn called(&mut self, command: &Command, at: At) -> Option<Doc> {
        let single = !command.phrase.contains(' ');
        if single && library::is_function(command.phrase) {
            return None;
        }
        let needs_commas = self.shape(command, at.commas).is_none();
        let bracketed = single && {
            let first = command.args.first().and_then(|(_, arg)| arg.exprs().first());
            first.is_none_or(|first| matches!(self.first_of(first), Some('(' | '-' | '!') | None))
        };
        if !(needs_commas || bracketed || at.tail == Tail::Tight) || !self.is_positional(command) {
            return None;
        }
        Some(self.arguments_of(command))
    }

    /// The first letter of an expression as it would be printed; its comments are left for later.
    fn first_of(&mut self, expr: &Expr) -> Option<char> {
        let comment = self.next_comment;
        let first = self.expr(expr, rank::SUM, At::ITEM).first();
        self.next_comment = comment;
        first
    }

    fn arguments_of(&mut self, command: &Command) -> Doc {
        let mut docs = Vec::new();
        let exprs: Vec<&Expr> = command.args.iter().flat_map(|(_, arg)| arg.exprs()).collect();
        for (index, expr) in exprs.iter().enumerate() {
            self.gap(&mut docs, (index > 0).then_some(Doc::Line), expr.span.start);
            docs.push(self.whole(expr));
            if index + 1 < exprs.len() {
                docs.push(Doc::text(","));
            }
        }
        Doc::Cat(vec![
            Doc::text(command.phrase),
            Doc::Bracket(Bracket {
                open: "(",
                docs,
                close: ")",
                tall: false,
                hug: true,
            }),
        ])
    }

    /// Whether the parser gives the arguments the same names when it finds them in parentheses.
    fn is_positional(&self, command: &Command) -> bool {
        let count: usize = command.args.iter().map(|(_, arg)| arg.exprs().len()).sum();
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
            Part::Condition(_) => true,
            _ => false,
        })
    }

    /// The parts of the first shape that has room for the arguments, without lists where no commas may be. Each comes
    /// with whether it begins a clause that may stand on the next line.
    fn shape(&self, command: &Command, commas: bool) -> Option<Vec<(&'a Part, bool)>> {
        self.shapes(command).iter().find_map(|shape| {
            let mut used = Vec::new();
            choose(&shape.0, command, &mut used)?;
            let named = used.iter().filter(|(part, _)| part.name().is_some()).count();
            let comma = used.iter().any(|(part, _)| matches!(part, Part::Word(word) if word == ","));
            let many = command.args.iter().any(|(_, arg)| arg.exprs().len() > 1);
            (named == command.args.len() && (commas || !comma && !many)).then_some(used)
        })
    }
}

/// What stands before an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    Blank,
    Line,
}

/// Collects the parts that are needed for the arguments of `command`.
fn choose<'p>(parts: &'p [Part], command: &Command, used: &mut Vec<(&'p Part, bool)>) -> Option<()> {
    let given = |part: &Part| command.args.iter().any(|(name, _)| Some(name.as_str()) == part.name());
    for part in parts {
        match part {
            Part::Optional(inner) => {
                if inner.iter().any(|part| mentions(part, &given)) {
                    let first = used.len();
                    choose(inner, command, used)?;
                    let words = inner.iter().take_while(|part| matches!(part, Part::Word(_))).count();
                    if words > 1
                        && let Some((_, clause)) = used.get_mut(first)
                    {
                        *clause = true;
                    }
                }
            }
            Part::Word(_) => used.push((part, false)),
            _ if given(part) => used.push((part, false)),
            _ => return None,
        }
    }
    Some(())
}

fn mentions(part: &Part, given: &dyn Fn(&Part) -> bool) -> bool {
    match part {
        Part::Optional(inner) => inner.iter().any(|part| mentions(part, given)),
        other => given(other),
    }
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
                Part::Word(_) => {}
                _ => {
                    let rest = matches!(part, Part::Rest(_) | Part::Named(_) | Part::Fields(_));
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
                name == given && *rest == matches!(arg, Arg::Many(_))
            })
    }
}
