//! Answers of people: whether they fit the type that HEAR wants, and the value they stand for.

mod colors;
mod numbers;
mod papers;
mod refusal;
mod words;

use std::sync::Arc;

use botlib::{Secret, wire::InputKind};
use botstate::dialog::Answer;

use super::value::Val;
pub(crate) use numbers::amount;
pub(crate) use refusal::Refusal;
pub(crate) use words::email;

/// The value of an answer.
///
/// # Errors
/// Why the answer does not fit, to be said to the person.
pub(crate) fn read(kind: InputKind, options: &[String], open: bool, answer: &Answer) -> Result<Val, Refusal> {
    if kind.is_file() {
        return file(kind, answer);
    }
    let text = answer.text.trim();
    if text.is_empty() && kind != InputKind::Text {
        return Err(Refusal(kind));
    }
    let value = match kind {
        InputKind::Email => words::email(text).map(Val::from),
        InputKind::Date => words::date(text).map(Val::Date),
        InputKind::Name => words::name(text).map(Val::from),
        InputKind::Integer => numbers::integer(text).map(Val::Int),
        InputKind::Float | InputKind::Money => numbers::amount(text).map(numbers::two_decimals),
        InputKind::Boolean => words::boolean(text).map(Val::Bool),
        InputKind::Hour => numbers::hour(text).map(Val::from),
        InputKind::Mobile => numbers::mobile(text).map(Val::from),
        InputKind::Zipcode => papers::zipcode(text).map(Val::from),
        InputKind::Language => words::language(text).map(Val::from),
        InputKind::Cpf => papers::cpf(text).map(Val::from),
        InputKind::Cnpj => papers::cnpj(text).map(Val::from),
        InputKind::Url => words::url(text).map(Val::from),
        InputKind::Uuid => uuid::Uuid::parse_str(text).ok().map(|id| Val::text(id.to_string())),
        InputKind::Color => words::color(text).map(Val::from),
        InputKind::CreditCard => papers::card(text).map(Val::from),
        InputKind::Password => {
            (answer.text.chars().count() >= 8).then(|| Val::Secret(Secret::new(answer.text.as_str())))
        }
        InputKind::Menu => choice(text, options).or_else(|| open.then(|| Val::text(text))),
        _ => Some(Val::text(text)),
    };
    value.ok_or(Refusal(kind))
}

fn file(kind: InputKind, answer: &Answer) -> Result<Val, Refusal> {
    let wanted = match kind {
        InputKind::Image => "image/",
        InputKind::Video => "video/",
        InputKind::Audio => "audio/",
        _ => "",
    };
    let found = answer.files.iter().find(|file| file.mime.starts_with(wanted));
    found.map(|file| Val::File(Arc::new(file.clone()))).ok_or(Refusal(kind))
}

/// The option that an answer names: as a whole, by its number from 1, or by a part that no other option has.
fn choice(text: &str, options: &[String]) -> Option<Val> {
    let wanted = text.to_lowercase();
    let exact = options.iter().find(|option| option.to_lowercase() == wanted);
    let numbered = || {
        wanted
            .parse::<usize>()
            .ok()
            .and_then(|number| options.get(number.checked_sub(1)?))
    };
    let partly = || {
        let mut found = options.iter().filter(|option| option.to_lowercase().contains(&wanted));
        let first = found.next();
        if found.next().is_some() { None } else { first }
    };
    exact
        .or_else(numbered)
        .or_else(partly)
        .map(|option| Val::text(option.as_str()))
}
