//! Functions between rows and texts: CSV, YAML, XML.

use super::{Function, arg, f};
use crate::basic::{
    tabular::{self, Table},
    value::{Outcome, Val, check_text, from_value, to_value},
};

pub(super) const FUNCTIONS: &[Function] = &[
    f("CSV", 1, 2, to_csv),
    f("TOCSV", 1, 2, to_csv),
    f("PARSE_CSV", 1, 1, parse_csv),
    f("TOYAML", 1, 1, to_yaml),
    f("YAML", 1, 1, to_yaml),
    f("XML", 1, 1, to_xml),
    f("TOXML", 1, 1, to_xml),
    f("EXCEL", 1, 1, sheet),
];

fn text(text: String) -> Outcome<Val> {
    check_text(text.len())?;
    Ok(Val::from(text))
}

/// `CSV(rows[, separator])`.
fn to_csv(args: &[Val]) -> Outcome<Val> {
    let separator = match args.get(1) {
        Some(sign) => sign.print()?.bytes().next().unwrap_or(b','),
        None => b',',
    };
    let table = Table::of(tabular::rows(to_value(arg(args, 0))));
    text(tabular::write_csv(&table, separator)?)
}

fn parse_csv(args: &[Val]) -> Outcome<Val> {
    from_value(tabular::read_csv(&arg(args, 0).print()?)?.into_value())
}

fn to_yaml(args: &[Val]) -> Outcome<Val> {
    text(tabular::yaml(&to_value(arg(args, 0)))?)
}

fn to_xml(args: &[Val]) -> Outcome<Val> {
    text(tabular::xml(&to_value(arg(args, 0)))?)
}

/// Rows as a workbook takes them. The bytes are made where they are written: `WRITE "sheet.xlsx", EXCEL(rows)`.
fn sheet(args: &[Val]) -> Outcome<Val> {
    from_value(Table::of(tabular::rows(to_value(arg(args, 0)))).into_value())
}
