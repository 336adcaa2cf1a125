//! Functions about mail and cases: what scripts of customer service ask of a letter.

use super::{Function, arg, f, volatile};
use crate::basic::{
    dates, run,
    value::{Outcome, Val},
};

pub(super) const FUNCTIONS: &[Function] = &[
    f("IS_PERSONAL_EMAIL", 1, 1, is_personal),
    f("IS_AUTOREPLY", 1, 1, is_autoreply),
    volatile("GENERATE_CASE_NUMBER", 0, 0, |_| Ok(case_number())),
];

/// Domains where people have mailboxes of their own rather than a company's.
const PERSONAL: [&str; 34] = [
    "aol.com",
    "bol.com.br",
    "fastmail.com",
    "free.fr",
    "gmail.com",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.com.br",
    "hotmail.fr",
    "icloud.com",
    "ig.com.br",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "outlook.com.br",
    "proton.me",
    "protonmail.com",
    "terra.com.br",
    "uol.com.br",
    "web.de",
    "yahoo.com",
    "yahoo.com.br",
    "ymail.com",
];

/// `IS_PERSONAL_EMAIL(address or domain)`.
fn is_personal(args: &[Val]) -> Outcome<Val> {
    let text = arg(args, 0).print()?.trim().to_lowercase();
    let domain = text.rsplit_once('@').map_or(text.as_str(), |(_, domain)| domain);
    Ok(Val::Bool(PERSONAL.binary_search(&domain).is_ok()))
}

/// `IS_AUTOREPLY(headers)`: an object of headers or their text, by the marks of RFC 3834 and of common programs.
fn is_autoreply(args: &[Val]) -> Outcome<Val> {
    let mut lines = Vec::new();
    match arg(args, 0) {
        Val::Object(headers) => {
            for (name, value) in headers.iter() {
                lines.push((name.to_lowercase(), value.print()?.trim().to_lowercase()));
            }
        }
        other => {
            let text = other.print()?;
            let split = text.lines().filter_map(|line| line.split_once(':'));
            lines.extend(split.map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_lowercase())));
        }
    }
    let is_mark = |(name, value): &(String, String)| match name.as_str() {
        "auto-submitted" | "auto_submitted" => !value.is_empty() && value != "no",
        "x-autoreply" | "x-autorespond" | "x-auto-response-suppress" | "x_autoreply" => !value.is_empty(),
        "precedence" => ["auto_reply", "bulk", "junk", "list"].contains(&value.as_str()),
        "subject" => [
            "auto:",
            "automatic reply",
            "out of office",
            "autoreply",
            "resposta automática",
        ]
        .iter()
        .any(|start| value.starts_with(start)),
        _ => false,
    };
    Ok(Val::Bool(lines.iter().any(is_mark)))
}

/// A number that people can read out: the day and six signs that are hard to take for one another.
fn case_number() -> Val {
    const SIGNS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut drawn = run::random();
    let mut signs = String::new();
    for _ in 0..6 {
        let index = usize::try_from(drawn & 31).unwrap_or(0);
        signs.push(SIGNS.get(index).map_or('2', |sign| char::from(*sign)));
        drawn >>= 5;
    }
    Val::text(format!("CASE-{}-{signs}", dates::now().format("%Y%m%d")))
}

#[cfg(test)]
mod tests {
    use super::PERSONAL;

    #[test]
    fn the_domains_are_sorted_for_their_search() {
        assert!(PERSONAL.is_sorted());
    }
}
