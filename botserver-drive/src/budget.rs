//! What reading one document may still cost.

use std::time::{Duration, Instant};

use botstate::document::{ExtractError, Limits};

/// How often the clock is asked: every so many calls.
const CALLS: u32 = 64;

/// Counts what reading a document costs against its [`Limits`].
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    deadline: Instant,
    characters: usize,
    unpacked: u64,
    entries: usize,
    calls: u32,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            deadline: Instant::now() + limits.time,
            characters: 0,
            unpacked: 0,
            entries: 0,
            calls: 0,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// To be called in every loop over what a file says.
    pub(crate) fn tick(&mut self) -> Result<(), ExtractError> {
        self.calls = self.calls.wrapping_add(1);
        if self.calls.is_multiple_of(CALLS) && Instant::now() > self.deadline {
            return Err(too_slow(self.limits.time));
        }
        Ok(())
    }

    pub(crate) fn characters(&mut self, more: usize) -> Result<(), ExtractError> {
        self.characters = self.characters.saturating_add(more);
        if self.characters > self.limits.characters {
            let most = self.limits.characters;
            return Err(too_large("more text than can be used", format!("{most} characters")));
        }
        self.tick()
    }

    pub(crate) fn unpacked(&mut self, more: u64) -> Result<(), ExtractError> {
        self.unpacked = self.unpacked.saturating_add(more);
        if self.unpacked > self.limits.unpacked_bytes {
            return Err(too_large(
                "more packed into it than it shows",
                format!("{} unpacked", mebibytes(self.limits.unpacked_bytes)),
            ));
        }
        self.tick()
    }

    /// Bytes that may still be unpacked.
    pub(crate) fn room(&self) -> u64 {
        self.limits.unpacked_bytes.saturating_sub(self.unpacked)
    }

    pub(crate) fn entries(&mut self, more: usize) -> Result<(), ExtractError> {
        self.entries = self.entries.saturating_add(more);
        if self.entries > self.limits.entries {
            let most = self.limits.entries;
            return Err(too_large(format!("{} parts", self.entries), format!("{most} parts")));
        }
        Ok(())
    }

    pub(crate) fn page(&mut self, page: u32) -> Result<(), ExtractError> {
        if page > self.limits.pages {
            let most = self.limits.pages;
            return Err(too_large(format!("more than {most} pages"), format!("{most} pages")));
        }
        self.tick()
    }

    pub(crate) fn depth(&mut self, depth: usize) -> Result<(), ExtractError> {
        if depth > self.limits.nesting {
            let most = self.limits.nesting;
            return Err(too_large("parts nested too deep", format!("{most} levels")));
        }
        self.tick()
    }
}

pub(crate) fn too_large(what: impl Into<String>, limit: impl Into<String>) -> ExtractError {
    ExtractError::TooLarge {
        what: what.into(),
        limit: limit.into(),
    }
}

pub(crate) fn too_slow(time: Duration) -> ExtractError {
    too_large(
        "more in it than can be read in its time",
        format!("{} s", time.as_secs_f64()),
    )
}

pub(crate) fn too_hungry(bytes: u64) -> ExtractError {
    too_large("more in it than fits in the memory for reading", mebibytes(bytes))
}

pub(crate) fn damaged(format: &'static str, reason: impl Into<String>) -> ExtractError {
    ExtractError::Damaged {
        format: format.into(),
        reason: reason.into(),
    }
}

pub(crate) fn mebibytes(bytes: u64) -> String {
    if bytes < 1 << 20 {
        format!("{bytes} bytes")
    } else {
        format!("{} MiB", bytes >> 20)
    }
}
