//! Server-sent events.

use bytes::{Buf, BytesMut};

use super::{Broken, Event};

const MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads server-sent events line by line. The texts are kept between events, so that none of them allocates.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each tells something else about the bytes so far"
)]
pub(super) struct Lines {
    name: String,
    data: String,
    has_data: bool,
    /// An event was given out, so that the next line begins another one.
    given: bool,
    begun: bool,
    /// The last line ended with a carriage return; a line feed that follows belongs to it.
    half_end: bool,
    /// Bytes of the buffer that have no line end.
    searched: usize,
}

impl Lines {
    /// Takes lines out of `buffer` until an event is whole; whether one is.
    pub(super) fn take(&mut self, buffer: &mut BytesMut) -> Result<bool, Broken> {
        if !self.begun {
            if buffer.len() < MARK.len() && MARK.starts_with(buffer) {
                return Ok(false);
            }
            self.begun = true;
            if buffer.starts_with(MARK) {
                buffer.advance(MARK.len());
            }
        }
        loop {
            if self.half_end && !buffer.is_empty() {
                self.half_end = false;
                if buffer.first() == Some(&b'\n') {
                    buffer.advance(1);
                }
            }
            let rest = buffer.get(self.searched..).unwrap_or_default();
            let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.searched = buffer.len();
                return Ok(false);
            };
            let line = buffer.split_to(self.searched + end);
            self.searched = 0;
            self.half_end = buffer.first() == Some(&b'\r');
            buffer.advance(1);
            if self.line(&line)? {
                return Ok(true);
            }
        }
    }

    /// The event that was found last.
    pub(super) fn event(&self) -> Event<'_> {
        Event {
            name: &self.name,
            data: &self.data,
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<bool, Broken> {
        if std::mem::take(&mut self.given) {
            self.name.clear();
            self.data.clear();
        }
        if line.is_empty() {
            self.given = true;
            return Ok(std::mem::take(&mut self.has_data));
        }
        let line = str::from_utf8(line).map_err(|_bytes| Broken::Garbled("it is not UTF-8"))?;
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            "event" => {
                self.name.clear();
                self.name.push_str(value);
            }
            _ => {}
        }
        Ok(false)
    }
}
