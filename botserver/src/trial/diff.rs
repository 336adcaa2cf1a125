//! Differences as people read them: `-` was expected, `+` came.

use serde_json::Value;

/// The difference of two lists of texts, each of which may have several lines.
pub(crate) fn lists(expected: &[String], came: &[String]) -> String {
    let mut text = String::new();
    for (mark, item) in changes(expected, came) {
        line(&mut text, mark, item);
    }
    text
}

/// Two values, one under the other, line by line.
pub(crate) fn values(expected: &Value, came: &Value) -> String {
    let lines = |value: &Value| -> Vec<String> {
        let shown = serde_json::to_string_pretty(value).unwrap_or_default();
        shown.lines().map(str::to_owned).collect()
    };
    lists(&lines(expected), &lines(came))
}

/// What came, where there is nothing to compare it with.
pub(crate) fn shown(came: &[String]) -> String {
    let mut text = String::new();
    for item in came {
        line(&mut text, '+', item);
    }
    if came.is_empty() {
        text.push_str("  (nothing)\n");
    }
    text
}

fn line(text: &mut String, mark: char, item: &str) {
    for (index, part) in item.lines().enumerate() {
        let lead = if index == 0 { mark } else { '|' };
        text.extend([lead.to_string().as_str(), " ", part, "\n"]);
    }
    if item.is_empty() {
        text.extend([mark.to_string().as_str(), "\n"]);
    }
}

/// The longest common subsequence stays, what is around it goes or comes.
fn changes<'a>(old: &'a [String], new: &'a [String]) -> Vec<(char, &'a String)> {
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    let at = |common: &[u32], i: usize, j: usize| common.get(i * width + j).copied().unwrap_or_default();
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            let best = if a == b {
                at(&common, i + 1, j + 1) + 1
            } else {
                at(&common, i + 1, j).max(at(&common, i, j + 1))
            };
            if let Some(cell) = common.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut found = Vec::new();
    loop {
        match (old.get(i), new.get(j)) {
            (Some(a), Some(b)) if a == b => {
                found.push((' ', a));
                i += 1;
                j += 1;
            }
            (Some(a), b) if b.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) => {
                found.push(('-', a));
                i += 1;
            }
            (_, Some(b)) => {
                found.push(('+', b));
                j += 1;
            }
            _ => return found,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_have_stays_between_what_went_and_what_came() {
        let texts = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();

        insta::assert_snapshot!(lists(&texts("a,b,c\nd"), &texts("b,x,c\ne")), @r"
        - a
          b
        - c
        | d
        + x
        + c
        | e
        ");
    }
}
