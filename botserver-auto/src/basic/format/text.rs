//! Patterns for texts: `@` a character or a blank, `&` a character or nothing, `<` small and `>` capital letters,
//! `!` fills from the left.

/// The text by `pattern`; a pattern without any sign of its own is the result itself.
pub(super) fn format(text: &str, pattern: &str) -> String {
    let cased = if pattern.contains('>') {
        text.to_uppercase()
    } else if pattern.contains('<') {
        text.to_lowercase()
    } else {
        text.to_owned()
    };
    let places = pattern.matches(['@', '&']).count();
    if places == 0 {
        return if pattern.contains(['<', '>']) {
            cased
        } else {
            pattern.to_owned()
        };
    }
    let count = cased.chars().count();
    let missing = if pattern.contains('!') {
        0
    } else {
        places.saturating_sub(count)
    };
    let mut letters = cased.chars();
    let mut result = String::new();
    let mut place = 0;
    for sign in pattern.chars() {
        match sign {
            '@' | '&' => {
                let letter = if place < missing { None } else { letters.next() };
                place += 1;
                match letter {
                    Some(letter) => result.push(letter),
                    None if sign == '@' => result.push(' '),
                    None => {}
                }
            }
            '<' | '>' | '!' => {}
            other => result.push(other),
        }
    }
    result.extend(letters);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_take_characters() {
        assert_eq!(format("12345678901", "@@@.@@@.@@@-@@"), "123.456.789-01");
        assert_eq!(format("ab", ">@@@"), " AB");
        assert_eq!(format("ab", "&&&!"), "ab");
    }
}
