//! What a file is: by its bytes, and by its name only where they cannot tell.

use botstate::document::{Document, ExtractError};
use bytes::Bytes;

use crate::{
    budget::{Budget, damaged, mebibytes, too_large},
    html, json, mail, markdown,
    markup::{Step, attribute},
    package::Package,
    pdf, plain, rtf, sheets, slides, word,
    writer::Writer,
    xml,
};

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Pdf,
    Word,
    Slides,
    Sheets,
    OpenSheets,
    Html,
    Markdown,
    Text,
    Csv,
    Json,
    Xml,
    Rtf,
    Mail,
}

/// Every extension of a name that is read.
const EXTENSIONS: [(&str, Format); 27] = [
    ("pdf", Format::Pdf),
    ("docx", Format::Word),
    ("docm", Format::Word),
    ("dotx", Format::Word),
    ("pptx", Format::Slides),
    ("pptm", Format::Slides),
    ("ppsx", Format::Slides),
    ("xlsx", Format::Sheets),
    ("xlsm", Format::Sheets),
    ("ods", Format::OpenSheets),
    ("html", Format::Html),
    ("htm", Format::Html),
    ("xhtml", Format::Html),
    ("md", Format::Markdown),
    ("markdown", Format::Markdown),
    ("txt", Format::Text),
    ("text", Format::Text),
    ("log", Format::Text),
    ("csv", Format::Csv),
    ("tsv", Format::Csv),
    ("json", Format::Json),
    ("jsonl", Format::Json),
    ("ndjson", Format::Json),
    ("xml", Format::Xml),
    ("rss", Format::Xml),
    ("rtf", Format::Rtf),
    ("eml", Format::Mail),
];

/// Beginnings of files that are something else.
const OTHERS: [(&[u8], &str); 22] = [
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"RIFF", "a sound, a film or a WebP image"),
    (b"OggS", "a sound or a film"),
    (b"ID3", "a sound"),
    (b"fLaC", "a sound"),
    (b"\x1a\x45\xdf\xa3", "a film"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program for Windows"),
    (b"\0asm", "a WebAssembly program"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"%!PS", "a PostScript file"),
];

/// How far the beginning of a text tells what it is.
const BEGINNING: usize = 4096;

impl Format {
    /// The format that a name promises.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        let known = EXTENSIONS
            .iter()
            .find(|(known, _)| extension.eq_ignore_ascii_case(known));
        known.map(|(_, format)| *format)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Word => "DOCX",
            Self::Slides => "PPTX",
            Self::Sheets => "XLSX",
            Self::OpenSheets => "ODS",
            Self::Html => "HTML page",
            Self::Markdown => "Markdown file",
            Self::Text => "text file",
            Self::Csv => "CSV file",
            Self::Json => "JSON file",
            Self::Xml => "XML file",
            Self::Rtf => "RTF",
            Self::Mail => "message",
        }
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Word => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Slides => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            Self::Sheets => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::OpenSheets => "application/vnd.oasis.opendocument.spreadsheet",
            Self::Html => "text/html",
            Self::Markdown => "text/markdown",
            Self::Text => "text/plain",
            Self::Csv => "text/csv",
            Self::Json => "application/json",
            Self::Xml => "application/xml",
            Self::Rtf => "application/rtf",
            Self::Mail => "message/rfc822",
        }
    }

    /// Whether its bytes are text, so that a wrong name is likely and harmless.
    fn is_text(self) -> bool {
        !matches!(
            self,
            Self::Pdf | Self::Word | Self::Slides | Self::Sheets | Self::OpenSheets
        )
    }

    /// Whether its reader takes time and memory in proportion to the file and looks at its budget all the while.
    pub(crate) fn is_plain(self) -> bool {
        matches!(self, Self::Text | Self::Csv | Self::Markdown)
    }

    /// What the bytes are.
    pub(crate) fn detect(name: &str, bytes: &Bytes, out: &mut Writer) -> Result<Self, ExtractError> {
        let beginning = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
        if bytes.is_empty() {
            return Err(damaged("file", "it is empty"));
        }
        if find(beginning, b"%PDF-").is_some() {
            return Ok(Self::Pdf);
        }
        if beginning.starts_with(b"PK\x03\x04") || beginning.starts_with(b"PK\x05\x06") {
            return of_package(name, bytes, out);
        }
        if beginning.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            return Err(of_compound(bytes));
        }
        if beginning.starts_with(b"{\\rtf") {
            return Ok(Self::Rtf);
        }
        if let Some((_, what)) = OTHERS.iter().find(|(start, _)| beginning.starts_with(start))
            && (plain::looks_binary(bytes) || !beginning.is_ascii())
        {
            return Err(unknown(*what));
        }
        if plain::looks_binary(bytes) {
            return Err(unknown("a file of another kind"));
        }
        let text = plain::decode(bytes.get(..bytes.len().min(BEGINNING)).unwrap_or_default());
        let seen = of_text(&text);
        match Self::of_name(name) {
            Some(promised) if !promised.is_text() => {
                let what = seen.unwrap_or(Self::Text).name();
                Err(damaged(
                    promised.name(),
                    format!("its bytes are {}; give it the name of what it is", with_article(what)),
                ))
            }
            // These say nothing certain of themselves.
            Some(promised @ (Self::Markdown | Self::Csv | Self::Text)) if seen != Some(Self::Mail) => Ok(promised),
            Some(promised) => Ok(seen.unwrap_or(match promised {
                Self::Json | Self::Xml | Self::Html => promised,
                _ => Self::Text,
            })),
            None => Ok(seen.unwrap_or(Self::Text)),
        }
    }
}

/// Reads a document whose name is `name`.
pub(crate) fn read(name: &str, bytes: &Bytes, budget: Budget) -> Result<Document, ExtractError> {
    let mut out = Writer::new(budget);
    let format = read_into(name, bytes, &mut out)?;
    if out.len() == 0 {
        return Err(damaged(format.name(), "there is no text in it"));
    }
    Ok(out.finish(format.media_type()))
}

/// Reads a document as a part of another.
pub(crate) fn read_into(name: &str, bytes: &Bytes, out: &mut Writer) -> Result<Format, ExtractError> {
    let most = out.budget.limits().bytes;
    if bytes.len() as u64 > most {
        return Err(too_large(mebibytes(bytes.len() as u64), mebibytes(most)));
    }
    let format = Format::detect(name, bytes, out)?;
    if let Some(promised) = Format::of_name(name)
        && promised != format
    {
        out.warn(format!(
            "{name} is named as {}, and is {}",
            with_article(promised.name()),
            with_article(format.name())
        ));
    }
    match format {
        Format::Pdf => pdf::read(bytes, out)?,
        Format::Word => word::read(bytes, out)?,
        Format::Slides => slides::read(bytes, out)?,
        Format::Sheets => sheets::read_workbook(bytes, out)?,
        Format::OpenSheets => sheets::read_open(bytes, out)?,
        Format::Html => html::read(&plain::decode_page(bytes), out)?,
        Format::Markdown => markdown::read(&plain::decode(bytes), out)?,
        Format::Text => plain::read(&plain::decode(bytes), out)?,
        Format::Csv => plain::read_csv(&plain::decode(bytes), out)?,
        Format::Json => json::read(&plain::decode(bytes), out)?,
        Format::Xml => xml::read(&plain::decode(bytes), out)?,
        Format::Rtf => rtf::read(bytes, out)?,
        Format::Mail => mail::read(bytes, out)?,
    }
    Ok(format)
}

fn with_article(name: &str) -> String {
    let article = if name.starts_with(['H', 'X', 'R', 'O']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {name}")
}

fn unknown(what: impl Into<String>) -> ExtractError {
    ExtractError::Unknown { what: what.into() }
}

/// What an archive is, by the type of its main part.
fn of_package(name: &str, bytes: &Bytes, out: &mut Writer) -> Result<Format, ExtractError> {
    let promised = Format::of_name(name).filter(|promised| !promised.is_text());
    let mut package = Package::open(bytes, promised.map_or("archive", Format::name), out)?;
    if let Some(kind) = package.part("mimetype", out)? {
        return match kind.trim_ascii() {
            b"application/vnd.oasis.opendocument.spreadsheet" => Ok(Format::OpenSheets),
            kind => Err(unknown(format!(
                "a file of the type {:.80}",
                String::from_utf8_lossy(kind)
            ))),
        };
    }
    if !package.has("[Content_Types].xml") {
        return Err(unknown("a ZIP archive"));
    }
    let relations = package.relations("", out)?;
    let main = relations
        .iter()
        .find(|relation| relation.kind.ends_with("/officeDocument"));
    let main = main.map(|relation| format!("/{}", relation.target)).unwrap_or_default();
    let mut kind = String::new();
    package.walk("[Content_Types].xml", out, |step, _| {
        if let Step::Open("Override", element) = step
            && attribute(element, "PartName").is_some_and(|part| part.eq_ignore_ascii_case(&main))
        {
            kind = attribute(element, "ContentType").unwrap_or_default();
        }
        Ok(())
    })?;
    match kind.as_str() {
        kind if kind.contains("wordprocessingml") || kind.contains("ms-word") => Ok(Format::Word),
        kind if kind.contains("presentationml") || kind.contains("ms-powerpoint") => Ok(Format::Slides),
        kind if kind.contains("spreadsheetml") || kind.contains("ms-excel.sheet.macro") => Ok(Format::Sheets),
        _ => Err(unknown("a ZIP archive")),
    }
}

/// Office's files of old are compound files, and so are its new ones under a password.
fn of_compound(bytes: &[u8]) -> ExtractError {
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    if find(bytes, &wide("EncryptedPackage")).is_some() {
        return ExtractError::Protected {
            format: "Office document".into(),
        };
    }
    unknown("an Office file of the old kind (DOC, XLS, PPT or MSG)")
}

/// What a text is, by how it begins.
fn of_text(text: &str) -> Option<Format> {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let lower: String = start.chars().take(BEGINNING).collect::<String>().to_ascii_lowercase();
    if lower.starts_with("<?xml") {
        let page = lower.contains("<html") || lower.contains("<!doctype html");
        return Some(if page { Format::Html } else { Format::Xml });
    }
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return Some(Format::Html);
    }
    if lower.starts_with('<') {
        let tags = ["<head", "<body", "<title", "<div", "<p>", "<table", "<h1", "<meta "];
        if tags.iter().any(|tag| lower.contains(tag)) {
            return Some(Format::Html);
        }
    }
    if mail::looks_like_message(start) {
        return Some(Format::Mail);
    }
    json::looks_like_json(start).then_some(Format::Json)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
