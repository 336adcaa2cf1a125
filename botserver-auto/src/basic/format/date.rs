//! Patterns for dates: `YYYY-MM-DD`, `dd/MM/yyyy HH:mm`, `MMMM yyyy`, `hh:mm tt`.

use chrono::{DateTime, Datelike, FixedOffset, Timelike};

const MONTHS: [(&str, [&str; 12]); 3] = [
    (
        "en",
        [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
    ),
    (
        "pt",
        [
            "janeiro",
            "fevereiro",
            "março",
            "abril",
            "maio",
            "junho",
            "julho",
            "agosto",
            "setembro",
            "outubro",
            "novembro",
            "dezembro",
        ],
    ),
    (
        "es",
        [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ],
    ),
];

const DAYS: [(&str, [&str; 7]); 3] = [
    (
        "en",
        [
            "Sunday",
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
        ],
    ),
    (
        "pt",
        [
            "domingo",
            "segunda-feira",
            "terça-feira",
            "quarta-feira",
            "quinta-feira",
            "sexta-feira",
            "sábado",
        ],
    ),
    (
        "es",
        ["domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"],
    ),
];

/// A run of the same letter, or text that stands for itself.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Field(char, usize),
    Text(String),
    HalfDay,
}

/// Whether the pattern has a field of a date.
pub(super) fn is_pattern(pattern: &str) -> bool {
    pieces(pattern)
        .iter()
        .any(|piece| matches!(piece, Piece::Field(letter, count) if *count > 1 || "yYdDHh".contains(*letter)))
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        if rest.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("AM/PM")) {
            pieces.push(Piece::HalfDay);
            rest = rest.get(5..).unwrap_or_default();
            continue;
        }
        let count = rest.chars().take_while(|other| *other == letter).count();
        let length = count * letter.len_utf8();
        match letter {
            't' if count == 2 => pieces.push(Piece::HalfDay),
            'y' | 'Y' | 'd' | 'D' | 'M' | 'm' | 'H' | 'h' | 's' | 'S' | 'f' => pieces.push(Piece::Field(letter, count)),
            _ => pieces.push(Piece::Text(rest.get(..length).unwrap_or_default().to_owned())),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    pieces
}

/// Whether the `m` at `index` means minutes: after hours or before seconds, or small and away from days and years.
fn is_minute(pieces: &[Piece], index: usize, letter: char, count: usize) -> bool {
    if count > 2 {
        return false;
    }
    let field = |piece: &Piece| {
        if let Piece::Field(letter, _) = piece {
            Some(letter.to_ascii_lowercase())
        } else {
            None
        }
    };
    let before = pieces.get(..index).unwrap_or_default().iter().rev().find_map(field);
    let after = pieces.get(index + 1..).unwrap_or_default().iter().find_map(field);
    if before == Some('h') || after == Some('s') {
        return true;
    }
    letter == 'm' && !matches!(before, Some('y' | 'd')) && !matches!(after, Some('y' | 'd'))
}

/// The moment by `pattern`, names in `language` (English when it is not known).
pub(super) fn format(moment: DateTime<FixedOffset>, pattern: &str, language: &str) -> String {
    let pieces = pieces(pattern);
    let half_days = pieces.contains(&Piece::HalfDay);
    let mut text = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        let (letter, count) = match piece {
            Piece::Text(literal) => {
                text.push_str(literal);
                continue;
            }
            Piece::HalfDay => {
                text.push_str(if moment.hour() < 12 { "AM" } else { "PM" });
                continue;
            }
            Piece::Field(letter, count) => (*letter, *count),
        };
        let padded = |number: u32| {
            if count > 1 {
                format!("{number:02}")
            } else {
                number.to_string()
            }
        };
        let field = match letter {
            'y' | 'Y' if count <= 2 => format!("{:02}", moment.year().rem_euclid(100)),
            'y' | 'Y' => format!("{:04}", moment.year()),
            'd' | 'D' if count <= 2 => padded(moment.day()),
            'd' | 'D' => {
                let index = usize::try_from(moment.weekday().num_days_from_sunday()).unwrap_or(0);
                let name = named(&DAYS, language, index);
                if count == 3 { short(name) } else { name.to_owned() }
            }
            'm' | 'M' if is_minute(&pieces, index, letter, count) => padded(moment.minute()),
            'm' | 'M' if count <= 2 => padded(moment.month()),
            'm' | 'M' => {
                let name = named(&MONTHS, language, usize::try_from(moment.month0()).unwrap_or(0));
                if count == 3 { short(name) } else { name.to_owned() }
            }
            'h' if half_days => padded(moment.hour12().1),
            'h' | 'H' => padded(moment.hour()),
            's' | 'S' => padded(moment.second()),
            _ => format!("{:03}", moment.timestamp_subsec_millis())
                .chars()
                .take(count)
                .collect(),
        };
        text.push_str(&field);
    }
    text
}

fn named<const N: usize>(names: &[(&str, [&'static str; N])], language: &str, index: usize) -> &'static str {
    let found = names
        .iter()
        .find(|(name, _)| *name == language)
        .or_else(|| names.first());
    found
        .and_then(|(_, names)| names.get(index))
        .copied()
        .unwrap_or_default()
}

fn short(name: &str) -> String {
    name.chars().take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_say_how_a_moment_looks() {
        let moment = DateTime::parse_from_rfc3339("2026-03-09T14:05:07.123-03:00").unwrap();
        let cases = [
            ("YYYY-MM-DD", "2026-03-09"),
            ("yyyy-MM-dd", "2026-03-09"),
            ("YYYYMMDDHHmmss", "20260309140507"),
            ("YYYYMMDD_HHmmss", "20260309_140507"),
            ("DD/MM/YYYY HH:mm", "09/03/2026 14:05"),
            ("HH:MM d/M/yy", "14:05 9/3/26"),
            ("MMMM yyyy", "March 2026"),
            ("MMM DD, YYYY HH:mm", "Mar 09, 2026 14:05"),
            ("YYYY-MM-01", "2026-03-01"),
            ("hh:mm tt", "02:05 PM"),
            ("dddd", "Monday"),
            ("ss.fff", "07.123"),
        ];
        for (pattern, expected) in cases {
            assert_eq!(format(moment, pattern, "en"), expected, "{pattern}");
        }
        assert_eq!(format(moment, "d MMMM", "pt"), "9 março");
    }
}
