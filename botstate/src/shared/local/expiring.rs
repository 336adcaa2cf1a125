//! A map whose entries end, cleaned as it grows: no task has to run for it.

use std::collections::HashMap;

/// Below this size a map is not worth a look.
const SMALL: usize = 1024;

/// Values with the moment, in microseconds of the clock, from which they are gone.
pub(super) struct Expiring<V> {
    entries: HashMap<Box<str>, (V, i64)>,
    /// The size at which ended entries are looked for again: twice what was left the last time, so that
    /// each insertion pays for a constant share of the search.
    sweep_at: usize,
}

impl<V> Default for Expiring<V> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            sweep_at: SMALL,
        }
    }
}

impl<V> Expiring<V> {
    /// The value of `key` and its end, unless that has come.
    pub(super) fn get(&self, key: &str, now: i64) -> Option<(&V, i64)> {
        self.entries
            .get(key)
            .filter(|(_, end)| *end > now)
            .map(|(value, end)| (value, *end))
    }

    /// Keeps `value` until `end`.
    pub(super) fn set(&mut self, key: &str, value: V, end: i64, now: i64) {
        if let Some(entry) = self.entries.get_mut(key) {
            *entry = (value, end);
            return;
        }
        if self.entries.len() >= self.sweep_at {
            self.entries.retain(|_, (_, end)| *end > now);
            self.entries.shrink_to(SMALL);
            self.sweep_at = SMALL.max(2 * self.entries.len());
        }
        self.entries.insert(key.into(), (value, end));
    }

    /// Forgets `key`.
    pub(super) fn remove(&mut self, key: &str) {
        self.entries.remove(key);
    }

    /// When there are more than `most` entries, forgets those that would end before the average one.
    pub(super) fn shrink_to(&mut self, most: usize, now: i64) {
        if self.entries.len() <= most {
            return;
        }
        let left: i128 = self.entries.values().map(|(_, end)| i128::from(end - now)).sum();
        let mean = left / i128::try_from(self.entries.len()).unwrap_or(1);
        self.entries.retain(|_, (_, end)| i128::from(*end - now) > mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ended_entries_do_not_pile_up() {
        let mut map = Expiring::default();

        for now in 0..100_000_i64 {
            map.set(&now.to_string(), (), now + 10, now);
        }

        assert!(map.entries.len() <= SMALL, "{} entries", map.entries.len());
    }

    #[test]
    fn too_many_live_entries_give_way_to_those_that_last_longer() {
        let mut map = Expiring::default();
        map.set("limited", (), 1_000_000, 0);
        for number in 0..2_000 {
            map.set(&number.to_string(), (), 10, 0);
        }

        map.shrink_to(1_000, 0);

        assert!(map.get("limited", 0).is_some());
        assert!(map.entries.len() <= 1_000);
    }
}
