//! What a filter text means.

use botlib::Value;

use super::pattern::Pattern;
use crate::basic::value::{Val, from_value, to_value};

/// A condition, which holds for a row or not.
#[derive(Debug, Clone)]
pub(crate) enum Cond {
    /// Always, or never.
    Const(bool),
    /// All of them.
    And(Vec<Cond>),
    /// Any of them.
    Or(Vec<Cond>),
    /// Not this one.
    Not(Box<Cond>),
    /// The value is true in the language's sense.
    Test(Expr),
    /// Two values compare so.
    Compare(Compare, Expr, Expr),
    /// The value is one of these; a list among them stands for its elements.
    In(Expr, Vec<Expr>),
    /// The value lies between two others, both included.
    Between(Expr, Expr, Expr),
    /// The text has this shape.
    Like(Expr, Pattern),
    /// The text contains, begins or ends with another.
    Holds(Place, Expr, Expr),
    /// There is no value.
    Null(Expr),
    /// There is no value, or nothing in it.
    Empty(Expr),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Where a text is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Anywhere,
    Start,
    End,
}

/// Something with a value.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    /// Known when the filter was read.
    Value(Val),
    /// A column, or a path into one.
    Column(String),
    /// A function of its arguments.
    Call(Function, Vec<Expr>),
    /// A calculation.
    Calc(Sum, Box<Expr>, Box<Expr>),
    /// The first case that holds.
    Case(Vec<(Cond, Expr)>, Option<Box<Expr>>),
    /// Whether a condition holds.
    Cond(Box<Cond>),
}

/// Operators that calculate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sum {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Concat,
}

/// Functions that filters know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Lower,
    Upper,
    Trim,
    Length,
    Date,
    DateDiff,
    Now,
    Today,
    Year,
    Month,
    Day,
    Hour,
    Abs,
    Round,
    Coalesce,
    Concat,
}

impl Function {
    /// The function of that name, in any letter case.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "LOWER" | "LCASE" => Self::Lower,
            "UPPER" | "UCASE" => Self::Upper,
            "TRIM" => Self::Trim,
            "LENGTH" | "LEN" | "CHAR_LENGTH" => Self::Length,
            "DATE" => Self::Date,
            "DATEDIFF" => Self::DateDiff,
            "NOW" | "CURRENT_TIMESTAMP" | "GETDATE" => Self::Now,
            "CURDATE" | "CURRENT_DATE" | "TODAY" => Self::Today,
            "YEAR" => Self::Year,
            "MONTH" => Self::Month,
            "DAY" => Self::Day,
            "HOUR" => Self::Hour,
            "ABS" => Self::Abs,
            "ROUND" => Self::Round,
            "COALESCE" | "IFNULL" | "NVL" => Self::Coalesce,
            "CONCAT" => Self::Concat,
            _ => return None,
        })
    }

    /// The fewest and the most arguments that it takes.
    pub(crate) fn arity(self) -> (usize, usize) {
        match self {
            Self::Now | Self::Today => (0, 0),
            Self::DateDiff => (2, 3),
            Self::Round => (1, 2),
            Self::Coalesce | Self::Concat => (1, 64),
            _ => (1, 1),
        }
    }
}

impl Cond {
    /// `name = value`.
    pub(crate) fn equals(name: &str, value: &Value) -> Self {
        Self::Compare(Compare::Equal, Expr::Column(name.to_owned()), Expr::constant(value))
    }

    /// Adds the columns that must equal a value.
    pub(super) fn given(&self, given: &mut Vec<(String, Value)>) {
        match self {
            Self::And(all) => all.iter().for_each(|cond| cond.given(given)),
            Self::Compare(Compare::Equal, Expr::Column(name), Expr::Value(value)) => {
                given.push((name.clone(), to_value(value)));
            }
            _ => {}
        }
    }

    /// The opposite.
    pub(crate) fn negated(self, is_negated: bool) -> Self {
        if is_negated { Self::Not(Box::new(self)) } else { self }
    }

    /// Adds the names of the columns that it reads to `names`.
    pub(crate) fn columns<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::Const(_) => {}
            Self::And(all) | Self::Or(all) => all.iter().for_each(|cond| cond.columns(names)),
            Self::Not(cond) => cond.columns(names),
            Self::Test(expr) | Self::Like(expr, _) | Self::Null(expr) | Self::Empty(expr) => expr.columns(names),
            Self::Compare(_, left, right) | Self::Holds(_, left, right) => {
                left.columns(names);
                right.columns(names);
            }
            Self::In(left, list) => {
                left.columns(names);
                for expr in list {
                    expr.columns(names);
                }
            }
            Self::Between(value, low, high) => [value, low, high].iter().for_each(|expr| expr.columns(names)),
        }
    }
}

impl Expr {
    /// A value that is known; one too large for a script counts as nothing.
    pub(crate) fn constant(value: &Value) -> Self {
        Self::Value(from_value(value.clone()).unwrap_or_default())
    }

    /// Adds the names of the columns that it reads to `names`.
    pub(crate) fn columns<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::Value(_) => {}
            Self::Column(name) => names.push(name),
            Self::Call(_, args) => args.iter().for_each(|arg| arg.columns(names)),
            Self::Calc(_, left, right) => {
                left.columns(names);
                right.columns(names);
            }
            Self::Case(arms, otherwise) => {
                for (cond, value) in arms {
                    cond.columns(names);
                    value.columns(names);
                }
                if let Some(otherwise) = otherwise {
                    otherwise.columns(names);
                }
            }
            Self::Cond(cond) => cond.columns(names),
        }
    }
}
