//! Results as JUnit's XML, which every CI server reads.

use std::{collections::BTreeMap, fmt::Write as _};

use super::Played;

/// One suite a file, one case a test and way of playing it.
pub(crate) fn document(played: &[Played]) -> String {
    let mut suites: BTreeMap<_, Vec<&Played>> = BTreeMap::new();
    for one in played {
        suites.entry(&one.file).or_default().push(one);
    }
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for (file, cases) in suites {
        let failed = cases.iter().filter(|one| one.failure.is_some()).count();
        let time: f64 = cases.iter().map(|one| one.time.as_secs_f64()).sum();
        let name = escaped(&file.display().to_string());
        // Writing into a text cannot fail.
        let _ = writeln!(
            text,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" time=\"{time:.3}\">",
            cases.len()
        );
        for case in cases {
            text.push_str(&self::case(&name, case));
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn case(suite: &str, played: &Played) -> String {
    let name = escaped(&format!("{} ({})", played.name, played.mode.name()));
    let head = format!(
        "    <testcase classname=\"{suite}\" name=\"{name}\" time=\"{:.3}\"",
        played.time.as_secs_f64()
    );
    let Some(failure) = &played.failure else {
        return format!("{head}/>\n");
    };
    let first = failure.found.first().and_then(|found| found.lines().next());
    let message = escaped(&format!("{}: {}", failure.place, first.unwrap_or_default()));
    let place = format!("{}:{}", played.file.display(), failure.line);
    let body = escaped(&format!("{place}\n{}", failure.found.join("\n")));
    format!("{head}>\n      <failure message=\"{message}\">{body}</failure>\n    </testcase>\n")
}

/// Text as XML takes it; characters that it does not know are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            _ if letter.is_control() => {}
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::play::{Failure, Mode};
    use std::{path::PathBuf, time::Duration};

    #[test]
    fn a_failure_is_told_with_its_place_and_signs_are_escaped() {
        let played = |mode, failure| Played {
            file: PathBuf::from("bots/a.test.yaml"),
            name: "says \"<b>\" & goes".to_owned(),
            mode,
            time: Duration::from_millis(1500),
            failure,
        };
        let failure = Failure {
            line: 7,
            place: "step 1: say hi".to_owned(),
            found: vec!["said differs\n- a\n+ b\u{1b}".to_owned()],
        };

        let text = document(&[played(Mode::Plain, None), played(Mode::Kill, Some(failure))]);

        insta::assert_snapshot!(text, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites>
          <testsuite name="bots/a.test.yaml" tests="2" failures="1" errors="0" time="3.000">
            <testcase classname="bots/a.test.yaml" name="says &quot;&lt;b&gt;&quot; &amp; goes (plain)" time="1.500"/>
            <testcase classname="bots/a.test.yaml" name="says &quot;&lt;b&gt;&quot; &amp; goes (kill)" time="1.500">
              <failure message="step 1: say hi: said differs">bots/a.test.yaml:7
        said differs
        - a
        + b</failure>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
