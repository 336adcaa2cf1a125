//! The bots that run now, for everyone to look up.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use botlib::BotId;
use botstate::dialog::{Bot, Bots};
use parking_lot::RwLock;

use crate::mounted::Mounted;

/// Every bot in the version that runs. Readers take a snapshot, so that a change never shows them half of it.
#[derive(Debug, Default)]
pub(crate) struct Shelf(RwLock<Arc<Shelved>>);

#[derive(Debug, Clone, Default)]
struct Shelved {
    /// By name in lower case.
    bots: BTreeMap<String, Slot>,
    names: HashMap<BotId, String>,
}

#[derive(Debug, Clone)]
struct Slot {
    mounted: Arc<Mounted>,
    problems: Arc<[String]>,
}

impl Shelf {
    /// Puts a bot in place of the one with its name.
    pub(crate) fn put(&self, mounted: Arc<Mounted>, problems: Vec<String>) {
        self.change(|shelved| {
            let key = mounted.bot.name.to_lowercase();
            shelved.names.insert(mounted.bot.id, key.clone());
            shelved.bots.insert(
                key,
                Slot {
                    mounted,
                    problems: problems.into(),
                },
            );
        });
    }

    /// Lists other problems of the bot called `name`, which goes on as it is.
    pub(crate) fn note(&self, name: &str, problems: Vec<String>) {
        self.change(|shelved| {
            if let Some(slot) = shelved.bots.get_mut(&name.to_lowercase()) {
                slot.problems = problems.into();
            }
        });
    }

    /// Takes the bot called `name` away.
    pub(crate) fn remove(&self, name: &str) -> Option<Arc<Mounted>> {
        let mut removed = None;
        self.change(|shelved| {
            removed = shelved.bots.remove(&name.to_lowercase()).map(|slot| slot.mounted);
            if let Some(mounted) = &removed {
                shelved.names.remove(&mounted.bot.id);
            }
        });
        removed
    }

    /// The bot with its programs.
    pub(crate) fn mounted(&self, id: BotId) -> Option<Arc<Mounted>> {
        let shelved = self.now();
        let slot = shelved.bots.get(shelved.names.get(&id)?)?;
        Some(Arc::clone(&slot.mounted))
    }

    /// Every bot with its programs.
    pub(crate) fn all(&self) -> Vec<Arc<Mounted>> {
        self.now().bots.values().map(|slot| Arc::clone(&slot.mounted)).collect()
    }

    fn now(&self) -> Arc<Shelved> {
        Arc::clone(&self.0.read())
    }

    fn change(&self, change: impl FnOnce(&mut Shelved)) {
        let mut current = self.0.write();
        let mut next = Shelved::clone(&current);
        change(&mut next);
        *current = Arc::new(next);
    }
}

impl Bots for Shelf {
    fn find(&self, name_or_id: &str) -> Option<Arc<Bot>> {
        let shelved = self.now();
        let by_name = shelved.bots.get(&name_or_id.to_lowercase());
        let slot = by_name.or_else(|| shelved.bots.get(shelved.names.get(&name_or_id.parse().ok()?)?))?;
        Some(Arc::clone(&slot.mounted.bot))
    }

    fn get(&self, id: BotId) -> Option<Arc<Bot>> {
        self.mounted(id).map(|mounted| Arc::clone(&mounted.bot))
    }

    fn list(&self) -> Vec<Arc<Bot>> {
        self.all().into_iter().map(|mounted| Arc::clone(&mounted.bot)).collect()
    }

    fn diagnostics(&self, name: &str) -> Vec<String> {
        let shelved = self.now();
        shelved
            .bots
            .get(&name.to_lowercase())
            .map(|slot| slot.problems.to_vec())
            .unwrap_or_default()
    }
}
