//! What those who manage knowledge add and take away.

use std::sync::Arc;

use botlib::{Caller, OrgId};
use botstate::{audit::Act, db, dialog::Bot};
use bytes::Bytes;
use uuid::Uuid;

use super::KnowledgeService;
use crate::{
    access::{Rules, key_of},
    error::Error,
    model::{Collection, Entry, Origin, collection_name, document_path, title_of},
    package::hash_bytes,
    store::{
        collections::{self, Policy},
        documents::{self, Arrival},
    },
};

/// Collections of a bot at most.
const COLLECTIONS: usize = 50;

/// Documents of a collection at most.
const DOCUMENTS: usize = 100_000;

/// A document that is given.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) collection: String,
    pub(crate) path: String,
    pub(crate) origin: Origin,
    pub(crate) bytes: Bytes,
}

impl KnowledgeService {
    /// Makes a collection.
    pub(crate) async fn create_collection(&self, caller: &Caller, bot: &str, name: &str) -> Result<Collection, Error> {
        let bot = self.bot(caller, bot)?;
        let name = collection_name(name)?;
        let (org, id, now) = (bot.org, bot.id, self.clock.now());
        let most = limit(&bot);
        let act = Act::of(caller, "kb.create-collection")
            .on("bot", id)
            .with("collection", name.as_str());
        self.db
            .write(move |conn| {
                act.record(conn, now)?;
                let all = collections::list(conn, org, id)?;
                if all.iter().any(|known| known.name.to_lowercase() == name.to_lowercase()) {
                    return Err(Error::Exists(name));
                }
                check_room(all.len(), most)?;
                Ok(collections::ensure(conn, org, id, &name, Origin::Api, now)?)
            })
            .await
    }

    /// Takes a collection away with every document in it.
    pub(crate) async fn delete_collection(&self, caller: &Caller, bot: &str, name: &str) -> Result<(), Error> {
        let bot = self.bot(caller, bot)?;
        let (org, id, now) = (bot.org, bot.id, self.clock.now());
        let name = collection_name(name)?;
        let act = Act::of(caller, "kb.delete-collection")
            .on("bot", id)
            .with("collection", name.as_str());
        let gone = self
            .db
            .write(move |conn| {
                let found = collections::find(conn, org, id, &name)?.ok_or(Error::Unknown("collection"))?;
                if documents::list(conn, org, found.id)?
                    .iter()
                    .any(|entry| entry.origin == Origin::Package)
                    || found.origin == Origin::Package
                {
                    return Err(Error::OfPackage(format!("the collection {}", found.name)));
                }
                collections::delete(conn, org, found.id)?;
                act.record(conn, now)?;
                Ok::<_, Error>(found)
            })
            .await?;
        self.library.forget(&gone).await
    }

    /// Keeps a document and lets it be indexed; the one at its path is replaced.
    pub(crate) async fn upload(&self, bot: &Arc<Bot>, upload: Upload) -> Result<Entry, Error> {
        let change = self.upload_change(bot, upload)?;
        let entry = self.db.write(move |conn| change(conn)).await?;
        if self.jobs.is_none() {
            self.index_without_jobs(bot.id);
        }
        Ok(entry)
    }

    /// The change that keeps a document and orders its indexing in one.
    pub(crate) fn upload_change(
        &self,
        bot: &Arc<Bot>,
        upload: Upload,
    ) -> Result<impl FnOnce(&mut db::Connection) -> Result<Entry, Error> + Send + use<>, Error> {
        let (name, path) = (
            collection_name(&upload.collection)?,
            match upload.origin {
                Origin::Website => upload.path.clone(),
                _ => document_path(&upload.path)?,
            },
        );
        let hash = hash_bytes(&upload.bytes);
        let (org, id, now, most) = (bot.org, bot.id, self.clock.now(), limit(bot));
        let job = self.index_job(org, id);
        Ok(move |conn: &mut db::Connection| {
            let all = collections::list(conn, org, id)?;
            if !all.iter().any(|known| known.name.to_lowercase() == name.to_lowercase()) {
                check_room(all.len(), most)?;
            }
            let collection = collections::ensure(conn, org, id, &name, Origin::Api, now)?;
            if let Some(known) = documents::find_path(conn, collection.id, &path)?
                && known.origin == Origin::Package
            {
                return Err(Error::OfPackage(format!("the document {path}")));
            }
            let access = key_of(&rules(conn, org, id)?.access(&collection.name, &path));
            let arrival = Arrival {
                org,
                bot: id,
                collection: collection.id,
                path: &path,
                origin: upload.origin,
                title: title_of(&path),
                hash: &hash,
                size: i64::try_from(upload.bytes.len()).unwrap_or(i64::MAX),
                access: &access,
            };
            let (document, is_new) = documents::put(conn, &arrival, now)?;
            if is_new {
                if documents::count(conn, collection.id)? > DOCUMENTS {
                    return Err(Error::TooMany(format!(
                        "a collection has {DOCUMENTS} documents at most: take some away"
                    )));
                }
                documents::keep_content(conn, org, document, &upload.bytes)?;
                if let Some(job) = job {
                    job(conn)?;
                }
            }
            documents::find(conn, org, id, document)?.ok_or(Error::Unknown("document"))
        })
    }

    /// Takes a document away with every trace of it.
    pub(crate) async fn delete_document(&self, caller: &Caller, bot: &str, id: Uuid) -> Result<(), Error> {
        let bot = self.bot(caller, bot)?;
        let (org, of) = (bot.org, bot.id);
        let (entry, collection) = self
            .db
            .read(move |conn| {
                let entry = documents::find(conn, org, of, id)?.ok_or(Error::Unknown("document"))?;
                let all = collections::list(conn, org, of)?;
                let collection = all.into_iter().find(|collection| collection.id == entry.collection);
                Ok::<_, Error>((entry, collection.ok_or(Error::Unknown("collection"))?))
            })
            .await?;
        if entry.origin == Origin::Package {
            return Err(Error::OfPackage(format!("the document {}", entry.path)));
        }
        self.delete_documents(&collection, vec![entry.id]).await
    }

    /// Looks at the package of a bot again, and tries what failed once more.
    pub(crate) async fn index_again(&self, caller: &Caller, bot: &str) -> Result<(), Error> {
        let bot = self.bot(caller, bot)?;
        let (org, id, now) = (bot.org, bot.id, self.clock.now());
        self.db
            .write(move |conn| {
                for collection in collections::list(conn, org, id)? {
                    let failed: Vec<Uuid> = documents::list(conn, org, collection.id)?
                        .into_iter()
                        .filter(|entry| entry.state == crate::model::State::Failed)
                        .map(|entry| entry.id)
                        .collect();
                    documents::wait_again(conn, &failed, now)?;
                }
                Ok::<_, db::Error>(())
            })
            .await?;
        self.resting.lock().remove(&bot.id);
        self.look_now(&bot).await
    }
}

/// Collections that a bot may have.
fn limit(bot: &Bot) -> usize {
    bot.settings
        .parse("kb-max-collections")
        .unwrap_or(COLLECTIONS)
        .min(1_000)
}

fn check_room(count: usize, most: usize) -> Result<(), Error> {
    if count < most {
        return Ok(());
    }
    Err(Error::TooMany(format!(
        "a bot has {most} collections at most: take one away, or set kb-max-collections in its config.csv"
    )))
}

/// The rules of a bot, as its row has them.
pub(crate) fn rules(conn: &mut db::Connection, org: OrgId, bot: botlib::BotId) -> Result<Rules, Error> {
    let Policy { permissions, error, .. } = collections::policy(conn, org, bot)?;
    Ok(match (error, permissions) {
        (Some(_), _) => Rules::closed(),
        (None, text) => Rules::parse(text.as_deref().unwrap_or_default()).unwrap_or_else(|_error| Rules::closed()),
    })
}
