//! Messages as editors send them: a header with the length, then JSON.

use std::io::{self, BufRead, Read as _, Write};

use serde_json::Value as Json;

/// Bytes that one message may have: more than any package has.
const MAX_MESSAGE: usize = 64 << 20;

/// The next message; nothing when the other side has closed.
///
/// # Errors
/// When the header or the JSON cannot be read.
pub(crate) fn read(input: &mut dyn BufRead) -> io::Result<Option<Json>> {
    let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut length = None;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            // Blank lines between messages are no header.
            if length.is_some() {
                break;
            }
            continue;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            let value = value.trim();
            length =
                Some(value.parse::<usize>().map_err(|_no_number| {
                    wrong(format!("the header gives the length {value:?}, which is no number"))
                })?);
        }
    }
    let length = length.unwrap_or_default();
    if length > MAX_MESSAGE {
        return Err(wrong(format!(
            "a message of {length} bytes was announced, and {MAX_MESSAGE} are the most"
        )));
    }
    let mut body = Vec::new();
    let read = input.take(u64::try_from(length).unwrap_or(0)).read_to_end(&mut body)?;
    if read < length {
        return Ok(None);
    }
    serde_json::from_slice(&body)
        .map(Some)
        .map_err(|error| wrong(format!("a message is no JSON: {error}")))
}

/// Sends a message.
///
/// # Errors
/// When the other side is away.
pub(crate) fn write(out: &mut dyn Write, message: &Json) -> io::Result<()> {
    let body = message.to_string();
    write!(out, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_read_as_they_were_written() {
        let mut bytes = Vec::new();
        for message in [json!({ "text": "é" }), json!([1, 2])] {
            write(&mut bytes, &message).unwrap();
        }

        let mut input = bytes.as_slice();
        assert_eq!(read(&mut input).unwrap(), Some(json!({ "text": "é" })));
        assert_eq!(read(&mut input).unwrap(), Some(json!([1, 2])));
        assert_eq!(read(&mut input).unwrap(), None);
    }

    #[test]
    fn a_length_that_no_package_has_is_refused() {
        let mut input = &b"Content-Length: 99999999999\r\n\r\n"[..];

        assert!(read(&mut input).unwrap_err().to_string().contains("the most"));
    }
}
