//! Addresses, names, days, languages, colours, yes and no.

use chrono::{Days, NaiveDate};

use super::colors;
use crate::basic::dates;

/// A mail address in small letters.
pub(crate) fn email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |text: &str, signs: &str| {
        text.chars()
            .all(|letter| letter.is_alphanumeric() || signs.contains(letter))
    };
    let fits = !local.is_empty()
        && local.len() <= 64
        && text.len() <= 254
        && plain(local, "!#$%&'*+/=?^_`{|}~.-")
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && plain(domain, ".-")
        && domain.contains('.')
        && domain
            .split('.')
            .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    fits.then_some(text)
}

/// A day, written out or named.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let today = dates::now().date_naive();
    match text.to_lowercase().as_str() {
        "today" | "hoje" | "hoy" => Some(today),
        "tomorrow" | "amanhã" | "amanha" | "mañana" | "manana" => today.checked_add_days(Days::new(1)),
        "yesterday" | "ontem" | "ayer" => today.checked_sub_days(Days::new(1)),
        _ => dates::parse_day(text),
    }
}

/// A person's name with capitals where they belong.
pub(super) fn name(text: &str) -> Option<String> {
    let count = text.chars().count();
    let fits = text
        .chars()
        .all(|letter| letter.is_alphabetic() || " -'.’".contains(letter));
    if !fits || !(2..=100).contains(&count) || !text.chars().any(char::is_alphabetic) {
        return None;
    }
    let mut title = String::new();
    let mut start = true;
    for letter in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if start {
            title.extend(letter.to_uppercase());
        } else {
            title.extend(letter.to_lowercase());
        }
        start = !letter.is_alphabetic() && letter != '.';
    }
    Some(title)
}

/// Yes or no in the languages that visitors write.
pub(super) fn boolean(text: &str) -> Option<bool> {
    const YES: [&str; 32] = [
        "yes",
        "y",
        "yeah",
        "yep",
        "sure",
        "ok",
        "okay",
        "true",
        "1",
        "on",
        "confirm",
        "confirmed",
        "agree",
        "accept",
        "sim",
        "s",
        "claro",
        "confirmar",
        "confirmo",
        "aceito",
        "sí",
        "si",
        "vale",
        "oui",
        "ja",
        "jawohl",
        "да",
        "d'accord",
        "correct",
        "certo",
        "positivo",
        "isso",
    ];
    const NO: [&str; 21] = [
        "no", "n", "nope", "nah", "false", "0", "off", "cancel", "decline", "deny", "não", "nao", "cancelar", "nunca",
        "non", "nein", "нет", "negativo", "recuso", "nicht", "never",
    ];
    let word = text
        .trim_matches(|letter: char| letter.is_ascii_punctuation())
        .to_lowercase();
    if YES.contains(&word.as_str()) {
        return Some(true);
    }
    NO.contains(&word.as_str()).then_some(false)
}

/// The ISO code of a language.
pub(super) fn language(text: &str) -> Option<String> {
    const NAMES: [(&str, &[&str]); 12] = [
        ("en", &["english", "inglês", "ingles", "inglés"]),
        ("pt", &["portuguese", "português", "portugues", "portugués"]),
        ("es", &["spanish", "espanhol", "español", "espanol"]),
        ("fr", &["french", "francês", "frances", "francés", "français"]),
        ("de", &["german", "alemão", "alemao", "alemán", "deutsch"]),
        ("it", &["italian", "italiano"]),
        ("ja", &["japanese", "japonês", "japonés", "日本語"]),
        ("zh", &["chinese", "chinês", "chino", "中文"]),
        ("ru", &["russian", "russo", "ruso", "русский"]),
        ("ar", &["arabic", "árabe", "العربية"]),
        ("ko", &["korean", "coreano", "한국어"]),
        ("nl", &["dutch", "holandês", "neerlandés", "nederlands"]),
    ];
    let lower = text.to_lowercase();
    let code = lower.split(['-', '_']).next().unwrap_or(&lower);
    let found = NAMES
        .iter()
        .find(|(known, names)| *known == code || names.contains(&lower.as_str()));
    found.map(|(known, _)| (*known).to_owned())
}

/// A web address; `https://` is added when no scheme is there.
pub(super) fn url(text: &str) -> Option<String> {
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let parsed = url::Url::parse(&full).ok()?;
    let host = parsed.host_str()?;
    let fits = matches!(parsed.scheme(), "http" | "https") && (host.contains('.') || host == "localhost");
    (fits && !text.contains(char::is_whitespace)).then(|| parsed.to_string())
}

/// A colour as `#rrggbb`.
pub(super) fn color(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    if let Some(hex) = colors::find(&lower) {
        return Some(format!("#{hex}"));
    }
    if let Some(parts) = lower.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')')) {
        let parts: Vec<u8> = parts
            .split(',')
            .map(|part| part.trim().parse().ok())
            .collect::<Option<_>>()?;
        let [red, green, blue] = parts.as_slice() else {
            return None;
        };
        return Some(format!("#{red:02x}{green:02x}{blue:02x}"));
    }
    let hex = lower.strip_prefix('#').unwrap_or(&lower);
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    match hex.len() {
        6 => Some(format!("#{hex}")),
        3 => Some(format!(
            "#{}",
            hex.chars().flat_map(|digit| [digit, digit]).collect::<String>()
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_their_capitals() {
        assert_eq!(name("  maria  d'ávila-souza ").as_deref(), Some("Maria D'Ávila-Souza"));
        assert_eq!(name("R2D2"), None);
    }

    #[test]
    fn addresses_are_checked() {
        assert_eq!(email("Ana.Souza@Example.COM").as_deref(), Some("ana.souza@example.com"));
        assert_eq!(
            (email("ana@localhost"), email("a b@c.d"), email("@c.d")),
            (None, None, None)
        );
        assert_eq!(url("example.com/a").as_deref(), Some("https://example.com/a"));
        assert_eq!(url("not an address"), None);
    }

    #[test]
    fn colours_become_hexadecimal() {
        assert_eq!(color("rgb(1, 2, 255)").as_deref(), Some("#0102ff"));
        assert_eq!(color("#fA0").as_deref(), Some("#ffaa00"));
        assert_eq!(color("Rebecca Purple").as_deref(), Some("#663399"));
        assert_eq!(color("azul").as_deref(), Some("#0000ff"));
    }
}
