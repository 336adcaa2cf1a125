//! Spreadsheets: each sheet is a page, and rows that belong together are a table.

use std::io::Cursor;

use botstate::document::ExtractError;
use bytes::Bytes;
use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader, SheetType, SheetVisible, Xlsx};

use crate::{
    budget::{damaged, too_large},
    package::Package,
    plain,
    writer::Writer,
};

/// Rows as they come, without the empty cells between.
type Sparse = Vec<(u32, Vec<(u32, String)>)>;

/// Cells between the first and the last of a table, with the empty ones.
const MOST_CELLS: usize = 2_000_000;

pub(crate) fn read_workbook(bytes: &Bytes, out: &mut Writer) -> Result<(), ExtractError> {
    let broken = |error: calamine::XlsxError| damaged("XLSX", error.to_string());
    let mut package = Package::open(bytes, "XLSX", out)?;
    package.properties(out)?;
    let mut workbook = Xlsx::new(package.into_inner()).map_err(broken)?;
    let sheets = workbook.sheets_metadata().to_vec();
    for (number, sheet) in (1_u32..).zip(&sheets) {
        if !is_read(sheet, out) {
            continue;
        }
        out.page(Some(number))?;
        let mut rows: Sparse = Vec::new();
        let mut cells = workbook.worksheet_cells_reader(&sheet.name).map_err(broken)?;
        let mut size = 0_usize;
        while let Some(cell) = cells.next_cell().map_err(broken)? {
            out.budget.tick()?;
            let shown = shown_ref(cell.get_value());
            if shown.is_empty() {
                continue;
            }
            size += shown.len();
            check_size(size, out)?;
            let (row, column) = cell.get_position();
            match rows.last_mut() {
                Some((last, cells)) if *last == row => cells.push((column, shown)),
                _ => rows.push((row, vec![(column, shown)])),
            }
        }
        drop(cells);
        write(&sheet.name, rows, out)?;
    }
    out.page(None)
}

pub(crate) fn read_open(bytes: &Bytes, out: &mut Writer) -> Result<(), ExtractError> {
    let broken = |error: calamine::OdsError| match error {
        calamine::OdsError::Password => ExtractError::Protected { format: "ODS".into() },
        error => damaged("ODS", error.to_string()),
    };
    let mut package = Package::open(bytes, "ODS", out)?;
    let mut text = String::new();
    package.walk("meta.xml", out, |step, out| {
        match step {
            crate::markup::Step::Open(..) => text.clear(),
            crate::markup::Step::Text(more) => text.push_str(more),
            crate::markup::Step::Close("title") => out.title(&text),
            crate::markup::Step::Close(_) => {}
        }
        Ok(())
    })?;
    let cursor: Cursor<Bytes> = package.into_inner();
    let mut workbook = Ods::new(cursor).map_err(broken)?;
    let sheets = workbook.sheets_metadata().to_vec();
    for (number, sheet) in (1_u32..).zip(&sheets) {
        if !is_read(sheet, out) {
            continue;
        }
        out.page(Some(number))?;
        let range = workbook.worksheet_range(&sheet.name).map_err(broken)?;
        let (top, left) = range.start().unwrap_or_default();
        let mut rows: Sparse = Vec::new();
        let mut size = 0_usize;
        for (row, cells) in (top..).zip(range.rows()) {
            out.budget.tick()?;
            let cells: Vec<(u32, String)> = (left..)
                .zip(cells)
                .map(|(column, cell)| (column, shown(cell)))
                .filter(|(_, shown)| !shown.is_empty())
                .collect();
            size += cells.iter().map(|(_, cell)| cell.len()).sum::<usize>();
            check_size(size, out)?;
            if !cells.is_empty() {
                rows.push((row, cells));
            }
        }
        write(&sheet.name, rows, out)?;
    }
    out.page(None)
}

fn is_read(sheet: &calamine::Sheet, out: &mut Writer) -> bool {
    if sheet.typ != SheetType::WorkSheet {
        return false;
    }
    if sheet.visible != SheetVisible::Visible {
        out.warn(format!("the sheet {} is hidden and was left out", sheet.name));
        return false;
    }
    true
}

fn check_size(size: usize, out: &Writer) -> Result<(), ExtractError> {
    let most = out.budget.limits().characters.saturating_mul(4);
    if size > most {
        return Err(too_large(
            "more text than can be used",
            format!("{} characters", out.budget.limits().characters),
        ));
    }
    Ok(())
}

/// A heading with the sheet's name, and a table for each run of rows without an empty one between.
fn write(name: &str, rows: Sparse, out: &mut Writer) -> Result<(), ExtractError> {
    if rows.is_empty() {
        return Ok(());
    }
    out.heading(1, name)?;
    let mut run: Sparse = Vec::new();
    for (row, cells) in rows {
        if run.last().is_some_and(|(last, _)| row > last.saturating_add(1)) {
            write_run(std::mem::take(&mut run), out)?;
        }
        run.push((row, cells));
    }
    write_run(run, out)
}

fn write_run(mut run: Sparse, out: &mut Writer) -> Result<(), ExtractError> {
    // A line above a table is its title and no row of it.
    while run.len() > 1
        && let Some((_, cells)) = run.first()
        && let [(_, only)] = cells.as_slice()
        && run.iter().skip(1).any(|(_, cells)| cells.len() > 1)
    {
        out.text(only)?;
        run.remove(0);
    }
    if let [(_, cells)] = run.as_slice() {
        let line: Vec<&str> = cells.iter().map(|(_, cell)| cell.as_str()).collect();
        return out.text(&line.join(", "));
    }
    let mut columns: Vec<u32> = run
        .iter()
        .flat_map(|(_, cells)| cells.iter().map(|(column, _)| *column))
        .collect();
    columns.sort_unstable();
    columns.dedup();
    let count = columns.len().saturating_mul(run.len());
    if count > MOST_CELLS {
        return Err(too_large(
            format!("a table of {count} cells"),
            format!("{MOST_CELLS} cells"),
        ));
    }
    let mut rows = Vec::with_capacity(run.len());
    for (_, cells) in run {
        out.budget.tick()?;
        let mut row = vec![String::new(); columns.len()];
        for (column, cell) in cells {
            if let Ok(at) = columns.binary_search(&column)
                && let Some(place) = row.get_mut(at)
            {
                *place = cell;
            }
        }
        rows.push(row);
    }
    plain::table(rows, out)
}

fn shown_ref(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Empty | DataRef::Error(_) => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => float(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(moment) => date(moment),
    }
}

fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => float(*number),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.trim().to_owned(),
        Data::Bool(flag) => flag.to_string(),
        Data::DateTime(moment) => date(moment),
    }
}

/// A number as it would be typed: spreadsheets show 15 digits, and sums of tenths have more.
fn float(number: f64) -> String {
    let short = format!("{number:.10}");
    let short = short.trim_end_matches('0').trim_end_matches('.');
    if number.abs() >= 1e15 || (number != 0.0 && number.abs() < 1e-9) {
        return number.to_string();
    }
    if short == "-0" {
        "0".to_owned()
    } else {
        short.to_owned()
    }
}

fn date(moment: &ExcelDateTime) -> String {
    let Some(at) = moment.as_datetime() else {
        return moment.as_f64().to_string();
    };
    let text = at.format("%Y-%m-%d %H:%M:%S").to_string();
    text.strip_suffix(" 00:00:00").map_or(text.clone(), str::to_owned)
}
