//! `kb extract`: shows authors what a bot sees of a document.

use std::{fmt::Write as _, path::Path};

use botstate::document::{BlockKind, Document, ExtractError, Extractor, Limits, Source};

/// How a document is shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExtractOptions {
    /// As JSON instead of Markdown.
    pub json: bool,
}

/// The text of the document in a file, as it is printed.
///
/// # Errors
/// Why the document cannot be read.
pub async fn extract_file(
    extractor: &dyn Extractor,
    path: &Path,
    options: ExtractOptions,
) -> Result<String, ExtractError> {
    let document = extractor
        .extract(Source::File(path.to_owned()), Limits::default())
        .await?;
    if options.json {
        let text = serde_json::to_string_pretty(&document).map_err(|error| ExtractError::Io(error.to_string()))?;
        return Ok(text + "\n");
    }
    Ok(markdown(&document))
}

fn markdown(document: &Document) -> String {
    let mut out = String::new();
    let mut say = |name: &str, value: &str| {
        // A string takes all that is written to it.
        let _ = writeln!(out, "{name}: {value}");
    };
    say("type", &document.media_type);
    if let Some(title) = &document.title {
        say("title", title);
    }
    if let Some(language) = &document.language {
        say("language", language);
    }
    for warning in &document.warnings {
        say("warning", warning);
    }
    let mut page = None;
    for block in &document.blocks {
        out.push('\n');
        if block.page != page {
            page = block.page;
            if let Some(page) = page {
                let _ = writeln!(out, "<!-- page {page} -->\n");
            }
        }
        show(&mut out, &block.kind);
    }
    out
}

fn show(out: &mut String, block: &BlockKind) {
    match block {
        BlockKind::Heading { level, text } => {
            let _ = writeln!(out, "{} {text}", "#".repeat(usize::from(*level)));
        }
        BlockKind::Text(text) => {
            let _ = writeln!(out, "{text}");
        }
        BlockKind::Code(text) => {
            let _ = writeln!(out, "```\n{text}\n```");
        }
        BlockKind::Table { header, rows } => {
            let width = rows.iter().map(Vec::len).max().unwrap_or(0).max(header.len());
            let mut row = |cells: &[String]| {
                let cells: Vec<String> = (0..width)
                    .map(|column| {
                        cells
                            .get(column)
                            .map_or_else(String::new, |cell| cell.replace('|', "\\|"))
                    })
                    .collect();
                let _ = writeln!(out, "| {} |", cells.join(" | "));
            };
            row(header);
            row(&vec!["---".to_owned(); width]);
            for cells in rows {
                row(cells);
            }
        }
    }
}
