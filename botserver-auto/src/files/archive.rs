//! ZIP archives, within limits that a small file cannot blow up.

use std::io::{Cursor, Read as _, Write as _};

use botstate::dialog::{Fault, FaultKind};
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{FilePath, LARGEST_FILE};
use crate::basic::value::misfit;

/// Files that an archive may have.
const MOST_FILES: usize = 2_000;

/// Bytes that the files of an archive may have together.
const LARGEST: u64 = 256 << 20;

/// An archive with those files.
pub(crate) fn pack(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Fault> {
    let failed = |error: &dyn std::fmt::Display| misfit(format!("the archive cannot be made: {error}"));
    if files.len() > MOST_FILES {
        return Err(too_large());
    }
    // The same files give the same bytes, whenever they are packed.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut total = 0_u64;
    for (name, bytes) in files {
        total = total.saturating_add(bytes.len() as u64);
        if total > LARGEST {
            return Err(too_large());
        }
        writer.start_file(name, options).map_err(|error| failed(&error))?;
        writer.write_all(bytes).map_err(|error| failed(&error))?;
    }
    let archive = writer.finish().map_err(|error| failed(&error))?;
    Ok(archive.into_inner())
}

/// The files of an archive, paths checked; folders and links are left out.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<(FilePath, Vec<u8>)>, Fault> {
    unpack_within(bytes, LARGEST_FILE)
}

/// The same for files of at most `largest` bytes.
pub(super) fn unpack_within(bytes: &[u8], largest: u64) -> Result<Vec<(FilePath, Vec<u8>)>, Fault> {
    let mut archive = open(bytes)?;
    if archive.len() > MOST_FILES {
        return Err(too_large());
    }
    let mut files = Vec::new();
    let mut room = LARGEST;
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(|error| broken(&error))?;
        if file.is_dir() || file.is_symlink() {
            continue;
        }
        let name = file.name().map_err(|error| broken(&error))?.into_owned();
        let path = FilePath::parse(&name)?;
        let mut content = Vec::new();
        let most = room.min(largest);
        // What the header says about the size is a claim: only what comes out counts.
        let read = file.by_ref().take(most + 1).read_to_end(&mut content);
        read.map_err(|error| broken(&error))?;
        let size = content.len() as u64;
        if size > most {
            return Err(too_large());
        }
        room -= size;
        files.push((path, content));
    }
    Ok(files)
}

/// Refuses a workbook whose parts unpack to more than a script may hold. What is no archive passes.
pub(super) fn check_bomb(bytes: &[u8]) -> Result<(), Fault> {
    if !bytes.starts_with(b"PK") {
        return Ok(());
    }
    let mut archive = open(bytes)?;
    let mut room = LARGEST;
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(|error| broken(&error))?;
        let read = std::io::copy(&mut file.by_ref().take(room + 1), &mut std::io::sink());
        let size = read.map_err(|error| broken(&error))?;
        if size > room {
            return Err(too_large());
        }
        room -= size;
    }
    Ok(())
}

fn open(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, Fault> {
    ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))
}

fn broken(error: &dyn std::fmt::Display) -> Fault {
    misfit(format!("the archive cannot be read: {error}"))
}

fn too_large() -> Fault {
    Fault::new(
        FaultKind::Limit,
        format!(
            "an archive may have {MOST_FILES} files with {} MiB together",
            LARGEST >> 20
        ),
    )
}
