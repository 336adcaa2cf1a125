//! Cached values, bounded by number and bytes, the least recently used dropped first.

use bytes::Bytes;
use lru::LruCache;

/// Entries at most.
const MAX_ENTRIES: usize = 100_000;

/// Bytes of keys and values at most.
const MAX_BYTES: usize = 64 << 20;

/// What an entry costs besides its key and value: map slot, list links, headers.
const OVERHEAD: usize = 128;

/// The cache's entries.
pub(super) struct Entries {
    entries: LruCache<Box<str>, Entry>,
    bytes: usize,
}

struct Entry {
    value: Bytes,
    /// Microseconds of the clock from which the entry is gone.
    end: i64,
}

impl Default for Entries {
    fn default() -> Self {
        Self {
            entries: LruCache::unbounded(),
            bytes: 0,
        }
    }
}

impl Entries {
    /// The value of `key` at `now`.
    pub(super) fn get(&mut self, key: &str, now: i64) -> Option<Bytes> {
        let entry = self.entries.get(key)?;
        if entry.end > now {
            return Some(entry.value.clone());
        }
        self.remove(key);
        None
    }

    /// Keeps `value` until `end`, and makes room for it.
    pub(super) fn set(&mut self, key: &str, value: Bytes, end: i64) {
        self.remove(key);
        self.bytes += size(key, &value);
        self.entries.put(key.into(), Entry { value, end });
        while self.bytes > MAX_BYTES || self.entries.len() > MAX_ENTRIES {
            let Some((key, entry)) = self.entries.pop_lru() else {
                break;
            };
            self.bytes -= size(&key, &entry.value);
        }
    }

    /// Forgets `key`.
    pub(super) fn remove(&mut self, key: &str) {
        if let Some(entry) = self.entries.pop(key) {
            self.bytes -= size(key, &entry.value);
        }
    }
}

fn size(key: &str, value: &Bytes) -> usize {
    key.len() + value.len() + OVERHEAD
}
