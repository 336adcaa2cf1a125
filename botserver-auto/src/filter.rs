//! Filter texts such as `status = 'open' AND total > 10`, the second little language of data keywords.
//!
//! A filter comes as parts: literal texts at even places, which are code, and values between them, which are data
//! whatever they contain. It is read once into a tree, which is evaluated against rows in memory, and of which as much
//! as possible becomes SQL with bound parameters.

mod eval;
mod parser;
mod pattern;
mod reader;
pub(crate) mod tree;

use botlib::{Value, value::Map};
use botstate::dialog::{Fault, FaultKind};
use chrono::{DateTime, FixedOffset};

use self::{
    parser::{Mode, Parser},
    reader::Reader,
    tree::{Cond, Expr},
};

/// Characters that the literal parts of a filter may have together.
const LONGEST: usize = 64 << 10;

/// A condition over the columns of a row.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    root: Cond,
}

impl Filter {
    /// The filter that every row passes.
    pub(crate) fn all() -> Self {
        Self {
            root: Cond::Const(true),
        }
    }

    /// Reads the parts that the language hands to a `%filter` or `?condition`: texts at even places, values between
    /// them. Nothing, or an empty text, lets every row pass. A filter that is nothing but one value means the row with
    /// that `id`, an object the rows that have all its members, and a boolean all rows or none.
    ///
    /// # Errors
    /// [`FaultKind::Argument`] when the text is no condition.
    pub(crate) fn parse(parts: &Value) -> Result<Self, Fault> {
        if let Some(value) = sole_value(parts) {
            return Ok(Self::of_value(value));
        }
        let parts = match parts {
            Value::Null => return Ok(Self::all()),
            Value::List(parts) => parts.clone(),
            other => vec![other.clone()],
        };
        Self::read(&parts, Mode::Filter)
    }

    /// Reads a condition of a query: bare names are columns everywhere, values stand at odd places.
    ///
    /// # Errors
    /// [`FaultKind::Argument`] when the parts are no condition.
    pub(crate) fn of_sql_parts(parts: &[Value]) -> Result<Self, Fault> {
        Self::read(parts, Mode::Sql)
    }

    fn read(parts: &[Value], mode: Mode) -> Result<Self, Fault> {
        let reader = Reader::new(parts, LONGEST)?;
        if reader.is_blank() {
            return Ok(Self::all());
        }
        Ok(Self {
            root: Parser::new(reader, mode).whole_condition()?,
        })
    }

    /// What a value by itself means.
    fn of_value(value: &Value) -> Self {
        let equals = |name: &str, value: &Value| Cond::equals(name, value);
        let root = match value {
            Value::Null => Cond::Const(true),
            Value::Bool(flag) => Cond::Const(*flag),
            Value::Map(map) => Cond::And(map.iter().map(|(name, value)| equals(name, value)).collect()),
            Value::List(values) => Cond::In(
                Expr::Column("id".to_owned()),
                values.iter().map(Expr::constant).collect(),
            ),
            other => equals("id", other),
        };
        Self { root }
    }

    /// The rows in which `column` is `value`.
    pub(crate) fn equals(column: &str, value: &Value) -> Self {
        Self {
            root: Cond::equals(column, value),
        }
    }

    /// The rows that pass both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            root: Cond::And(vec![self.root, other.root]),
        }
    }

    /// Whether `row` passes; `now` is what `NOW()` gives. Dates in texts are read in the zone of the surrounding
    /// [run](crate::basic::run).
    pub(crate) fn matches(&self, row: &Map, now: &DateTime<FixedOffset>) -> bool {
        self.root.holds(row, now)
    }

    /// What every row that passes is known to have: columns that must equal a value.
    pub(crate) fn given(&self) -> Vec<(String, Value)> {
        let mut given = Vec::new();
        self.root.given(&mut given);
        given
    }

    /// Whether every row passes.
    pub(crate) fn is_all(&self) -> bool {
        matches!(&self.root, Cond::Const(true))
    }

    /// The names of the columns that it reads.
    pub(crate) fn columns(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.root.columns(&mut names);
        names
    }

    /// The condition.
    pub(crate) fn root(&self) -> &Cond {
        &self.root
    }
}

/// An expression over the columns of a row, as SQL writes it.
#[derive(Debug, Clone)]
pub(crate) struct Formula(Expr);

impl Formula {
    /// Reads the text of an expression; a condition gives true or false.
    ///
    /// # Errors
    /// [`FaultKind::Argument`] when the text is no expression.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let reader = Reader::new(&[Value::text(text)], LONGEST)?;
        Parser::new(reader, Mode::Sql).whole_expression().map(Self)
    }

    /// Reads an expression of a query, values at odd places.
    ///
    /// # Errors
    /// [`FaultKind::Argument`] when the parts are no expression.
    pub(crate) fn of_parts(parts: &[Value]) -> Result<Self, Fault> {
        let reader = Reader::new(parts, LONGEST)?;
        Parser::new(reader, Mode::Sql).whole_expression().map(Self)
    }

    /// The name of the column, when it is nothing but one.
    pub(crate) fn sole_column(&self) -> Option<&str> {
        match &self.0 {
            Expr::Column(name) => Some(name),
            _ => None,
        }
    }

    /// Its value for `row`; null where it cannot be computed.
    pub(crate) fn value(&self, row: &Map, now: &DateTime<FixedOffset>) -> Value {
        crate::basic::value::to_value(&self.0.value(row, now))
    }

    /// The names of the columns that it reads.
    pub(crate) fn columns(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.0.columns(&mut names);
        names
    }

    /// Whether any column that it reads is null in `row`.
    pub(crate) fn misses(&self, row: &Map) -> bool {
        self.columns()
            .iter()
            .any(|name| row.get(name).is_none_or(Value::is_null))
    }
}

/// Whether expressions over columns know a function of that name.
pub(crate) fn is_function(name: &str) -> bool {
    tree::Function::find(name).is_some()
}

/// The value that makes up the whole filter, if it is nothing else.
pub(crate) fn sole_value(parts: &Value) -> Option<&Value> {
    match parts {
        Value::List(parts) => match parts.as_slice() {
            [Value::Text(before), value, Value::Text(after)] if before.is_empty() && after.is_empty() => Some(value),
            _ => None,
        },
        _ => None,
    }
}

fn fault(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Argument, message).hint("a filter looks like \"status = 'open' AND total > 10\"")
}

#[cfg(test)]
mod tests;
