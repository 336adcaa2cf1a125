//! Reads the signs of a filter into a condition.

mod operand;
mod value;

use botstate::dialog::Fault;

use super::{
    fault,
    reader::{Reader, Sign},
    tree::{Compare, Cond, Expr, Place},
};
use crate::basic::value::Val;

/// How deep parentheses may nest.
const DEEPEST: u32 = 48;

/// Steps that reading may take: a condition that begins with a parenthesis is tried in two ways.
const STEPS: u32 = 200_000;

/// Which of the two languages is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Filter texts: what stands on the right without quotes is text.
    Filter,
    /// SQL: bare names are columns everywhere.
    Sql,
}

/// Where a value ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// At AND, OR, a closing parenthesis or the end.
    Condition,
    /// At a comma or a closing parenthesis.
    Comma,
    /// At the AND of BETWEEN.
    And,
}

/// Reads a condition by recursive descent.
pub(super) struct Parser {
    reader: Reader,
    mode: Mode,
    depth: u32,
    steps: u32,
}

type Read<T> = Result<T, Fault>;

impl Parser {
    pub(super) fn new(reader: Reader, mode: Mode) -> Self {
        Self {
            reader,
            mode,
            depth: 0,
            steps: 0,
        }
    }

    /// Everything as one condition.
    pub(super) fn whole_condition(mut self) -> Read<Cond> {
        let cond = self.either()?;
        self.end()?;
        Ok(cond)
    }

    /// Everything as one expression, or as a condition whose value it is.
    pub(super) fn whole_expression(mut self) -> Read<Expr> {
        let expr = self.sum(true, false);
        self.reader.blanks();
        if let Ok(expr) = expr
            && self.reader.is_at_end()
        {
            return Ok(expr);
        }
        self.reader.back_to(0);
        let cond = self.either()?;
        self.end()?;
        Ok(Expr::Cond(Box::new(cond)))
    }

    fn end(&mut self) -> Read<()> {
        self.reader.blanks();
        if self.reader.is_at_end() {
            return Ok(());
        }
        Err(fault(format!("the filter cannot be read at `{}`", self.reader.rest())))
    }

    /// Goes a level deeper, as long as there is room.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        self.steps += 1;
        if self.depth >= DEEPEST || self.steps > STEPS {
            return Err(fault("the filter is nested too deeply"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn either(&mut self) -> Read<Cond> {
        let mut all = vec![self.both()?];
        while self.or() {
            all.push(self.both()?);
        }
        Ok(one_or(all, Cond::Or))
    }

    fn both(&mut self) -> Read<Cond> {
        let mut all = vec![self.negation()?];
        while self.and() {
            all.push(self.negation()?);
        }
        Ok(one_or(all, Cond::And))
    }

    fn or(&mut self) -> bool {
        self.reader.word("OR") || self.mode == Mode::Filter && self.spaced_symbol("||")
    }

    fn and(&mut self) -> bool {
        self.reader.word("AND") || self.spaced_symbol("&&")
    }

    fn spaced_symbol(&mut self, symbol: &str) -> bool {
        let start = self.reader.place();
        self.reader.blanks();
        if self.reader.symbol(symbol) {
            return true;
        }
        self.reader.back_to(start);
        false
    }

    fn negation(&mut self) -> Read<Cond> {
        self.reader.blanks();
        if self.reader.word("NOT") || self.reader.char_at(1) != Some('=') && self.reader.symbol("!") {
            return self.deeper(|me| me.negation().map(|cond| cond.negated(true)));
        }
        if self.reader.char() == Some('(')
            && let Some(group) = self.group()?
        {
            return Ok(group);
        }
        self.comparison()
    }

    /// A condition in parentheses; nothing when the parenthesis begins a calculation.
    fn group(&mut self) -> Read<Option<Cond>> {
        let start = self.reader.place();
        self.reader.take();
        let steps = self.steps;
        let cond = self.deeper(Self::either);
        let closes = cond.is_ok() && self.spaced_symbol(")");
        let inside = cond.ok().filter(|_| closes);
        if let Some(cond) = inside
            && self.is_end_of(Until::Condition)
        {
            return Ok(Some(cond));
        }
        if self.steps > STEPS || self.steps < steps {
            return Err(fault("the filter is nested too deeply"));
        }
        self.reader.back_to(start);
        Ok(None)
    }

    fn comparison(&mut self) -> Read<Cond> {
        let left = self.sum(true, false)?;
        self.reader.blanks();
        if self.reader.word("IS") {
            return self.is(left);
        }
        let start = self.reader.place();
        let is_not = self.reader.word("NOT");
        if let Some(cond) = self.word_operator(&left)? {
            return Ok(cond.negated(is_not));
        }
        self.reader.back_to(start);
        for (symbol, compare, is_negated) in [
            ("<>", Compare::Equal, true),
            ("!=", Compare::Equal, true),
            ("<=", Compare::LessOrEqual, false),
            (">=", Compare::GreaterOrEqual, false),
            ("==", Compare::Equal, false),
            ("=", Compare::Equal, false),
            ("<", Compare::Less, false),
            (">", Compare::Greater, false),
        ] {
            if self.reader.symbol(symbol) {
                let right = self.value(Until::Condition)?;
                return Ok(Cond::Compare(compare, left, right).negated(is_negated));
            }
        }
        match left {
            Expr::Value(Val::Bool(flag)) => Ok(Cond::Const(flag)),
            Expr::Cond(cond) => Ok(*cond),
            left => Ok(Cond::Test(left)),
        }
    }

    fn is(&mut self, left: Expr) -> Read<Cond> {
        let is_not = self.reader.word("NOT");
        let cond = if self.reader.word("NULL") {
            Cond::Null(left)
        } else if self.reader.word("EMPTY") {
            Cond::Empty(left)
        } else if self.reader.word("TRUE") {
            Cond::Test(left)
        } else if self.reader.word("FALSE") {
            Cond::Test(left).negated(true)
        } else {
            return Err(fault("IS needs NULL, NOT NULL or EMPTY behind it"));
        };
        Ok(cond.negated(is_not))
    }

    fn word_operator(&mut self, left: &Expr) -> Read<Option<Cond>> {
        let left = || left.clone();
        Ok(Some(if self.reader.word("IN") {
            let list = self.list()?;
            Cond::In(left(), list)
        } else if self.reader.word("LIKE") || self.reader.word("ILIKE") {
            Cond::Like(left(), self.pattern()?)
        } else if self.reader.word("BETWEEN") {
            let low = self.value(Until::And)?;
            if !self.reader.word("AND") {
                return Err(fault("BETWEEN needs two values with AND between them"));
            }
            Cond::Between(left(), low, self.value(Until::Condition)?)
        } else if self.reader.word("CONTAINS") {
            Cond::Holds(Place::Anywhere, left(), self.value(Until::Condition)?)
        } else if self.reader.words(&["STARTS", "WITH"]) {
            Cond::Holds(Place::Start, left(), self.value(Until::Condition)?)
        } else if self.reader.words(&["ENDS", "WITH"]) {
            Cond::Holds(Place::End, left(), self.value(Until::Condition)?)
        } else {
            return Ok(None);
        }))
    }

    /// The list behind IN.
    fn list(&mut self) -> Read<Vec<Expr>> {
        self.reader.blanks();
        if let Some(Sign::Hole(value)) = self.reader.sign().cloned() {
            self.reader.take();
            return Ok(vec![Expr::Value(value)]);
        }
        if !self.reader.symbol("(") {
            return Err(fault("IN needs a list in parentheses, such as IN ('a', 'b')"));
        }
        let mut list = Vec::new();
        if self.spaced_symbol(")") {
            return Ok(list);
        }
        loop {
            list.push(self.value(Until::Comma)?);
            if self.spaced_symbol(")") {
                return Ok(list);
            }
            if !self.spaced_symbol(",") {
                return Err(fault("the list behind IN does not end with a parenthesis"));
            }
        }
    }

    /// Whether what comes next ends a value.
    fn is_end_of(&mut self, until: Until) -> bool {
        let start = self.reader.place();
        let blanks = self.reader.blanks();
        let next = self.reader.char();
        let ends = match until {
            Until::And => blanks && self.reader.is_word("AND"),
            Until::Comma => matches!(next, Some(',' | ')')),
            Until::Condition => {
                self.reader.is_at_end()
                    || next == Some(')')
                    || self.reader.is_word("AND")
                    || self.reader.is_word("OR")
                    || self.reader.is_word("THEN")
                    || self.symbol_is_next("&&")
                    || self.symbol_is_next("||")
            }
        };
        self.reader.back_to(start);
        ends
    }

    fn symbol_is_next(&mut self, symbol: &str) -> bool {
        let start = self.reader.place();
        let is_next = self.reader.symbol(symbol);
        self.reader.back_to(start);
        is_next
    }
}

fn one_or(mut all: Vec<Cond>, join: impl FnOnce(Vec<Cond>) -> Cond) -> Cond {
    match (all.pop(), all.is_empty()) {
        (Some(one), true) => one,
        (last, _) => {
            all.extend(last);
            join(all)
        }
    }
}
