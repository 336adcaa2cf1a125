//! Keywords about files: reading, writing, moving, packing, sending.

mod folder;
mod pack;
mod text;
mod transfer;

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{Value, value::FileRef};
use botserver_core::outbound::Outbound;
use botstate::{
    Db,
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};

use super::{Host, http::Client, rows::Sources};
use crate::{
    basic::run,
    files::{BotFiles, Drives, FilePath, LARGEST_FILE, Links, missing},
    store::files as conversations,
};

/// Bytes that DOWNLOAD takes from outside.
const LARGEST_DOWNLOAD: usize = 32 << 20;

/// What keywords about files work with.
#[derive(Clone)]
pub(crate) struct FileHost {
    /// The files of all bots.
    pub(crate) drives: Drives,
    /// Where rows come from.
    pub(crate) sources: Sources,
    /// Signs links to files.
    pub(crate) links: Links,
    /// Keeps the files of conversations; nothing in the terminal.
    pub(crate) db: Option<Db>,
}

/// What is done with files.
#[derive(Debug, Clone, Copy)]
enum Act {
    Read,
    Write,
    Import,
    Export,
    Copy,
    Move,
    List,
    Dir,
    Delete,
    Upload,
    Download,
    Compress,
    Extract,
    QrCode,
    SecureLink,
    Send,
}

struct Files {
    host: FileHost,
    client: Client,
    act: Act,
}

pub(super) fn keywords(host: &Host) -> Vec<Keyword> {
    let outbound: Outbound = host.outbound.limited_to(LARGEST_DOWNLOAD);
    let client = Client::new(&Host {
        outbound,
        ..host.clone()
    });
    let keyword = |phrase, shapes, class, act, summary, example| Keyword {
        phrase,
        shapes,
        class,
        summary,
        example,
        handler: Some(Arc::new(Files {
            host: host.files.clone(),
            client: client.clone(),
            act,
        })),
    };
    vec![
        keyword(
            "READ",
            &["path AS !TABLE", "path AS !LINES", "path"],
            Class::Read,
            Act::Read,
            "The text of a file; AS TABLE its rows, AS LINES its lines.",
            "WRITE \"notes.txt\", \"tea and cake\"\nTALK READ \"notes.txt\"",
        ),
        keyword(
            "WRITE",
            &["path, value", "value TO path[ AS !TABLE][ AS !LINES][ !APPEND]"],
            Class::External,
            Act::Write,
            "Writes a value to a file, in the form that its ending asks for: json, csv, xlsx, yaml, xml or text.",
            "WRITE [{ name: \"tea\", price: 2.50 }] TO \"menu.csv\"\nTALK READ \"menu.csv\"",
        ),
        keyword(
            "IMPORT",
            &["path"],
            Class::Read,
            Act::Import,
            "The rows of a CSV, TSV, XLSX or JSON file.",
            "WRITE \"menu.csv\", \"name,price\\ntea,2\"\nmenu = IMPORT \"menu.csv\"\nTALK menu.price",
        ),
        keyword(
            "EXPORT",
            &["path, rows"],
            Class::External,
            Act::Export,
            "Writes rows to a CSV, TSV, XLSX or JSON file.",
            "EXPORT \"menu.csv\", [{ name: \"tea\" }]\nTALK READ \"menu.csv\"",
        ),
        keyword(
            "COPY",
            &["from, to", "from TO to"],
            Class::External,
            Act::Copy,
            "Copies a file; folders on the way are made.",
            "WRITE \"a.txt\", \"tea\"\nCOPY \"a.txt\" TO \"old/a.txt\"\nTALK READ \"old/a.txt\"",
        ),
        keyword(
            "MOVE",
            &["from, to", "from TO to"],
            Class::External,
            Act::Move,
            "Moves or renames a file; folders on the way are made.",
            "WRITE \"a.txt\", \"tea\"\nMOVE \"a.txt\", \"b.txt\"\nTALK READ \"b.txt\"",
        ),
        keyword(
            "LIST",
            &["folder[ FILTER pattern][ !RECURSIVE][ WHERE ?filter]"],
            Class::Read,
            Act::List,
            "The files and folders in a folder.",
            "WRITE \"in/a.txt\", \"tea\"\nFOR EACH f IN (LIST \"in/\")\n  TALK f\nNEXT",
        ),
        keyword(
            "DIR",
            &["folder"],
            Class::Read,
            Act::Dir,
            "The files in a folder, each with its name, path, size and time.",
            "WRITE \"in/a.txt\", \"tea\"\nfiles = DIR \"in\"\nTALK files[0].name + \" \" + files[0].size",
        ),
        keyword(
            "DELETE FILE",
            &["path"],
            Class::External,
            Act::Delete,
            "Removes a file; false when there was none.",
            "WRITE \"a.txt\", \"tea\"\nTALK DELETE FILE \"a.txt\"",
        ),
        keyword(
            "UPLOAD",
            &["file TO to[ AS name]", "file, to", "file"],
            Class::External,
            Act::Upload,
            "Keeps a file that somebody sent among the bot's files.",
            "WRITE \"a.txt\", \"tea\"\nkept = UPLOAD \"a.txt\" TO \"letters/\"\nTALK kept.path",
        ),
        keyword(
            "DOWNLOAD",
            &["file AS !LINK", "file, path", "file[ TO user][ AS name]"],
            Class::External,
            Act::Download,
            "Keeps what a URL gives as a file; or sends a file of the bot to the person, or makes a link to it.",
            "WRITE \"a.txt\", \"tea\"\nDOWNLOAD \"a.txt\" AS \"menu.txt\"",
        ),
        keyword(
            "COMPRESS",
            &["first TO second", "first, second"],
            Class::External,
            Act::Compress,
            "Packs files into a ZIP archive.",
            "WRITE \"a.txt\", \"tea\"\nCOMPRESS [\"a.txt\"], \"all.zip\"\nfiles = EXTRACT \"all.zip\", \"out/\"\nTALK files[0].path",
        ),
        keyword(
            "EXTRACT",
            &["archive, folder", "archive TO folder", "archive"],
            Class::External,
            Act::Extract,
            "Unpacks a ZIP archive into a folder and gives its files.",
            "WRITE \"a.txt\", \"tea\"\nCOMPRESS \"*.txt\", \"all.zip\"\nEXTRACT \"all.zip\" TO \"out/\"\nTALK READ \"out/a.txt\"",
        ),
        keyword(
            "QR CODE",
            &["data[, size[, path]]"],
            Class::External,
            Act::QrCode,
            "A picture with a QR code.",
            "code = QR CODE \"https://example.com\"\nSEND FILE code, \"Scan me\"",
        ),
        keyword(
            "GENERATE SECURE LINK",
            &[
                "path EXPIRES count !DAYS",
                "path EXPIRES count !HOURS",
                "path EXPIRES count !MINUTES",
                "path",
            ],
            Class::Read,
            Act::SecureLink,
            "A link to a file that anyone may follow until it expires; after a day when nothing is said.",
            "WRITE \"a.txt\", \"tea\"\nlink = GENERATE SECURE LINK \"a.txt\" EXPIRES 7 DAYS\nTALK LEFT(link, 1)",
        ),
        keyword(
            "SEND FILE",
            &["file, caption", "file"],
            Class::External,
            Act::Send,
            "Sends a file to the person.",
            "WRITE \"menu.txt\", \"tea\"\nSEND FILE \"menu.txt\", \"Our menu\"",
        ),
    ]
}

#[async_trait]
impl Handler for Files {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        if !matches!(
            self.act,
            Act::Read | Act::Import | Act::List | Act::Dir | Act::SecureLink
        ) {
            turn.flush().await?;
        }
        match self.act {
            Act::Read => self.read(turn, args).await,
            Act::Write => self.write(turn, args).await,
            Act::Import => self.import(turn, args).await,
            Act::Export => self.export(turn, args).await,
            Act::Copy => self.copy(turn, args).await,
            Act::Move => self.rename(turn, args).await,
            Act::List => self.list(turn, args).await,
            Act::Dir => self.dir(turn, args).await,
            Act::Delete => self.host.delete(turn, &args.take("path")).await,
            Act::Upload => self.upload(turn, args).await,
            Act::Download => self.download(turn, args).await,
            Act::Compress => self.compress(turn, args).await,
            Act::Extract => self.extract(turn, args).await,
            Act::QrCode => self.qr_code(turn, args).await,
            Act::SecureLink => self.secure_link(turn, args).await,
            Act::Send => self.send(turn, args).await,
        }
    }
}

/// A file in memory.
struct Bytes {
    name: String,
    mime: String,
    content: Vec<u8>,
}

fn misfit(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Argument, message)
}

/// The path of a file of the bot that a value names: a text, a file, or an object with a path.
fn path_of(value: &Value) -> Result<FilePath, Fault> {
    match value {
        Value::File(FileRef { path: Some(path), .. }) => FilePath::parse(path),
        Value::File(file) => {
            Err(misfit(format!("{} is no file of the bot", file.name)).hint("keep it with UPLOAD first"))
        }
        Value::Map(map) => match map.get("path").or_else(|| map.get("localName")) {
            Some(path) => FilePath::parse(&path.to_string()),
            None => Err(misfit("the object has no path of a file")),
        },
        Value::Text(text) => FilePath::parse(text),
        other => Err(misfit(format!(
            "the name of a file is needed here, not {}",
            other.type_name()
        ))),
    }
}

impl FileHost {
    /// The files of the bot whose dialog runs.
    pub(crate) fn of(&self, turn: &dyn Turn) -> BotFiles {
        self.drives.of(turn.bot())
    }

    /// What GET gives for a file: its text, the rows of a workbook, null when there is no such file.
    pub(crate) async fn get(&self, turn: &mut dyn Turn, path: &str) -> Result<Value, Fault> {
        let path = FilePath::parse(path)?;
        let Some(content) = self.of(turn).read(&path, LARGEST_FILE).await? else {
            return Ok(Value::Null);
        };
        text::content(&path, content)
    }

    /// Removes the file that a value names; false when there was none.
    pub(crate) async fn delete(&self, turn: &mut dyn Turn, value: &Value) -> Result<Value, Fault> {
        let path = path_of(value)?;
        turn.flush().await?;
        let removed = self.of(turn).remove(turn.idempotency_key(), &path).await?;
        Ok(Value::Bool(removed))
    }

    /// The bytes of a file of the bot, or of one that was sent in this conversation.
    async fn bytes(&self, turn: &mut dyn Turn, value: &Value) -> Result<Bytes, Fault> {
        if let Value::File(file) = value
            && file.path.is_none()
        {
            return self.sent(turn, file).await;
        }
        let path = path_of(value)?;
        let content = self
            .of(turn)
            .read(&path, LARGEST_FILE)
            .await?
            .ok_or_else(|| missing(&path))?;
        Ok(Bytes {
            name: path.name().to_owned(),
            mime: crate::files::mime(path.name()),
            content,
        })
    }

    /// A file that somebody sent in this conversation.
    async fn sent(&self, turn: &mut dyn Turn, file: &FileRef) -> Result<Bytes, Fault> {
        let unknown = || {
            Fault::new(
                FaultKind::NotFound,
                format!("the file {} is not there any more", file.name),
            )
        };
        let key = file.url.rsplit_once("/files/").and_then(|(_, key)| key.parse().ok());
        let (Some(db), Some(key)) = (&self.db, key) else {
            return Err(unknown());
        };
        let (org, conversation) = (turn.bot().org, turn.conversation());
        let found = db
            .read(move |conn| conversations::find(conn, org, conversation, key).map_err(botstate::db::Error::from))
            .await
            .map_err(|error| {
                Fault::new(
                    FaultKind::Data,
                    format!("could not read the file {}: {error}", file.name),
                )
            })?;
        let (name, mime, content) = found.ok_or_else(unknown)?;
        Ok(Bytes { name, mime, content })
    }
}

/// The value with the times of its files in the bot's zone.
fn local(turn: &dyn Turn, mut file: FileRef) -> Value {
    let (_run, _) = super::rows::clock(turn);
    file.modified = file
        .modified
        .map(|at| run::with(|run| at.with_timezone(&run.zone).fixed_offset()));
    Value::File(file)
}
