//! Values while a script runs.
//!
//! Lists and objects share their content until somebody changes it, so handing one around costs nothing and
//! changing one in place costs only the change. Each knows its weight, so that a limit on size is kept without
//! walking through it.

mod convert;
mod object;

use std::sync::Arc;

use botlib::{Secret, value::FileRef};
use botstate::dialog::{Fault, FaultKind};
use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta};
use rhai::ImmutableString;
use rust_decimal::Decimal;

pub(crate) use convert::{dynamic, from_value, to_value, val};
pub(crate) use object::Object;

/// Bytes that one list or object may weigh.
pub(crate) const MAX_WEIGHT: usize = 8 << 20;

/// Bytes that one text may have.
pub(crate) const MAX_TEXT: usize = 1 << 20;

/// The result of an operation that a script can fail at.
pub(crate) type Outcome<T> = Result<T, Fault>;

/// A value of a running script.
#[derive(Debug, Clone, Default)]
pub(crate) enum Val {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Text(ImmutableString),
    Date(NaiveDate),
    DateTime(DateTime<FixedOffset>),
    Duration(TimeDelta),
    List(List),
    Object(Object),
    File(Arc<FileRef>),
    Secret(Secret),
}

/// Values in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    items: Arc<Vec<Val>>,
    weight: usize,
}

impl Val {
    pub(crate) fn text(text: impl Into<ImmutableString>) -> Self {
        Self::Text(text.into())
    }

    /// The name of the type, as `TYPEOF` and faults give it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Decimal(_) => "number",
            Self::Text(_) => "text",
            Self::Date(_) => "date",
            Self::DateTime(_) => "date-time",
            Self::Duration(_) => "duration",
            Self::List(_) => "list",
            Self::Object(_) => "object",
            Self::File(_) => "file",
            Self::Secret(_) => "secret",
        }
    }

    /// Whether a condition holds.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(flag) => *flag,
            Self::Int(number) => *number != 0,
            Self::Decimal(number) => !number.is_zero(),
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Object(object) => !object.is_empty(),
            Self::Duration(span) => !span.is_zero(),
            Self::Date(_) | Self::DateTime(_) | Self::File(_) | Self::Secret(_) => true,
        }
    }

    /// Null, or a row set without rows, which counts as null.
    pub(crate) fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::List(list) => list.is_empty(),
            _ => false,
        }
    }

    /// Nothing inside: null, an empty text, list or object.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::List(list) => list.is_empty(),
            Self::Object(object) => object.is_empty(),
            _ => false,
        }
    }

    /// About how many bytes the value takes when it is stored.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Text(text) => 16 + text.len(),
            Self::List(list) => list.weight + 16,
            Self::Object(object) => object.weight() + 16,
            Self::File(file) => 64 + file.url.len() + file.name.len(),
            Self::Secret(secret) => 32 + secret.expose().len(),
            _ => 16,
        }
    }

    /// What TALK prints.
    ///
    /// # Errors
    /// [`FaultKind::Argument`] for a secret, or for a list or object with one inside, which JSON shows as null.
    pub(crate) fn print(&self) -> Outcome<ImmutableString> {
        Ok(match self {
            Self::Null => ImmutableString::new(),
            Self::Text(text) => text.clone(),
            Self::Int(number) => number.to_string().into(),
            Self::Secret(_) => {
                return Err(Fault::new(FaultKind::Argument, "a secret cannot become text")
                    .hint("hand it to a keyword that takes secrets; it cannot be said, joined or compared as text"));
            }
            // An error reads as what went wrong; its other members are there for scripts.
            Self::Object(object) if object.get("number").is_some() => match object.error_message() {
                Some(message) => message.print()?,
                None => to_value(self).to_string().into(),
            },
            other => to_value(other).to_string().into(),
        })
    }

    /// Whether it tells of something that went wrong.
    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Self::Object(object) if object.error_message().is_some())
    }
}

/// A fault because a value does not fit.
pub(crate) fn misfit(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Argument, message)
}

/// Refuses texts and values that are too large.
pub(crate) fn check_weight(weight: usize) -> Outcome<()> {
    if weight <= MAX_WEIGHT {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Limit,
        format!("a list or object would weigh more than {} MiB", MAX_WEIGHT >> 20),
    )
    .hint("keep large data in a table and read the rows that are needed"))
}

/// Refuses texts that are too long.
pub(crate) fn check_text(length: usize) -> Outcome<()> {
    if length <= MAX_TEXT {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Limit,
        format!("a text would be longer than {} MiB", MAX_TEXT >> 20),
    ))
}

impl List {
    /// A list of `items`.
    ///
    /// # Errors
    /// [`FaultKind::Limit`] when it is too large.
    pub(crate) fn new(items: Vec<Val>) -> Outcome<Self> {
        let weight = items.iter().map(Val::weight).sum();
        check_weight(weight)?;
        Ok(Self {
            items: Arc::new(items),
            weight,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Val> {
        self.items.get(index)
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Val> {
        self.items.iter()
    }

    pub(crate) fn to_vec(&self) -> Vec<Val> {
        self.items.as_ref().clone()
    }

    pub(crate) fn push(&mut self, item: Val) -> Outcome<()> {
        let weight = self.weight + item.weight();
        check_weight(weight)?;
        self.weight = weight;
        Arc::make_mut(&mut self.items).push(item);
        Ok(())
    }

    pub(crate) fn pop(&mut self) -> Val {
        let item = Arc::make_mut(&mut self.items).pop().unwrap_or_default();
        self.weight = self.weight.saturating_sub(item.weight());
        item
    }

    /// Changes the item at `index`; an index equal to the length appends.
    pub(crate) fn change(&mut self, index: usize, change: impl FnOnce(&mut Val) -> Outcome<()>) -> Outcome<()> {
        if index == self.items.len() {
            let mut item = Val::Null;
            change(&mut item)?;
            return self.push(item);
        }
        let length = self.items.len();
        let Some(item) = Arc::make_mut(&mut self.items).get_mut(index) else {
            return Err(misfit(format!(
                "the list has {length} elements, so element {index} cannot be set"
            ))
            .hint("elements are counted from 0; setting the element after the last one appends it"));
        };
        let before = item.weight();
        let changed = change(item);
        self.weight = (self.weight + item.weight()).saturating_sub(before);
        changed?;
        check_weight(self.weight)
    }

    /// Replaces all items by what `edit` makes of them, and gives what `edit` gives.
    pub(crate) fn edit<T>(&mut self, edit: impl FnOnce(&mut Vec<Val>) -> T) -> Outcome<T> {
        let result = edit(Arc::make_mut(&mut self.items));
        self.weight = self.items.iter().map(Val::weight).sum();
        check_weight(self.weight)?;
        Ok(result)
    }
}
