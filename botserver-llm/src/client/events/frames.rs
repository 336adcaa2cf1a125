//! Amazon's event streams: a length, a length of headers, a checksum, headers, a payload and a checksum.

use bytes::{Buf, BytesMut};

use super::{Broken, Event, LONGEST_EVENT};

/// Two lengths and their checksum.
const PRELUDE: usize = 12;

/// The checksum at the end.
const SUM: usize = 4;

const GARBLED: Broken = Broken::Garbled("it is not an event stream");

/// Reads frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    name: String,
    data: String,
}

impl Frames {
    /// Takes a frame out of `buffer`; whether there was a whole one.
    pub(super) fn take(&mut self, buffer: &mut BytesMut) -> Result<bool, Broken> {
        if buffer.len() < PRELUDE {
            return Ok(false);
        }
        let mut prelude = buffer.get(..PRELUDE).unwrap_or_default();
        let sum = crc32fast::hash(prelude.get(..PRELUDE - SUM).unwrap_or_default());
        let (length, headers) = (size(prelude.get_u32())?, size(prelude.get_u32())?);
        if sum != prelude.get_u32() {
            return Err(Broken::Garbled("a checksum is wrong"));
        }
        if length < PRELUDE + SUM + headers {
            return Err(GARBLED);
        }
        if length > LONGEST_EVENT {
            return Err(Broken::Garbled("it is too long"));
        }
        if buffer.len() < length {
            return Ok(false);
        }
        let frame = buffer.split_to(length);
        let (checked, mut sum) = frame.split_at(length - SUM);
        if crc32fast::hash(checked) != sum.get_u32() {
            return Err(Broken::Garbled("a checksum is wrong"));
        }
        let (headers, payload) = checked
            .get(PRELUDE..)
            .and_then(|behind| behind.split_at_checked(headers))
            .ok_or(GARBLED)?;
        self.name.clear();
        self.headers(headers).ok_or(GARBLED)?;
        self.data.clear();
        self.data
            .push_str(str::from_utf8(payload).map_err(|_bytes| Broken::Garbled("it is not UTF-8"))?);
        Ok(true)
    }

    /// The event that was found last.
    pub(super) fn event(&self) -> Event<'_> {
        Event {
            name: &self.name,
            data: &self.data,
        }
    }

    /// Reads the name out of the headers; nothing when they are cut short or of an unknown kind.
    fn headers(&mut self, mut headers: &[u8]) -> Option<()> {
        while !headers.is_empty() {
            let length = headers.try_get_u8().ok()?;
            let (name, rest) = headers.split_at_checked(usize::from(length))?;
            headers = rest;
            let length = match headers.try_get_u8().ok()? {
                0 | 1 => 0,
                2 => 1,
                3 => 2,
                4 => 4,
                5 | 8 => 8,
                6 | 7 => usize::from(headers.try_get_u16().ok()?),
                9 => 16,
                _ => return None,
            };
            let (value, rest) = headers.split_at_checked(length)?;
            headers = rest;
            if matches!(name, b":event-type" | b":exception-type" | b":error-code") {
                self.name.clear();
                self.name.push_str(str::from_utf8(value).ok()?);
            }
        }
        Some(())
    }
}

fn size(length: u32) -> Result<usize, Broken> {
    usize::try_from(length).map_err(|_large| GARBLED)
}

/// A frame with headers of text, as the service makes it.
#[cfg(test)]
pub(super) fn frame(headers: &[(&str, &str)], payload: &str) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend(name.as_bytes());
        head.push(7);
        head.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        head.extend(value.as_bytes());
    }
    let length = u32::try_from(PRELUDE + head.len() + payload.len() + SUM).unwrap();
    let mut frame = length.to_be_bytes().to_vec();
    frame.extend(u32::try_from(head.len()).unwrap().to_be_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(head);
    frame.extend(payload.as_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}
