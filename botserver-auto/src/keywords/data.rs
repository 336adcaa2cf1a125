//! Keywords over the bot's tables: FIND, SAVE, INSERT, UPDATE, DELETE, MERGE, SEARCH, QUERY and transactions.

mod arguments;
mod change;
mod files;
mod find;
mod query;
mod search;
pub(crate) mod source;
mod submissions;
mod transaction;
mod unstructured;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::Fault,
    keyword::{Args, Class, Handler, Keyword, Turn},
};

use self::{change::Change, source::Source};
use super::{FileHost, Host, http::Client};
use crate::tables::{Ask, Error, Rows, Tables, Wanted, Work};

/// What the keywords do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Find,
    Save,
    Insert,
    Update,
    Delete,
    Merge,
    MergeOne,
    Search,
    Complete,
    Last,
    Query,
    Submit,
    Submissions,
    Begin,
    Commit,
    Rollback,
}

/// The data keywords; cheap to clone.
#[derive(Clone)]
pub(crate) struct Data {
    tables: Tables,
    files: FileHost,
    client: Client,
}

struct Performs {
    data: Data,
    act: Act,
}

const FIND: &[&str] = &[
    "@source, field, value",
    "@source, %filter[ ORDER BY $order][ LIMIT limit][ !FIRST]",
    "@source WITH %filter[ ORDER BY $order][ LIMIT limit][ !FIRST]",
    "@source ON $connection[ WHERE ?filter]",
    "@source[ WHERE ?filter][ ORDER BY $order][ LIMIT limit][ !FIRST]",
];
const SAVE: &[&str] = &["@table, #values...", "@table WITH {fields}"];
const INSERT: &[&str] = &["@table, #values...[ ON $connection]", "@table WITH {fields}"];
const INSERT_INTO: &[&str] = &[
    "@table VALUES row[ ON $connection]",
    "@table WITH {fields}[ ON $connection]",
    "@table, #values...",
];
const UPDATE: &[&str] = &[
    "@table SET {fields} WHERE ?filter",
    "@table WITH {fields} WHERE ?filter",
    "@table, %filter, #values...",
    "@table SET {fields}",
];
const DELETE: &[&str] = &["@table, %filter", "@table"];
const DELETE_FROM: &[&str] = &["@table WHERE ?filter", "@table, %filter", "@table"];
const MERGE: &[&str] = &[
    "@table WITH @rows BY keys",
    "@table WITH @rows",
    "@table, @rows, keys, columns",
    "@table, @rows, keys",
    "@table, @rows",
];

/// The keywords of the bots' tables.
pub(super) fn keywords(host: &Host) -> Vec<Keyword> {
    let data = Data {
        tables: host.tables.clone(),
        files: host.files.clone(),
        client: Client::new(host),
    };
    let models = host.models.as_ref();
    let keyword = |phrase, shapes, act: Act, summary, example| Keyword {
        phrase,
        shapes,
        class: if act.is_reading() { Class::Read } else { Class::Write },
        summary,
        example,
        handler: Some(Arc::new(Performs {
            data: data.clone(),
            act,
        })),
    };
    vec![
        unstructured::keyword(&data, models),
        keyword(
            "FIND",
            FIND,
            Act::Find,
            "The rows of a table or data file that pass a filter; with FIRST or a field and its value, one row or null.",
            "SAVE \"plants\", { name: \"fern\", water: 2 }\nthirsty = FIND \"plants\", \"water < 3\"\nTALK thirsty.name",
        ),
        keyword(
            "FIND ALL",
            FIND,
            Act::Find,
            "The same as FIND.",
            "SAVE \"plants\", { name: \"fern\", water: 2 }\nplants = FIND ALL plants WHERE water > 1\nTALK plants.name",
        ),
        keyword(
            "SAVE",
            SAVE,
            Act::Save,
            "Keeps rows in a table: those with a known id or key are changed, others are added. Gives the id.",
            "id = SAVE \"guests\", { name: \"Ana\" }\nguest = FIND \"guests\", \"id\", id\nTALK guest.name",
        ),
        keyword(
            "INSERT",
            INSERT,
            Act::Insert,
            "Adds a row to a table and gives it with its id.",
            "row = INSERT \"visits\", { page: \"home\" }\nTALK row.page",
        ),
        keyword(
            "INSERT INTO",
            INSERT_INTO,
            Act::Insert,
            "Adds a row to a table and gives it with its id.",
            "INSERT INTO \"visits\" VALUES { page: \"home\" }\nvisits = FIND \"visits\"\nTALK visits.page",
        ),
        keyword(
            "UPDATE",
            UPDATE,
            Act::Update,
            "Changes the rows of a table that pass a filter, or that have an id, and gives their number.",
            "SAVE \"lamps\", { name: \"desk\", lit: FALSE }\nchanged = UPDATE \"lamps\", \"name = desk\", { lit: TRUE }\nTALK changed",
        ),
        keyword(
            "SET",
            &["@table, %filter, #values..."],
            Act::Update,
            "The older form of UPDATE: a table, a filter, and `field=value`.",
            "SAVE \"lamps\", { name: \"desk\", lit: \"no\" }\nSET \"lamps\", \"name = desk\", \"lit=yes\"\nlamp = FIND \"lamps\"\nTALK lamp.lit",
        ),
        keyword(
            "DELETE",
            DELETE,
            Act::Delete,
            "Deletes the rows of a table that pass a filter, or that have an id, and gives their number; or a file, or \
             what is at a URL.",
            "SAVE \"notes\", { text: \"milk\" }\nTALK DELETE \"notes\", \"text = milk\"",
        ),
        keyword(
            "DELETE FROM",
            DELETE_FROM,
            Act::Delete,
            "Deletes the rows of a table that pass a condition, and gives their number.",
            "SAVE \"notes\", { text: \"milk\" }\nDELETE FROM \"notes\" WHERE text = \"milk\"\nnotes = FIND \"notes\"\nTALK COUNT(notes)",
        ),
        keyword(
            "MERGE",
            MERGE,
            Act::Merge,
            "Brings rows into a table: those with the same key are changed, others are added. Gives `inserted`, `updated`, \
             `unchanged` and `total`. Two lists give one with the elements of both.",
            "rows = [{ sku: \"a\", stock: 1 }, { sku: \"b\", stock: 2 }]\ncounts = MERGE \"stock\", rows, \"sku\"\nTALK counts.inserted",
        ),
        keyword(
            "MERGE INTO",
            &["@table ON ?filter WITH {fields}"],
            Act::MergeOne,
            "Changes the rows of a table that pass a condition, or adds one when there is none.",
            "MERGE INTO \"stock\" ON sku = \"a\" WITH amount = 3\nfound = FIND \"stock\"\nTALK found.amount",
        ),
        keyword(
            "SEARCH",
            &["@source, text, limit", "@source, text"],
            Act::Search,
            "The rows of a table in whose texts words occur, the best first, 10 unless a limit is given.",
            "SAVE \"books\", { title: \"The old harbour\" }\nbooks = SEARCH \"books\", \"harbor old\"\nTALK books.title",
        ),
        keyword(
            "AUTOCOMPLETE",
            &["@source, text, limit", "@source, text"],
            Act::Complete,
            "The rows of a table with a text that has a word which begins as given, 10 unless a limit is given.",
            "SAVE \"books\", { title: \"The old harbour\" }\nbooks = AUTOCOMPLETE \"books\", \"har\"\nTALK books.title",
        ),
        keyword(
            "GET LAST",
            &["@source"],
            Act::Last,
            "The newest row of a table, null when it has none.",
            "INSERT \"visits\", { page: \"home\" }\nINSERT \"visits\", { page: \"shop\" }\nlast = GET LAST \"visits\"\nTALK last.page",
        ),
        keyword(
            "QUERY",
            &["connection, %sql", "%sql"],
            Act::Query,
            "The rows that an SQL query finds in the bot's tables and data files; it can only read.",
            "SAVE \"sales\", { item: \"tea\", total: 5 }\nSAVE \"sales\", { item: \"tea\", total: 2 }\nrows = QUERY \"SELECT item, SUM(total) AS sum FROM sales GROUP BY item\"\nTALK rows.sum",
        ),
        keyword(
            "SAVE SUBMISSION",
            &["form, fields"],
            Act::Submit,
            "Keeps what somebody entered in a form, and gives its id.",
            "SAVE_SUBMISSION(\"contact\", { name: \"Ana\" })\nrows = GET_SUBMISSIONS(\"contact\")\nTALK rows.fields.name",
        ),
        keyword(
            "GET SUBMISSIONS",
            &["form, limit", "form"],
            Act::Submissions,
            "What was entered in a form, the newest first: rows with `id`, `form`, `fields` and `at`.",
            "SAVE_SUBMISSION(\"contact\", { name: \"Ana\" })\nTALK COUNT(GET_SUBMISSIONS(\"contact\"))",
        ),
        keyword(
            "BEGIN TRANSACTION",
            &[""],
            Act::Begin,
            "From here on, changes of tables are only made together, by COMMIT.",
            "BEGIN TRANSACTION\nINSERT \"entries\", { amount: -5 }\nINSERT \"entries\", { amount: 5 }\nCOMMIT\nentries = FIND \"entries\"\nTALK COUNT(entries)",
        ),
        keyword(
            "COMMIT",
            &[""],
            Act::Commit,
            "The same as COMMIT TRANSACTION.",
            "BEGIN TRANSACTION\nINSERT \"entries\", { amount: 5 }\nCOMMIT\nentries = FIND \"entries\"\nTALK entries.amount",
        ),
        keyword(
            "COMMIT TRANSACTION",
            &[""],
            Act::Commit,
            "Makes all changes of tables since BEGIN TRANSACTION, or none of them.",
            "BEGIN TRANSACTION\nINSERT \"entries\", { amount: 5 }\nCOMMIT TRANSACTION\nentries = FIND \"entries\"\nTALK entries.amount",
        ),
        keyword(
            "ROLLBACK",
            &["", "TRANSACTION"],
            Act::Rollback,
            "Forgets all changes of tables since BEGIN TRANSACTION.",
            "BEGIN TRANSACTION\nINSERT \"entries\", { amount: 5 }\nROLLBACK\nentries = FIND \"entries\"\nTALK COUNT(entries)",
        ),
    ]
}

impl Act {
    fn is_reading(self) -> bool {
        matches!(
            self,
            Self::Find | Self::Search | Self::Complete | Self::Last | Self::Query | Self::Submissions
        )
    }
}

#[async_trait]
impl Handler for Performs {
    async fn call(&self, turn: &mut dyn Turn, args: Args) -> Result<Value, Fault> {
        let data = &self.data;
        match self.act {
            Act::Find => data.find(turn, args).await,
            Act::Save => data.save(turn, args).await,
            Act::Insert => data.insert(turn, args).await,
            Act::Update => data.update(turn, args).await,
            Act::Delete => data.delete(turn, args).await,
            Act::Merge => data.merge(turn, args).await,
            Act::MergeOne => data.merge_one(turn, args).await,
            Act::Search => data.search(turn, args, false).await,
            Act::Complete => data.search(turn, args, true).await,
            Act::Last => data.last(turn, args).await,
            Act::Query => data.query(turn, args).await,
            Act::Submit => data.submit(turn, args).await,
            Act::Submissions => data.submissions(turn, args).await,
            Act::Begin => transaction::begin(turn),
            Act::Commit => data.commit(turn).await,
            Act::Rollback => transaction::roll_back(turn),
        }
    }
}

impl Data {
    /// Reads from the bot's tables, as the transaction that is open sees them.
    async fn read<T: Send + 'static>(
        &self,
        turn: &mut dyn Turn,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Fault> {
        let pending = transaction::pending(turn)?;
        let ask = Ask::of(turn);
        if pending.is_empty() {
            return self.tables.read(ask, work).await;
        }
        self.tables
            .attempt(ask, move |doing| {
                transaction::replay(pending, doing)?;
                work(doing)
            })
            .await
    }

    /// Makes a change once, or adds it to the transaction that is open.
    async fn change(&self, turn: &mut dyn Turn, table: String, act: change::Act) -> Result<Value, Fault> {
        let mut change = Change {
            table,
            key: turn.idempotency_key().to_owned(),
            act,
        };
        if turn.session().transaction.is_some() {
            let pending = transaction::pending(turn)?;
            let trying = self.tables.attempt(Ask::of(turn), move |work| {
                transaction::replay(pending, work)?;
                let value = change.make(work)?;
                Ok((value, change))
            });
            let (value, change) = trying.await?;
            transaction::add(turn, &change)?;
            return Ok(value);
        }
        // With the call in the stored state, a crash from here on makes the call again, and the ledger knows it.
        turn.flush().await?;
        let making = self.tables.write(Ask::of(turn), move |work| change.make(work));
        making.await
    }

    /// Every row of a source that `wanted` lets through.
    async fn rows(&self, turn: &mut dyn Turn, source: Source, wanted: Wanted) -> Result<Rows, Fault> {
        match source {
            Source::Table(name) => {
                let (of, all) = (name.clone(), wanted.clone());
                if let Some(rows) = self.read(turn, move |work| work.find(&of, &wanted)).await? {
                    return Ok(rows);
                }
                if let Some(path) = self.file_called(turn, &name).await? {
                    return self.file_rows(turn, &path, &all).await;
                }
                tracing::info!(bot.name = %turn.bot().name, "there is no table {name}, so nothing was found");
                Ok(Vec::new())
            }
            Source::File(path) => self.file_rows(turn, &path, &wanted).await,
            Source::Rows(rows) => {
                let (run, now) = find::clock(turn);
                let mut rows: Rows = rows
                    .into_iter()
                    .filter(|row| wanted.filter.matches(row, &now))
                    .collect();
                wanted.arrange(&mut rows);
                drop(run);
                Ok(rows)
            }
        }
    }
}
