//! Yes and no, where a person approves something.

const YES: [&str; 24] = [
    "yes", "y", "yeah", "yep", "ok", "okay", "sure", "approve", "approved", "confirm", "accept", "true", "1", "sim",
    "s", "claro", "aprovo", "si", "sí", "apruebo", "oui", "ja", "да", "aprovado",
];
const NO: [&str; 18] = [
    "no", "n", "nope", "reject", "rejected", "refuse", "deny", "denied", "cancel", "false", "0", "não", "nao",
    "recuso", "rechazo", "non", "nein", "нет",
];

/// Whether a message approves or refuses; nothing when it does neither.
pub(super) fn assent(text: &str) -> Option<bool> {
    let word = text.trim().trim_end_matches(['.', '!']).trim_end().to_lowercase();
    if YES.contains(&word.as_str()) {
        return Some(true);
    }
    NO.contains(&word.as_str()).then_some(false)
}
