//! Workbooks: the first sheet as rows, and rows as one sheet.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

use botlib::{Value, value::Map};
use botstate::dialog::{Fault, FaultKind};
use calamine::{Data, Reader as _, open_workbook_auto_from_rs};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::basic::{
    number::Number,
    tabular::{self, Table},
    value::{misfit, to_value},
};

/// Columns that a sheet may have.
const MOST_COLUMNS: usize = 1_000;

/// The rows of the first sheet that is not empty; its first row names the columns.
pub(super) fn read(bytes: &[u8]) -> Result<Table, Fault> {
    // A damaged workbook must fail as one, even where its reader does not expect the damage.
    let read = catch_unwind(AssertUnwindSafe(|| read_sheet(bytes)));
    read.unwrap_or_else(|_| Err(misfit("the workbook is damaged")))
}

fn read_sheet(bytes: &[u8]) -> Result<Table, Fault> {
    let broken = |error: calamine::Error| misfit(format!("the workbook cannot be read: {error}"));
    super::archive::check_bomb(bytes)?;
    let mut workbook = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(broken)?;
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name).map_err(broken)?;
        if range.is_empty() {
            continue;
        }
        tabular::check_rows(range.height())?;
        if range.width() > MOST_COLUMNS {
            return Err(Fault::new(
                FaultKind::Limit,
                format!(
                    "the sheet has {} columns, and {MOST_COLUMNS} are the most",
                    range.width()
                ),
            ));
        }
        let mut rows = range.rows();
        let names: Vec<String> = rows.next().unwrap_or_default().iter().map(shown).collect();
        let columns = tabular::header(names.iter().map(String::as_str));
        let mut table = Table {
            columns,
            rows: Vec::new(),
        };
        for row in rows {
            if row.iter().all(|cell| matches!(cell, Data::Empty)) {
                continue;
            }
            let cells = table.columns.iter().zip(row);
            let row: Map = cells.map(|(name, cell)| (name.clone(), value(cell))).collect();
            table.rows.push(row);
        }
        return Ok(table);
    }
    Ok(Table::default())
}

fn shown(cell: &Data) -> String {
    value(cell).to_string()
}

/// The value of a cell: texts become what a cell of CSV would be, so that the same data reads the same.
fn value(cell: &Data) -> Value {
    match cell {
        Data::Empty | Data::Error(_) => Value::Null,
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => tabular::cell(text),
        Data::Float(number) => float(*number),
        Data::Int(number) => Value::Int(*number),
        Data::Bool(flag) => Value::Bool(*flag),
        Data::DateTime(moment) => moment.as_datetime().map_or(Value::Null, |at| {
            let midnight = at.time() == chrono::NaiveTime::MIN;
            Value::text(if midnight {
                at.format("%Y-%m-%d").to_string()
            } else {
                at.format("%Y-%m-%d %H:%M:%S").to_string()
            })
        }),
    }
}

fn float(number: f64) -> Value {
    let decimal = Decimal::try_from(number).ok();
    decimal.map_or_else(
        || Value::text(number.to_string()),
        |number| to_value(&Number::Decimal(number).val()),
    )
}

/// A workbook with one sheet of those rows.
pub(super) fn write(table: &Table) -> Result<Vec<u8>, Fault> {
    let failed = |error: XlsxError| misfit(format!("the rows cannot be written as a workbook: {error}"));
    if table.columns.len() > MOST_COLUMNS {
        return Err(Fault::new(
            FaultKind::Limit,
            format!("a sheet may have {MOST_COLUMNS} columns at most"),
        ));
    }
    let mut workbook = Workbook::new();
    // The same rows give the same bytes, whenever they are written.
    if let Ok(epoch) = ExcelDateTime::from_ymd(2000, 1, 1) {
        workbook.set_properties(&rust_xlsxwriter::DocProperties::new().set_creation_datetime(&epoch));
    }
    let sheet = workbook.add_worksheet();
    let bold = Format::new().set_bold();
    for (column, name) in (0_u16..).zip(&table.columns) {
        sheet.write_string_with_format(0, column, name, &bold).map_err(failed)?;
    }
    for (line, row) in (1_u32..).zip(&table.rows) {
        for (column, name) in (0_u16..).zip(&table.columns) {
            if let Some(value) = row.get(name) {
                write_cell(sheet, line, column, value)?;
            }
        }
    }
    workbook.save_to_buffer().map_err(failed)
}

fn write_cell(sheet: &mut Worksheet, line: u32, column: u16, value: &Value) -> Result<(), Fault> {
    let number = match value {
        Value::Null => return Ok(()),
        // A float holds 15 digits of a number; longer ones stay whole as text.
        Value::Int(number) if number.unsigned_abs() < 1_000_000_000_000_000 => number.to_f64(),
        Value::Decimal(number) if number.mantissa().unsigned_abs() < 1_000_000_000_000_000 => number.to_f64(),
        _ => None,
    };
    let written = match (value, number) {
        (_, Some(number)) => sheet.write_number(line, column, number).map(|_| ()),
        (Value::Bool(flag), _) => sheet.write_boolean(line, column, *flag).map(|_| ()),
        (other, _) => sheet.write_string(line, column, tabular::plain(other)?).map(|_| ()),
    };
    written.map_err(|error| misfit(format!("a cell cannot be written: {error}")))
}
