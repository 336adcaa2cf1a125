//! How topics and prefixes map to the server's channels.
//!
//! A message goes to the channel named by the first two parts of its topic and the next 36 bytes, the length
//! of a UUID: `conversation:<org>:<conversation>` has a channel of its own whatever follows. A prefix that
//! reaches so far needs that one channel; a shorter one needs a pattern. The server compares each published
//! message with every pattern, so short prefixes are for the few listeners that a node has, not for visitors.

use bytes::Bytes;

const CHANNELS: &[u8] = b"botserver:topic:";

/// Bytes of the third part that belong to the channel's name.
const NAME_BYTES: usize = 36;

/// A subscription on the server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Route {
    /// One channel, by its name.
    Channel(Vec<u8>),
    /// Every channel that matches.
    Pattern(Vec<u8>),
}

impl Route {
    /// The subscription that brings every topic which begins with `prefix`.
    pub(super) fn of(prefix: &str) -> Self {
        match channel_end(prefix) {
            Some(_) => Self::Channel(channel(prefix)),
            None => Self::Pattern(pattern(prefix)),
        }
    }
}

/// Where the channel's part of `topic` ends, unless `topic` is shorter than that.
fn channel_end(topic: &str) -> Option<usize> {
    let (second_colon, _) = topic.match_indices(':').nth(1)?;
    let end = second_colon + 1 + NAME_BYTES;
    (end <= topic.len()).then_some(end)
}

/// The channel on which `topic` is published.
pub(super) fn channel(topic: &str) -> Vec<u8> {
    let end = channel_end(topic).unwrap_or(topic.len());
    [CHANNELS, topic.as_bytes().get(..end).unwrap_or_default()].concat()
}

/// The pattern of channels whose topics begin with `prefix`.
fn pattern(prefix: &str) -> Vec<u8> {
    let mut pattern = CHANNELS.to_vec();
    for byte in prefix.bytes() {
        if matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\') {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern.push(b'*');
    pattern
}

/// The prefix for which [`pattern`] made this.
pub(super) fn prefix_of(pattern: &[u8]) -> Option<String> {
    let mut quoted = pattern.strip_prefix(CHANNELS)?.strip_suffix(b"*")?.iter();
    let mut prefix = Vec::new();
    while let Some(&byte) = quoted.next() {
        prefix.push(if byte == b'\\' { *quoted.next()? } else { byte });
    }
    String::from_utf8(prefix).ok()
}

/// A message with its topic before it, because a channel's name may be only its beginning.
pub(super) fn pack(topic: &str, message: &Bytes) -> Vec<u8> {
    let length = u32::try_from(topic.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), topic.as_bytes(), message].concat()
}

/// The topic and the message of what [`pack`] made.
pub(super) fn unpack(packed: &[u8]) -> Option<(&str, Bytes)> {
    let (length, rest) = packed.split_first_chunk::<4>()?;
    let (topic, message) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((str::from_utf8(topic).ok()?, Bytes::copy_from_slice(message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: &str = "conversation:0198c0de-0000-7000-8000-000000000001";
    const ID: &str = "0198c0de-0000-7000-8000-00000000000a";

    #[test]
    fn a_topic_and_every_longer_prefix_share_a_channel() {
        let topic = format!("{ORG}:{ID}:events:17");

        for prefix in [
            format!("{ORG}:{ID}"),
            format!("{ORG}:{ID}:"),
            format!("{ORG}:{ID}:events"),
            topic.clone(),
        ] {
            assert_eq!(Route::of(&prefix), Route::Channel(channel(&topic)), "{prefix}");
        }
    }

    #[test]
    fn shorter_prefixes_are_patterns_with_their_special_characters_quoted() {
        for (prefix, expected) in [
            ("", "botserver:topic:*"),
            ("bot:", "botserver:topic:bot:*"),
            ("a*[b]?\\", "botserver:topic:a\\*\\[b\\]\\?\\\\*"),
        ] {
            assert_eq!(Route::of(prefix), Route::Pattern(expected.into()), "{prefix}");
            assert_eq!(prefix_of(expected.as_bytes()).as_deref(), Some(prefix));
        }
        assert!(matches!(Route::of(&format!("{ORG}:0198c0de")), Route::Pattern(_)));
    }

    #[test]
    fn packed_messages_unpack_and_anything_else_is_refused() {
        let packed = pack("a:é", &Bytes::from_static(b"\0\xff"));

        assert_eq!(unpack(&packed), Some(("a:é", Bytes::from_static(b"\0\xff"))));
        assert_eq!(unpack(b"\0\0\0\x09short"), None);
        assert_eq!(unpack(b""), None);
    }
}
