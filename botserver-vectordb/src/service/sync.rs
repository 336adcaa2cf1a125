//! Brings the rows in step with what lies in packages.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use botlib::{BotId, OrgId};
use botstate::{
    db::{self, Connection},
    dialog::Bot,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::KnowledgeService;
use crate::{
    access::{Access, Rules, key_of},
    error::Error,
    library::space,
    model::{Collection, Entry, Origin, State, title_of},
    package::{self, Looked, Lying, Seen},
    store::{
        collections::{self, Policy},
        documents::{self, Arrival},
    },
};

/// Documents of one transaction, so that nobody waits long behind it.
const AT_ONCE: usize = 200;

/// A document of a package with the hash of its bytes.
#[derive(Debug, Clone)]
struct Hashed {
    path: String,
    size: i64,
    hash: String,
}

impl KnowledgeService {
    /// Looks at the package of every bot, and lets be indexed what has to be.
    pub(crate) async fn look_at_all(&self) {
        let _one = self.looking.lock().await;
        let Some(bots) = self.bots.clone() else { return };
        for bot in bots.list() {
            if let Err(error) = self.look_at(&bot).await {
                self.say_once(&bot, &error);
            }
            if let Err(error) = self.order_indexing(&bot).await {
                self.say_once(&bot, &error);
            }
        }
        let running: HashSet<BotId> = bots.list().iter().map(|bot| bot.id).collect();
        self.seen.lock().retain(|id, _| running.contains(id));
        if let Some(bot) = bots.list().first()
            && let Err(error) = self.forget_removed(bot.org, &running).await
        {
            self.say_once(bot, &error);
        }
    }

    /// Takes away what packages held that are gone.
    async fn forget_removed(&self, org: OrgId, running: &HashSet<BotId>) -> Result<(), Error> {
        let known = self
            .db
            .read(move |conn| collections::bots(conn, org).map_err(db::Error::from))
            .await?;
        for bot in known.into_iter().filter(|bot| !running.contains(bot)) {
            let all = self
                .db
                .read(move |conn| {
                    let all = collections::list(conn, org, bot)?;
                    all.into_iter()
                        .map(|collection| Ok((documents::list(conn, org, collection.id)?, collection)))
                        .collect::<Result<Vec<_>, db::Error>>()
                })
                .await?;
            for (entries, collection) in all {
                let of_package = entries.iter().filter(|entry| entry.origin == Origin::Package);
                let gone: Vec<Uuid> = of_package.map(|entry| entry.id).collect();
                let is_all = gone.len() == entries.len();
                if !gone.is_empty() {
                    self.delete_documents(&collection, gone).await?;
                }
                if is_all && collection.origin == Origin::Package {
                    let id = collection.id;
                    self.db
                        .write(move |conn| collections::delete(conn, org, id).map_err(db::Error::from))
                        .await?;
                    self.library.forget(&collection).await?;
                }
            }
        }
        Ok(())
    }

    /// Looks at the package of one bot now.
    pub(crate) async fn look_now(&self, bot: &Arc<Bot>) -> Result<(), Error> {
        let _one = self.looking.lock().await;
        self.look_at(bot).await?;
        self.order_indexing(bot).await
    }

    fn say_once(&self, bot: &Bot, error: &Error) {
        let cause = std::error::Error::source(error)
            .map(ToString::to_string)
            .unwrap_or_default();
        if self.said.lock().insert(format!("{}: {error}: {cause}", bot.name)) {
            tracing::warn!(bot.name = %bot.name, "the documents of {} cannot be looked at: {error}: {cause}", bot.name);
        }
    }

    async fn look_at(&self, bot: &Arc<Bot>) -> Result<(), Error> {
        let before = self.seen.lock().get(&bot.id).cloned().unwrap_or_default();
        let (dir, name) = (self.bots_dir.clone(), bot.name.clone());
        let looked = tokio::task::spawn_blocking(move || match package::folder(&dir, &name)? {
            Some(folder) => package::look(&folder).map(Some),
            None => Ok(None),
        })
        .await;
        let looked: Looked = match looked {
            Ok(Ok(Some(looked))) => looked,
            // The bot goes on without a folder for a moment, and so do its documents.
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(Error::Invalid(format!("cannot read its package: {error}"))),
            Err(error) => return Err(Error::Invalid(error.to_string())),
        };
        if before.is_kept && before.looked == looked {
            return Ok(());
        }
        for why in &looked.left_out {
            if self.said.lock().insert(format!("{} {why}", bot.name)) {
                tracing::warn!(bot.name = %bot.name, "a document of {} is left out: {why}", bot.name);
            }
        }
        let Some(hashes) = self.hash(&looked, before.hashes).await else {
            return Ok(());
        };
        let rules = self.keep_policy(bot, &looked).await?;
        self.keep_documents(bot, &looked, &hashes, rules).await?;
        let seen = Seen {
            looked,
            hashes,
            is_kept: true,
        };
        self.seen.lock().insert(bot.id, seen);
        Ok(())
    }

    /// The hashes of all files; those that are as they were are not read again.
    async fn hash(
        &self,
        looked: &Looked,
        mut before: HashMap<PathBuf, (Lying, String)>,
    ) -> Option<HashMap<PathBuf, (Lying, String)>> {
        let all: Vec<Lying> = looked
            .collections
            .values()
            .flat_map(BTreeMap::values)
            .cloned()
            .collect();
        let mut hashes = HashMap::with_capacity(all.len());
        let mut fresh = Vec::new();
        for lying in all {
            match before.remove(&lying.path) {
                Some((known, hash)) if known == lying => {
                    hashes.insert(lying.path.clone(), (lying, hash));
                }
                _ => fresh.push(lying),
            }
        }
        for some in fresh.chunks(16) {
            let some = some.to_vec();
            let read = self.backstage.run(move || {
                some.into_iter()
                    .filter_map(|lying| {
                        // A file that cannot be read now is looked at again, and meanwhile as if it were not there.
                        let hash = package::hash_file(&lying.path).ok()?;
                        Some((lying.path.clone(), (lying, hash)))
                    })
                    .collect::<Vec<_>>()
            });
            hashes.extend(read.await?);
        }
        Some(hashes)
    }

    /// Keeps who may read what, and gives the rules.
    async fn keep_policy(&self, bot: &Bot, looked: &Looked) -> Result<Rules, Error> {
        let (text, unreadable) = match &looked.permissions {
            None => (None, None),
            Some(Ok(text)) => (Some(text.clone()), None),
            Some(Err(error)) => (None, Some(error.clone())),
        };
        let parsed = match unreadable {
            Some(error) => Err(error),
            None => Rules::parse(text.as_deref().unwrap_or_default()),
        };
        if let Err(error) = &parsed {
            tracing::error!(bot.name = %bot.name,
                "kb.permissions.yaml of {} cannot be understood, so nobody may read its documents: {error}", bot.name);
        }
        let wanted = Policy {
            permissions: text,
            error: parsed.as_ref().err().cloned(),
            version: 0,
        };
        let (org, id) = (bot.org, bot.id);
        self.db
            .write(move |conn| {
                let known = collections::policy(conn, org, id)?;
                if (&known.permissions, &known.error) != (&wanted.permissions, &wanted.error) {
                    collections::set_policy(conn, org, id, &wanted)?;
                }
                Ok::<_, db::Error>(())
            })
            .await?;
        Ok(parsed.unwrap_or_else(|_said| Rules::closed()))
    }

    async fn keep_documents(
        &self,
        bot: &Bot,
        looked: &Looked,
        hashes: &HashMap<PathBuf, (Lying, String)>,
        rules: Rules,
    ) -> Result<(), Error> {
        let (org, id, now) = (bot.org, bot.id, self.clock.now());
        let rules = Arc::new(rules);
        for (name, lying) in &looked.collections {
            let wanted: Vec<Hashed> = lying
                .iter()
                .filter_map(|(path, lying)| {
                    let (_, hash) = hashes.get(&lying.path)?;
                    Some(Hashed {
                        path: path.clone(),
                        size: i64::try_from(lying.size).unwrap_or(i64::MAX),
                        hash: hash.clone(),
                    })
                })
                .collect();
            let owned = name.clone();
            let collection = self
                .db
                .write(move |conn| {
                    collections::ensure(conn, org, id, &owned, Origin::Package, now).map_err(db::Error::from)
                })
                .await?;
            self.keep_collection(&collection, wanted, &rules, now).await?;
        }
        let known = self
            .db
            .read(move |conn| collections::list(conn, org, id).map_err(db::Error::from))
            .await?;
        let here: HashSet<String> = looked.collections.keys().map(|name| name.to_lowercase()).collect();
        for collection in known {
            if here.contains(&collection.name.to_lowercase()) {
                continue;
            }
            // Documents that the API gave stay, and so does their collection.
            self.keep_collection(&collection, Vec::new(), &rules, now).await?;
            let left = collection.clone();
            if collection.origin == Origin::Package {
                let is_gone = self
                    .db
                    .write(move |conn| {
                        let is_empty = documents::list(conn, org, left.id)?.is_empty();
                        if is_empty {
                            collections::delete(conn, org, left.id)?;
                        }
                        Ok::<_, db::Error>(is_empty)
                    })
                    .await?;
                if is_gone {
                    self.library.forget(&collection).await?;
                }
            }
        }
        Ok(())
    }

    /// Makes the package's documents of a collection those that are wanted.
    async fn keep_collection(
        &self,
        collection: &Collection,
        wanted: Vec<Hashed>,
        rules: &Arc<Rules>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (org, id) = (collection.org, collection.id);
        let known = self
            .db
            .read(move |conn| documents::list(conn, org, id).map_err(db::Error::from))
            .await?;
        let mut by_path: HashMap<String, Entry> = known.into_iter().map(|entry| (entry.path.clone(), entry)).collect();
        let mut work: Vec<(Hashed, String)> = Vec::new();
        for hashed in wanted {
            let access = key_of(&rules.access(&collection.name, &hashed.path));
            match by_path.remove(&hashed.path) {
                Some(known) if known.hash == hashed.hash && known.access == access => {}
                _ => work.push((hashed, access)),
            }
        }
        let mut gone: Vec<Uuid> = Vec::new();
        let mut others: Vec<(Entry, String)> = Vec::new();
        for entry in by_path.into_values() {
            if entry.origin == Origin::Package {
                gone.push(entry.id);
            } else {
                let access = key_of(&rules.access(&collection.name, &entry.path));
                if access != entry.access {
                    others.push((entry, access));
                }
            }
        }
        // An index that keeps points of its own is told of other readers when the document is indexed again.
        let anew = !self.index.is_volatile();
        // What is gone goes first: nobody finds it while the rest is written.
        if !gone.is_empty() {
            self.delete_documents(collection, gone).await?;
        }
        for some in work.chunks(AT_ONCE) {
            let (some, collection) = (some.to_vec(), collection.clone());
            self.db
                .write(move |conn| {
                    for (hashed, access) in &some {
                        put(conn, &collection, hashed, access, now, anew)?;
                    }
                    Ok::<_, db::Error>(())
                })
                .await?;
        }
        for some in others.chunks(AT_ONCE) {
            let some = some.to_vec();
            self.db
                .write(move |conn| {
                    for (entry, access) in &some {
                        change_access(conn, entry, access, now, anew)?;
                    }
                    Ok::<_, db::Error>(())
                })
                .await?;
        }
        Ok(())
    }

    /// Takes documents away with every trace of them.
    pub(crate) async fn delete_documents(&self, collection: &Collection, ids: Vec<Uuid>) -> Result<(), Error> {
        let (org, id, gone) = (collection.org, collection.id, ids.clone());
        self.db
            .write(move |conn| documents::delete(conn, org, id, &gone).map_err(db::Error::from))
            .await?;
        // A volatile index is brought up to date by the next search, which sees that the rows have changed.
        if let Some(embedder) = collection.embedder.as_deref()
            && !self.index.is_volatile()
        {
            self.index.remove(&space(collection, embedder), &ids, &[]).await?;
        }
        Ok(())
    }

    /// Lets be indexed what waits, unless that is on its way.
    pub(crate) async fn order_indexing(&self, bot: &Arc<Bot>) -> Result<(), Error> {
        let rests = |until: &Instant| Instant::now() < *until;
        if self.busy.lock().contains_key(&bot.id) || self.resting.lock().get(&bot.id).is_some_and(rests) {
            return Ok(());
        }
        let (org, id) = (bot.org, bot.id);
        let target = self.embedders.for_bot(bot).id().to_owned();
        let is_unfilled = !self.index.is_volatile() && !self.filled.lock().contains(&bot.id);
        let needs = self
            .db
            .read(move |conn| {
                if documents::next_waiting(conn, org, id)?.is_some() {
                    return Ok(true);
                }
                let all = collections::list(conn, org, id)?;
                let is_other = |embedder: &String| *embedder != target;
                Ok::<_, db::Error>(all.iter().any(|one| one.embedder.as_ref().is_some_and(is_other)))
            })
            .await?;
        if needs || is_unfilled {
            self.enqueue(org, id).await?;
        }
        Ok(())
    }
}

/// Writes a document of a package.
fn put(
    conn: &mut Connection,
    collection: &Collection,
    hashed: &Hashed,
    access: &str,
    now: DateTime<Utc>,
    anew: bool,
) -> Result<(), db::Error> {
    let known = documents::find_path(conn, collection.id, &hashed.path)?;
    let arrival = Arrival {
        org: collection.org,
        bot: collection.bot,
        collection: collection.id,
        path: &hashed.path,
        origin: Origin::Package,
        title: title_of(&hashed.path),
        hash: &hashed.hash,
        size: hashed.size,
        access,
    };
    documents::put(conn, &arrival, now)?;
    if let Some(known) = known
        && known.access != access
    {
        change_access(conn, &known, access, now, anew)?;
    }
    Ok(())
}

/// Other readers for a document. Whether it is indexed at all depends on whether there are any.
fn change_access(
    conn: &mut Connection,
    entry: &Entry,
    access: &str,
    now: DateTime<Utc>,
    anew: bool,
) -> Result<(), db::Error> {
    documents::set_access(conn, entry, access)?;
    let nobody = Access::Nobody.key();
    if anew || entry.state == State::Hidden || access == nobody {
        documents::wait_again(conn, &[entry.id], now)?;
    }
    Ok(())
}

impl KnowledgeService {
    /// Orders the indexing of a bot's documents.
    pub(crate) async fn enqueue(&self, org: OrgId, bot: BotId) -> Result<(), Error> {
        match self.index_job(org, bot) {
            Some(change) => {
                self.db.write(move |conn| change(conn).map_err(db::Error::from)).await?;
            }
            None => self.index_without_jobs(bot),
        }
        Ok(())
    }
}
