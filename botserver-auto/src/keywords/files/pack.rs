//! COMPRESS, EXTRACT, QR CODE.

use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Turn},
};
use qrcode::{Color, EcLevel, QrCode};

use super::{Files, folder::matches, local, misfit, path_of};
use crate::files::{FilePath, LARGEST_FILE, md5_of, missing, pack, unpack};

/// Pixels of a QR code's side: what is taken when nothing is said, and the most.
const QR_SIZE: (u32, u32) = (256, 2048);

/// Cells of white around a QR code, as its standard wants.
const QUIET: u32 = 4;

impl Files {
    pub(super) async fn compress(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let (first, second) = (args.take("first"), args.take("second"));
        let is_archive =
            |value: &Value| matches!(value, Value::Text(text) if text.trim().to_lowercase().ends_with(".zip"));
        // Scripts put the archive first or last; its ending tells.
        let (sources, archive) = match (is_archive(&first), is_archive(&second)) {
            (_, true) => (first, second),
            (true, false) => (second, first),
            (false, false) => {
                return Err(misfit("COMPRESS needs the name of an archive that ends in .zip")
                    .hint("COMPRESS files, \"all.zip\""));
            }
        };
        let archive = path_of(&archive)?;
        let sources = match sources {
            Value::List(items) => items,
            other => vec![other],
        };
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for source in sources {
            for (name, content) in self.packed(turn, &source, &archive).await? {
                if files.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                    continue;
                }
                files.push((name, content));
            }
        }
        if files.is_empty() {
            return Err(Fault::new(FaultKind::NotFound, "COMPRESS found no files to pack"));
        }
        let bytes = crate::files::blocking(move || pack(&files)).await?;
        let file = self
            .host
            .of(turn)
            .write(turn.idempotency_key(), &archive, bytes)
            .await?;
        Ok(local(turn, file))
    }

    /// The files that a source of COMPRESS names: one file, a folder, or a pattern.
    async fn packed(
        &self,
        turn: &mut dyn Turn,
        source: &Value,
        archive: &FilePath,
    ) -> Result<Vec<(String, Vec<u8>)>, Fault> {
        let Value::Text(text) = source else {
            let file = self.host.bytes(turn, source).await?;
            return Ok(vec![(file.name, file.content)]);
        };
        let files = self.host.of(turn);
        let plain = text.trim().replace('\\', "/");
        let (folder, pattern) = match plain.rsplit_once('/') {
            Some((folder, last)) if last.contains(['*', '?']) => (FilePath::folder(folder)?, Some(last.to_owned())),
            None if plain.contains(['*', '?']) => (None, Some(plain.clone())),
            _ => {
                let path = FilePath::parse(&plain)?;
                let is_folder = plain.ends_with('/') || !files.list(Some(&path), false).await?.is_empty();
                if !is_folder {
                    let content = files.read(&path, LARGEST_FILE).await?.ok_or_else(|| missing(&path))?;
                    return Ok(vec![(path.name().to_owned(), content)]);
                }
                (Some(path), None)
            }
        };
        let mut found = Vec::new();
        for entry in files.list(folder.as_ref(), pattern.is_none()).await? {
            let fits = pattern
                .as_deref()
                .is_none_or(|pattern| matches(entry.path.name(), pattern));
            if entry.is_folder || !fits || entry.path == *archive {
                continue;
            }
            let below = folder.as_ref().and_then(|folder| {
                let rest = entry.path.as_str().strip_prefix(folder.as_str())?;
                Some(rest.trim_start_matches('/').to_owned())
            });
            let name = below.unwrap_or_else(|| entry.path.to_string());
            if let Some(content) = files.read(&entry.path, LARGEST_FILE).await? {
                found.push((name, content));
            }
        }
        Ok(found)
    }

    pub(super) async fn extract(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let archive = self.host.bytes(turn, &args.take("archive")).await?;
        let stem = archive
            .name
            .rsplit_once('.')
            .map_or(archive.name.as_str(), |(stem, _)| stem);
        let folder = if args.has("folder") {
            FilePath::folder(&args.text("folder")?)?
        } else {
            Some(FilePath::parse(stem)?)
        };
        let content = archive.content;
        let unpacked = crate::files::blocking(move || unpack(&content)).await?;
        let (files, key) = (self.host.of(turn), turn.idempotency_key().to_owned());
        let mut written = Vec::new();
        for (index, (path, content)) in unpacked.into_iter().enumerate() {
            let path = FilePath::join(folder.as_ref(), path.as_str())?;
            let file = files.write(&format!("{key}#{index}"), &path, content).await?;
            written.push(local(turn, file));
        }
        Ok(Value::List(written))
    }

    pub(super) async fn qr_code(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let data = args.text("data")?;
        let (usual, most) = QR_SIZE;
        let size = if args.has("size") {
            let wanted = args.number("size")?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the number was brought between two small ones"
            )]
            let pixels = wanted.clamp(32.0, f64::from(most)) as u32;
            pixels
        } else {
            usual
        };
        let path = if args.has("path") {
            path_of(&args.take("path"))?
        } else {
            let name = md5_of(data.as_bytes());
            FilePath::parse(&format!("qr/{}.png", name.get(..16).unwrap_or(&name)))?
        };
        let picture = crate::files::blocking(move || qr_picture(&data, size)).await?;
        let file = self.host.of(turn).write(turn.idempotency_key(), &path, picture).await?;
        Ok(local(turn, file))
    }
}

/// A PNG of about `size` pixels: every cell of the code gets the same whole number of them.
fn qr_picture(data: &str, size: u32) -> Result<Vec<u8>, Fault> {
    let code = QrCode::with_error_correction_level(data, EcLevel::M)
        .map_err(|error| misfit(format!("the text cannot become a QR code: {error}")))?;
    let cells = u32::try_from(code.width()).unwrap_or(u32::MAX);
    let scale = (size / (cells + 2 * QUIET)).max(1);
    let width = (cells + 2 * QUIET) * scale;
    let colors = code.to_colors();
    let is_dark = |x: u32, y: u32| -> bool {
        let cell = |at: u32| (at / scale).checked_sub(QUIET).filter(|cell| *cell < cells);
        let (Some(column), Some(line)) = (cell(x), cell(y)) else {
            return false;
        };
        let place = usize::try_from(line * cells + column).unwrap_or(usize::MAX);
        colors.get(place) == Some(&Color::Dark)
    };
    let pixels: Vec<u8> = (0..width)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| if is_dark(x, y) { 0 } else { 255 })
        .collect();
    let failed = |error: png::EncodingError| misfit(format!("the picture cannot be made: {error}"));
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, width);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
