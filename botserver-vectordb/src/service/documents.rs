//! What readers and those who manage knowledge see of collections and documents.

use std::{collections::BTreeSet, sync::Arc};

use botlib::Caller;
use botlib::Permission;
use botstate::{db, dialog::Bot, knowledge::Reader};
use uuid::Uuid;

use super::KnowledgeService;
use crate::{
    access::{Eye, admits, names_users},
    error::Error,
    model::{Collection, Entry},
    search::plain,
    store::{collections, documents},
};

impl KnowledgeService {
    /// The collections with something that the reader may read, by name.
    pub(crate) async fn readable_collections(&self, bot: &Bot, reader: &Reader) -> Result<Vec<String>, Error> {
        if reader.org != bot.org {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for (collection, entries) in self.all_documents(bot).await? {
            let visible = self.visible(entries, reader).await?;
            if !visible.is_empty() {
                names.push(collection.name);
            }
        }
        Ok(names)
    }

    /// Every collection of a bot with its documents.
    pub(super) async fn all_documents(&self, bot: &Bot) -> Result<Vec<(Collection, Vec<Entry>)>, Error> {
        let (org, id) = (bot.org, bot.id);
        let read = self.db.read(move |conn| {
            let all = collections::list(conn, org, id)?;
            all.into_iter()
                .map(|collection| {
                    let entries = documents::list(conn, org, collection.id)?;
                    Ok((collection, entries))
                })
                .collect::<Result<Vec<_>, db::Error>>()
        });
        Ok(read.await?)
    }

    /// The documents that the reader may read.
    pub(super) async fn visible(&self, entries: Vec<Entry>, reader: &Reader) -> Result<Vec<Entry>, Error> {
        let keys: BTreeSet<&str> = entries.iter().map(|entry| entry.access.as_str()).collect();
        let admitted = self.admitted(keys, reader).await?;
        Ok(entries
            .into_iter()
            .filter(|entry| admitted.contains(&entry.access))
            .collect())
    }

    /// Those of the keys of access that let the reader in.
    pub(crate) async fn admitted<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a str>,
        reader: &Reader,
    ) -> Result<Vec<String>, Error> {
        let keys: Vec<&str> = keys.into_iter().collect();
        let email = match reader.person {
            Some(person) if keys.iter().any(|key| names_users(key)) => {
                let org = reader.org;
                self.db
                    .read(move |conn| collections::email(conn, org, person).map_err(db::Error::from))
                    .await?
            }
            _ => None,
        };
        let eye = Eye {
            reader,
            email: email.as_deref(),
        };
        let admitted = keys.into_iter().filter(|key| admits(key, &eye));
        Ok(admitted.map(str::to_owned).collect())
    }

    /// The collections that the caller may know of, with the documents that he may know of: those who manage
    /// knowledge see all of them, others what they may read.
    pub(crate) async fn list(&self, caller: &Caller, bot: &str) -> Result<Vec<(Collection, Vec<Entry>)>, Error> {
        let bot = self.bot(caller, bot)?;
        let all = self.all_documents(&bot).await?;
        if caller.may(Permission::KnowledgeManage) {
            return Ok(all);
        }
        let reader = Reader::of(caller);
        let mut seen = Vec::new();
        for (collection, entries) in all {
            let visible = self.visible(entries, &reader).await?;
            if !visible.is_empty() {
                seen.push((collection, visible));
            }
        }
        Ok(seen)
    }

    /// One collection as the caller may know it.
    pub(crate) async fn list_documents(&self, caller: &Caller, bot: &str, name: &str) -> Result<Vec<Entry>, Error> {
        let wanted = plain(name);
        let all = self.list(caller, bot).await?;
        all.into_iter()
            .find(|(collection, _)| plain(&collection.name) == wanted)
            .map(|(_, entries)| entries)
            .ok_or(Error::Unknown("collection"))
    }

    /// One document as the caller may know it.
    pub(crate) async fn get_document(&self, caller: &Caller, bot: &str, id: Uuid) -> Result<Entry, Error> {
        let bot: Arc<Bot> = self.bot(caller, bot)?;
        let (org, of) = (bot.org, bot.id);
        let found = self
            .db
            .read(move |conn| documents::find(conn, org, of, id).map_err(db::Error::from))
            .await?;
        let entry = found.ok_or(Error::Unknown("document"))?;
        if caller.may(Permission::KnowledgeManage) {
            return Ok(entry);
        }
        let visible = self.visible(vec![entry], &Reader::of(caller)).await?;
        visible.into_iter().next().ok_or(Error::Unknown("document"))
    }
}
