//! UPLOAD, DOWNLOAD, SEND FILE, GENERATE SECURE LINK.

use std::time::Duration;

use botlib::{Clock as _, SystemClock, Value, value::FileRef};
use botserver_core::outbound::OutboundRequest;
use botstate::{
    conversation::Emit,
    dialog::{Fault, FaultKind},
    keyword::{Args, Turn},
};
use chrono::TimeDelta;
use http::{Method, header};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Bytes, Files, conversations, local, misfit, path_of};
use crate::{
    files::{FilePath, md5_of, mime, missing},
    keywords::headers,
};

/// The longest that a download may take.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How long a link is good when nothing is said.
const LINK_SPAN: TimeDelta = TimeDelta::days(1);

/// Bytes that a file of a conversation may have.
const LARGEST_SENT: usize = 10 << 20;

impl Files {
    pub(super) async fn upload(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let source = args.take("file");
        let file = match url_of(&source) {
            Some(url) => self.fetch(turn, &url).await?,
            None => self.host.bytes(turn, &source).await?,
        };
        let name = if args.has("name") {
            args.text("name")?
        } else {
            file.name
        };
        let to = if args.has("to") {
            self.target(turn, &args.take("to"), &name).await?
        } else {
            FilePath::parse(&format!("uploads/{name}"))?
        };
        let mut written = self
            .host
            .of(turn)
            .write(turn.idempotency_key(), &to, file.content)
            .await?;
        // Scripts hand the address on, so it has to open the file.
        written.url = self.link(turn, &to, LINK_SPAN).await?.to_string();
        Ok(local(turn, written))
    }

    pub(super) async fn download(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let source = args.take("file");
        if args.has("link") {
            let path = path_of(&source)?;
            return self.link(turn, &path, LINK_SPAN).await;
        }
        let Some(url) = url_of(&source) else {
            if args.has("path") {
                let file = self.host.bytes(turn, &source).await?;
                return self.keep(turn, file, args.take("path")).await;
            }
            if args.has("user") {
                check_user(turn, &args.take("user"))?;
            }
            let mut file = self.host.bytes(turn, &source).await?;
            if args.has("name") {
                file.name = args.text("name")?;
            }
            return self.deliver(turn, file, String::new());
        };
        let file = self.fetch(turn, &url).await?;
        let to = if args.has("path") {
            args.take("path")
        } else {
            let name = if args.has("name") {
                args.text("name")?
            } else {
                file.name.clone()
            };
            Value::Text(format!("downloads/{name}"))
        };
        self.keep(turn, file, to).await
    }

    async fn keep(&self, turn: &mut dyn Turn, file: Bytes, to: Value) -> Result<Value, Fault> {
        let to = self.target(turn, &to, &file.name).await?;
        let written = self
            .host
            .of(turn)
            .write(turn.idempotency_key(), &to, file.content)
            .await?;
        Ok(local(turn, written))
    }

    /// What a URL gives.
    async fn fetch(&self, turn: &mut dyn Turn, url: &str) -> Result<Bytes, Fault> {
        let mut request = OutboundRequest::new(Method::GET, url);
        request.headers = headers::of(turn)?;
        let response = self.client.send(turn, request, TIMEOUT).await?;
        if !response.status.is_success() {
            return Err(Fault::new(
                FaultKind::Network,
                format!("DOWNLOAD {url} was answered with {}", response.status),
            ));
        }
        let text = |name: header::HeaderName| {
            let value = response.headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let kind = text(header::CONTENT_TYPE);
        let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
        let named = text(header::CONTENT_DISPOSITION)
            .split("filename=")
            .nth(1)
            .map(|name| name.trim().trim_matches('"').to_owned());
        let last = response.url.path_segments().and_then(Iterator::last).map(str::to_owned);
        let mut name = plain_name(&named.or(last).unwrap_or_default());
        if !name.contains('.')
            && let Some(ending) = mime_guess::get_mime_extensions_str(&kind).and_then(|endings| endings.first())
        {
            name = format!("{name}.{ending}");
        }
        Ok(Bytes {
            mime: if kind.is_empty() { mime(&name) } else { kind },
            name,
            content: response.body.to_vec(),
        })
    }

    pub(super) async fn send(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let source = args.take("file");
        let caption = if args.has("caption") {
            args.text("caption")?
        } else {
            String::new()
        };
        let file = match url_of(&source) {
            Some(url) => self.fetch(turn, &url).await?,
            None => self.host.bytes(turn, &source).await?,
        };
        self.deliver(turn, file, caption)
    }

    /// Puts a file into the conversation.
    fn deliver(&self, turn: &mut dyn Turn, file: Bytes, text: String) -> Result<Value, Fault> {
        if file.content.len() > LARGEST_SENT {
            return Err(Fault::new(
                FaultKind::Limit,
                format!(
                    "{} has {} bytes, and {LARGEST_SENT} can be sent",
                    file.name,
                    file.content.len()
                ),
            )
            .hint("GENERATE SECURE LINK makes a link to it"));
        }
        // The same id for every try of the call, so that the file is kept once.
        let digest = Sha256::digest(format!("{} {}", turn.idempotency_key(), md5_of(&file.content)));
        let mut bytes = [0_u8; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, hashed)| *byte = hashed);
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        let sent = FileRef {
            url: address(turn, id),
            name: file.name.clone(),
            mime: file.mime.clone(),
            size_bytes: file.content.len() as u64,
            ..FileRef::default()
        };
        if self.host.db.is_some() {
            let (org, conversation, now) = (turn.bot().org, turn.conversation(), SystemClock.now());
            let content = (file.name, file.mime, file.content);
            turn.write(Box::new(move |conn| {
                conversations::create(conn, org, conversation, id, &content, now)
            }));
        }
        turn.emit(Emit::Files {
            text,
            files: vec![sent.clone()],
        });
        Ok(Value::File(sent))
    }

    pub(super) async fn secure_link(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let path = path_of(&args.take("path"))?;
        let span = if args.has("count") {
            let count = args.number("count")?;
            let unit = if args.has("minutes") {
                60.0
            } else if args.has("hours") {
                3600.0
            } else {
                86_400.0
            };
            #[expect(
                clippy::cast_possible_truncation,
                reason = "casts of floats saturate, and the span is checked below"
            )]
            let seconds = (count * unit).round() as i64;
            TimeDelta::try_seconds(seconds)
                .filter(|span| *span > TimeDelta::zero() && *span <= TimeDelta::days(366))
                .ok_or_else(|| misfit("a link is good for more than nothing and for a year at most"))?
        } else {
            LINK_SPAN
        };
        self.link(turn, &path, span).await
    }

    async fn link(&self, turn: &mut dyn Turn, path: &FilePath, span: TimeDelta) -> Result<Value, Fault> {
        if self.host.of(turn).find(path).await?.is_none() {
            return Err(missing(path));
        }
        let expires = SystemClock.now() + span;
        let bot = turn.bot().name.clone();
        self.host.links.sign(&bot, path, expires).await.map(Value::Text)
    }
}

/// A file goes to the person of this conversation; another one is reached on a channel of their own.
fn check_user(turn: &dyn Turn, user: &Value) -> Result<(), Fault> {
    let wanted = user.to_string();
    let here = turn.conversation().to_string();
    let person = match turn.caller().subject {
        botlib::Subject::Visitor(id) => id.to_string(),
        botlib::Subject::Person(id) => id.to_string(),
        _ => here.clone(),
    };
    let is_here = user.is_null() || wanted.is_empty() || wanted == person || wanted == here || wanted == "user";
    if is_here || matches!(user, Value::Map(_)) {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::NotFound,
        format!("DOWNLOAD … TO {wanted}: this server reaches only the person of the conversation"),
    ))
}

/// The URL of another site that a value names.
fn url_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::Text(text) => text.trim(),
        Value::File(FileRef { path: None, url, .. }) => url.as_str(),
        _ => return None,
    };
    let (scheme, _) = text.split_once("://")?;
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    is_web.then(|| text.to_owned())
}

/// A name that a file of the bot may have.
fn plain_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.() ".contains(c) {
                c
            } else {
                '_'
            }
        })
        .take(120)
        .collect();
    let plain = plain.trim_matches([' ', '.']).to_owned();
    if plain.is_empty() { "file".to_owned() } else { plain }
}

fn address(turn: &dyn Turn, id: Uuid) -> String {
    format!("/api/chat/{}/files/{id}", turn.conversation())
}
