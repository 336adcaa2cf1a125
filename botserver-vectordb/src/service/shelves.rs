//! Documents in lists and as texts, for readers who want more than passages.

use botstate::{
    db,
    dialog::Bot,
    knowledge::{Listed, Reader, Spot},
};

use super::KnowledgeService;
use crate::{
    error::Error,
    model::{Collection, Entry},
    search::plain,
    store::{
        chunks::{self, Stored},
        collections, documents,
    },
};

/// Bytes of a text at most: passages of what is longer are found by searching.
const LONGEST: usize = 1 << 20;

impl KnowledgeService {
    /// Documents that the reader may read. Rows of others are not even read: neither what comes nor how long it takes
    /// depends on them.
    pub(super) async fn page_of(
        &self,
        bot: &Bot,
        reader: &Reader,
        after: Option<&Spot>,
        limit: usize,
    ) -> Result<Vec<Listed>, Error> {
        let mut listed = Vec::new();
        for collection in self.collections_of(bot, reader).await? {
            let after = match after {
                Some(after) if collection.name < after.collection => continue,
                Some(after) if collection.name == after.collection => Some(after.path.clone()),
                _ => None,
            };
            let wanted = limit.saturating_sub(listed.len());
            if wanted == 0 {
                break;
            }
            let name = collection.name.clone();
            let admitted = self.readers_keys(&collection, reader).await?;
            let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
            let read = self.db.read(move |conn| {
                documents::page(conn, &collection, &admitted, after.as_deref(), wanted).map_err(db::Error::from)
            });
            listed.extend(read.await?.into_iter().map(|entry| shown(&name, entry)));
        }
        Ok(listed)
    }

    /// A document with its text, for whoever may read it.
    pub(super) async fn text_of(
        &self,
        bot: &Bot,
        reader: &Reader,
        spot: &Spot,
    ) -> Result<Option<(Listed, String)>, Error> {
        let wanted = plain(&spot.collection);
        let all = self.collections_of(bot, reader).await?;
        let Some(collection) = all.into_iter().find(|one| plain(&one.name) == wanted) else {
            return Ok(None);
        };
        let (name, path) = (collection.name.clone(), spot.path.clone());
        let admitted = self.readers_keys(&collection, reader).await?;
        let found = self
            .db
            .read(move |conn| documents::find_readable(conn, &collection, &admitted, &path).map_err(db::Error::from))
            .await?;
        let Some(entry) = found else {
            return Ok(None);
        };
        let id = entry.id;
        let passages = self
            .db
            .read(move |conn| chunks::of_document(conn, id).map_err(db::Error::from))
            .await?;
        let text = whole(&passages);
        Ok(Some((shown(&name, entry), text)))
    }

    /// The keys of access in a collection that let the reader in.
    async fn readers_keys(&self, collection: &Collection, reader: &Reader) -> Result<Vec<String>, Error> {
        let (org, id) = (collection.org, collection.id);
        let keys = self
            .db
            .read(move |conn| documents::accesses(conn, org, id).map_err(db::Error::from))
            .await?;
        self.admitted(keys.iter().map(String::as_str), reader).await
    }

    /// The collections of a bot, by name; none for a reader of elsewhere.
    async fn collections_of(&self, bot: &Bot, reader: &Reader) -> Result<Vec<Collection>, Error> {
        if reader.org != bot.org {
            return Ok(Vec::new());
        }
        let (org, id) = (bot.org, bot.id);
        let read = self
            .db
            .read(move |conn| collections::list(conn, org, id).map_err(db::Error::from));
        let mut all = read.await?;
        // Databases differ in how they order letters.
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }
}

fn shown(collection: &str, entry: Entry) -> Listed {
    Listed {
        spot: Spot {
            collection: collection.to_owned(),
            path: entry.path,
        },
        title: entry.title,
        language: entry.language,
        indexed_at: entry.indexed_at,
    }
}

/// The text that passages were cut from, in Markdown: headings once, and nothing twice that passages share.
fn whole(passages: &[Stored]) -> String {
    let mut text = String::new();
    let mut above: &[String] = &[];
    for passage in passages {
        let same = above
            .iter()
            .zip(&passage.headings)
            .take_while(|(one, other)| one == other);
        let same = same.count();
        let continues = above == passage.headings.as_slice() && passage.repeated > 0;
        for (depth, heading) in passage.headings.iter().enumerate().skip(same) {
            part(&mut text);
            text.push_str(&"#".repeat(depth.min(5) + 1));
            text.push(' ');
            text.push_str(heading);
        }
        above = &passage.headings;
        if continues {
            let new = passage.body.get(passage.repeated..).unwrap_or(&passage.body);
            if !text.ends_with(char::is_whitespace) && !new.starts_with(char::is_whitespace) {
                text.push(' ');
            }
            text.push_str(new);
        } else {
            part(&mut text);
            text.push_str(&passage.body);
        }
        if text.len() > LONGEST {
            text.truncate(text.floor_char_boundary(LONGEST));
            text.push_str("\n\n[…]");
            break;
        }
    }
    text
}

fn part(text: &mut String) {
    if !text.is_empty() {
        text.push_str("\n\n");
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn passage(headings: &[&str], body: &str, repeated: usize) -> Stored {
        Stored {
            id: Uuid::nil(),
            document: Uuid::nil(),
            position: 0,
            page: None,
            headings: headings.iter().map(|heading| (*heading).to_owned()).collect(),
            body: body.to_owned(),
            repeated,
            tokens: 1,
            hash: String::new(),
        }
    }

    #[test]
    fn a_text_has_its_headings_once_and_nothing_twice() {
        let passages = [
            passage(&["Tea"], "One. Two.", 0),
            passage(&["Tea"], "Two. Three.", 4),
            passage(&["Tea", "Black"], "Four.", 0),
            passage(&["Coffee"], "Five.", 0),
        ];

        assert_eq!(
            whole(&passages),
            "# Tea\n\nOne. Two. Three.\n\n## Black\n\nFour.\n\n# Coffee\n\nFive."
        );
    }

    #[test]
    fn a_text_without_end_is_cut() {
        let long = "word ".repeat(LONGEST / 4);

        let text = whole(&[passage(&[], &long, 0), passage(&[], "never", 0)]);

        assert!(text.len() < LONGEST + 20 && text.ends_with("[…]"));
    }
}
