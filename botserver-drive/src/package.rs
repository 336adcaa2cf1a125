//! Documents that are ZIP archives: opened within limits, entry by entry.

use std::io::{BufReader, Cursor, Read};

use botstate::document::ExtractError;
use bytes::Bytes;
use zip::{ZipArchive, result::ZipError};

use crate::{
    budget::{damaged, mebibytes, too_large},
    markup::{Step, attribute, walk},
    writer::Writer,
};

/// The longest comment at the end of an archive, and the record before it.
const LONGEST_END: usize = 65_535 + 22;

/// A part may not be larger than this, even where all together may.
const LARGEST_PART: u64 = 128 << 20;

/// An archive whose entries were counted and do not lie over each other.
#[derive(Debug)]
pub(crate) struct Package {
    archive: ZipArchive<Cursor<Bytes>>,
    format: &'static str,
}

/// What a part says to be related to.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) target: String,
}

impl Package {
    pub(crate) fn open(bytes: &Bytes, format: &'static str, out: &mut Writer) -> Result<Self, ExtractError> {
        // Before the list is read: it alone would take memory for each of a million entries.
        out.budget.entries(count(bytes))?;
        let mut archive = ZipArchive::new(Cursor::new(bytes.clone())).map_err(|error| broken(format, &error))?;
        if archive
            .has_overlapping_files()
            .map_err(|error| broken(format, &error))?
        {
            return Err(damaged(format, "its parts lie over each other, as in a bomb"));
        }
        let mut whole = 0_u64;
        for index in 0..archive.len() {
            out.budget.tick()?;
            let entry = archive.by_index_raw(index).map_err(|error| broken(format, &error))?;
            whole = whole.saturating_add(entry.size());
        }
        let most = out.budget.room();
        if whole > most {
            return Err(too_large(
                format!("{} packed into it", mebibytes(whole)),
                mebibytes(most),
            ));
        }
        Ok(Self { archive, format })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.archive.index_for_name(name).is_some()
    }

    pub(crate) fn find(&self, name: &str) -> Option<String> {
        // Names of parts are compared without regard to case.
        let names = self.archive.file_names().filter_map(Result::ok);
        let mut same = names.filter(|other| other.eq_ignore_ascii_case(name));
        same.next().map(std::borrow::Cow::into_owned)
    }

    /// The content of a part, or none when there is no such part.
    pub(crate) fn part(&mut self, name: &str, out: &mut Writer) -> Result<Option<Vec<u8>>, ExtractError> {
        let Some(name) = self.find(name) else { return Ok(None) };
        let format = self.format;
        let entry = match self.archive.by_name(&name) {
            Ok(entry) => entry,
            Err(ZipError::UnsupportedArchive(reason)) if reason.contains("assword") => {
                return Err(ExtractError::Protected { format: format.into() });
            }
            Err(error) => return Err(broken(format, &error)),
        };
        // What an entry says of its size may be a lie.
        let most = out.budget.room().min(LARGEST_PART);
        let mut content = Vec::new();
        let read = entry.take(most + 1).read_to_end(&mut content);
        read.map_err(|error| damaged(format, format!("{name} cannot be unpacked: {error}")))?;
        out.budget.unpacked(content.len() as u64)?;
        if content.len() as u64 > most {
            return Err(too_large(
                format!("more than {} in {name}", mebibytes(most)),
                mebibytes(most),
            ));
        }
        Ok(Some(content))
    }

    /// Hands every step of a part's XML to `visit`; false when there is no such part.
    pub(crate) fn walk(
        &mut self,
        name: &str,
        out: &mut Writer,
        visit: impl FnMut(Step<'_>, &mut Writer) -> Result<(), ExtractError>,
    ) -> Result<bool, ExtractError> {
        let Some(content) = self.part(name, out)? else {
            return Ok(false);
        };
        walk(self.format, BufReader::new(content.as_slice()), out, visit)?;
        Ok(true)
    }

    /// What `part` is related to, with targets as names of parts; the package's own relations for an empty name.
    pub(crate) fn relations(&mut self, part: &str, out: &mut Writer) -> Result<Vec<Relation>, ExtractError> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let name = format!("{folder}{}_rels/{file}.rels", if folder.is_empty() { "" } else { "/" });
        let mut relations = Vec::new();
        self.walk(&name, out, |step, _| {
            if let Step::Open("Relationship", element) = step
                && attribute(element, "TargetMode").as_deref() != Some("External")
            {
                relations.push(Relation {
                    id: attribute(element, "Id").unwrap_or_default(),
                    kind: attribute(element, "Type").unwrap_or_default(),
                    target: resolve(folder, &attribute(element, "Target").unwrap_or_default()),
                });
            }
            Ok(())
        })?;
        Ok(relations)
    }

    /// Title and language from the properties of an Office document.
    pub(crate) fn properties(&mut self, out: &mut Writer) -> Result<(), ExtractError> {
        let mut text = String::new();
        self.walk("docProps/core.xml", out, |step, out| {
            match step {
                Step::Open(..) => text.clear(),
                Step::Text(more) => text.push_str(more),
                Step::Close("title") => out.title(&text),
                Step::Close("language") => out.language(&text),
                Step::Close(_) => {}
            }
            Ok(())
        })?;
        Ok(())
    }

    pub(crate) fn into_inner(self) -> Cursor<Bytes> {
        self.archive.into_inner()
    }
}

/// The name of a part as another part in `folder` calls it.
fn resolve(folder: &str, target: &str) -> String {
    let mut path: Vec<&str> = if target.starts_with('/') {
        Vec::new()
    } else {
        folder.split('/').filter(|piece| !piece.is_empty()).collect()
    };
    for piece in target.split('/') {
        match piece {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            piece => path.push(piece),
        }
    }
    path.join("/")
}

/// How many entries the archive says to have, in its end record or the larger one before it.
fn count(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(LONGEST_END);
    let Some(end) = bytes.get(tail..).and_then(|tail| find_last(tail, b"PK\x05\x06")) else {
        return 0;
    };
    let small = number(bytes, tail + end + 10, 2);
    let large = bytes
        .get(..tail + end)
        .and_then(|before| {
            before
                .get(before.len().saturating_sub(4096)..)
                .map(|near| (near, before.len()))
        })
        .and_then(|(near, len)| find_last(near, b"PK\x06\x06").map(|at| len - near.len() + at))
        .map_or(0, |record| number(bytes, record + 32, 8));
    small.max(large)
}

fn find_last(bytes: &[u8], signature: &[u8]) -> Option<usize> {
    bytes.windows(signature.len()).rposition(|window| window == signature)
}

fn number(bytes: &[u8], at: usize, width: usize) -> usize {
    let digits = bytes.get(at..at + width).unwrap_or_default();
    let number = digits
        .iter()
        .rev()
        .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn broken(format: &'static str, error: &ZipError) -> ExtractError {
    damaged(format, format!("its archive cannot be read: {error}"))
}
