//! Functions that every script has.

mod choice;
mod date;
pub(crate) mod docs;
mod forms;
mod json;
mod list;
mod mail;
mod math;
mod records;
mod text;

use std::{collections::HashMap, sync::LazyLock};

use super::value::{Outcome, Val};

/// A function of the library.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    /// Its name in capitals, which is found in any letter case.
    pub(crate) name: &'static str,
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) run: fn(&[Val]) -> Outcome<Val>,
    /// Whether two calls with the same arguments may differ.
    pub(crate) volatile: bool,
}

/// Any number of arguments.
const MANY: usize = 64;

const fn f(name: &'static str, min: usize, max: usize, run: fn(&[Val]) -> Outcome<Val>) -> Function {
    Function {
        name,
        min,
        max,
        run,
        volatile: false,
    }
}

const fn volatile(name: &'static str, min: usize, max: usize, run: fn(&[Val]) -> Outcome<Val>) -> Function {
    Function {
        name,
        min,
        max,
        run,
        volatile: true,
    }
}

/// Functions that may stand without parentheses: `DATEADD today, "days", 3`.
const COMMANDS: [&str; 8] = ["DATEADD", "DATEDIFF", "FIRST", "LAST", "MAX", "MIN", "TOJSON", "RANDOM"];

static TABLE: LazyLock<HashMap<&'static str, Function>> = LazyLock::new(|| {
    let groups = [
        text::FUNCTIONS,
        math::FUNCTIONS,
        date::FUNCTIONS,
        list::FUNCTIONS,
        choice::FUNCTIONS,
        json::FUNCTIONS,
        mail::FUNCTIONS,
        forms::FUNCTIONS,
        records::FUNCTIONS,
    ];
    groups
        .into_iter()
        .flatten()
        .map(|function| (function.name, *function))
        .collect()
});

/// The function called `name`, in any letter case and with or without a `$` at its end.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    let name = name.trim_end_matches('$');
    if let Some(function) = TABLE.get(name) {
        return Some(function);
    }
    let upper = name.to_ascii_uppercase();
    // `IS_EMPTY` and `ISEMPTY` are the same function, as phrases of keywords have both spellings.
    TABLE.get(upper.as_str()).or_else(|| {
        upper
            .contains('_')
            .then(|| TABLE.get(upper.replace('_', "").as_str()))?
    })
}

/// Whether the library has a function called `name`.
pub(crate) fn is_function(name: &str) -> bool {
    find(name).is_some()
}

/// Whether the function called `name`, in capitals, may stand without parentheses.
pub(crate) fn is_command(name: &str) -> bool {
    COMMANDS.contains(&name)
}

/// All functions.
pub(crate) fn all() -> impl Iterator<Item = &'static Function> {
    TABLE.values()
}

/// The function that a method without side effects stands for: `text.trim()` is `TRIM(text)`.
pub(crate) fn method(name: &str) -> Option<&'static Function> {
    let lower = name.to_ascii_lowercase();
    let function = match lower.as_str() {
        "touppercase" | "toupper" => "UCASE",
        "tolowercase" | "tolower" => "LCASE",
        "includes" => "CONTAINS",
        "indexof" => "INDEX_OF",
        "lastindexof" => "LAST_INDEX_OF",
        "substring" => "SLICE",
        "substr" => "SUBSTR",
        "tostring" => "STR",
        "length" => "LEN",
        "replaceall" => "REPLACE",
        "hasownproperty" => "HAS",
        "charat" => "AT",
        other => return find(other),
    };
    find(function)
}

fn arg(args: &[Val], index: usize) -> &Val {
    const NULL: &Val = &Val::Null;
    args.get(index).unwrap_or(NULL)
}
