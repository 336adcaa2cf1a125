//! Objects: named values in the order of their making, found in any letter case.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use indexmap::{Equivalent, IndexMap};
use rhai::ImmutableString;

use super::{Outcome, Val, check_weight};

/// Named values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    entries: Arc<IndexMap<Key, Val>>,
    weight: usize,
}

#[derive(Debug, Clone)]
struct Key(ImmutableString);

struct Look<'a>(&'a str);

fn hash_name(name: &str, state: &mut impl Hasher) {
    for byte in name.bytes() {
        state.write_u8(byte.to_ascii_lowercase());
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_name(&self.0, state);
    }
}

impl Hash for Look<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_name(self.0, state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Key {}

impl Equivalent<Key> for Look<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        key.0.eq_ignore_ascii_case(self.0)
    }
}

impl Object {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Val> {
        self.entries.get(&Look(name))
    }

    /// The message of an error, as TRY and ERROR give it; nothing for other objects.
    pub(crate) fn error_message(&self) -> Option<&Val> {
        let marked = matches!(self.get("error"), Some(Val::Bool(true)));
        self.get("message").filter(|_| marked)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ImmutableString, &Val)> {
        self.entries.iter().map(|(key, value)| (&key.0, value))
    }

    pub(crate) fn set(&mut self, name: ImmutableString, value: Val) -> Outcome<()> {
        self.change(name, |slot| {
            *slot = value;
            Ok(())
        })
    }

    /// Changes the entry called `name`, which is made when it is not there.
    pub(crate) fn change(
        &mut self,
        name: ImmutableString,
        change: impl FnOnce(&mut Val) -> Outcome<()>,
    ) -> Outcome<()> {
        let known = self.entries.contains_key(&Look(&name));
        let key_weight = if known { 0 } else { name.len() + 32 };
        let slot = Arc::make_mut(&mut self.entries).entry(Key(name)).or_default();
        let before = if known { slot.weight() } else { 0 };
        let changed = change(slot);
        self.weight = (self.weight + key_weight + slot.weight()).saturating_sub(before);
        changed?;
        check_weight(self.weight)
    }

    pub(crate) fn remove(&mut self, name: &str) -> Val {
        let Some((key, value)) = Arc::make_mut(&mut self.entries).shift_remove_entry(&Look(name)) else {
            return Val::Null;
        };
        self.weight = self.weight.saturating_sub(key.0.len() + 32 + value.weight());
        value
    }
}
