//! Messages: who wrote what, and what is attached.

use botstate::document::ExtractError;
use bytes::Bytes;
use mail_parser::{Address, Message, MessageParser, MimeHeaders as _, PartType};

use crate::{
    budget::{damaged, too_large},
    formats::{self, Format},
    html, plain,
    writer::Writer,
};

/// How deep messages may hold messages.
const MESSAGES_DEEP: usize = 5;

/// Names at the beginning of a line that make a text a message.
const NAMES: [&str; 12] = [
    "from",
    "to",
    "subject",
    "date",
    "received",
    "message-id",
    "mime-version",
    "return-path",
    "delivered-to",
    "content-type",
    "reply-to",
    "cc",
];

/// Whether a text begins with the head of a message: named lines, of which several are a message's own.
pub(crate) fn looks_like_message(start: &str) -> bool {
    let mut known = 0_usize;
    for line in start.lines().take(100) {
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else {
            return false;
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return false;
        }
        known += usize::from(NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)));
    }
    known >= 3
}

pub(crate) fn read(bytes: &Bytes, out: &mut Writer) -> Result<(), ExtractError> {
    let message = MessageParser::default().parse(bytes.as_ref());
    let message = message.ok_or_else(|| damaged("message", "it has no head"))?;
    out.budget.tick()?;
    read_message(&message, out)
}

fn read_message(message: &Message<'_>, out: &mut Writer) -> Result<(), ExtractError> {
    out.inside += 1;
    if out.inside > MESSAGES_DEEP {
        return Err(too_large(
            "messages inside each other",
            format!("{MESSAGES_DEEP} messages deep"),
        ));
    }
    out.budget.entries(message.parts.len())?;
    let subject = message.subject().unwrap_or_default();
    out.inside -= 1;
    out.title(subject);
    out.inside += 1;
    out.heading(1, subject)?;
    let mut head = String::new();
    for (name, people) in [("From", message.from()), ("To", message.to()), ("Cc", message.cc())] {
        if let Some(people) = people {
            head.extend([name, ": ", &shown(people), "\n"]);
        }
    }
    if let Some(date) = message.date() {
        head.extend(["Date: ", &date.to_rfc3339(), "\n"]);
    }
    out.text(&head)?;
    body(message, out)?;
    for part in message.attachments() {
        out.budget.tick()?;
        if let PartType::Message(inner) = &part.body {
            read_message(inner, out)?;
            continue;
        }
        let name = part.attachment_name().unwrap_or("attachment").to_owned();
        attachment(&name, part.contents(), out)?;
    }
    out.inside -= 1;
    Ok(())
}

fn shown(people: &Address<'_>) -> String {
    let one = |person: &mail_parser::Addr<'_>| match (person.name(), person.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    };
    let people: Vec<String> = people.iter().map(one).collect();
    people.join(", ")
}

/// The text of the message: as HTML where it has tables or lists to keep, else as plain text.
fn body(message: &Message<'_>, out: &mut Writer) -> Result<(), ExtractError> {
    let page = message.html_bodies().find_map(|part| match &part.body {
        PartType::Html(page) => Some(page),
        _ => None,
    });
    if let Some(page) = page {
        return html::read_fragment(page, out);
    }
    for part in message.text_bodies() {
        if let PartType::Text(text) = &part.body {
            plain::read(text, out)?;
        }
    }
    Ok(())
}

/// What is attached becomes part of the document; what cannot be read is told and left out.
fn attachment(name: &str, content: &[u8], out: &mut Writer) -> Result<(), ExtractError> {
    out.budget.unpacked(content.len() as u64)?;
    let content = Bytes::copy_from_slice(content);
    // Pictures in signatures are in most messages.
    match Format::detect(name, &content, out) {
        Ok(_) => {}
        Err(error @ ExtractError::TooLarge { .. }) => return Err(error),
        Err(error) => {
            out.warn(format!("{name} was left out: {error}"));
            return Ok(());
        }
    }
    out.heading(2, name)?;
    match formats::read_into(name, &content, out) {
        Ok(_) => out.page(None),
        Err(error @ ExtractError::TooLarge { .. }) => Err(error),
        Err(error) => {
            out.warn(format!("{name} was left out: {error}"));
            out.page(None)
        }
    }
}
