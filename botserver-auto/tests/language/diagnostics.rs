//! Diagnostics as authors see them.

use std::collections::HashSet;

use botserver_auto::basic::{self, Known, Severity};

use crate::driver::grammar;

fn rendered(text: &str) -> String {
    let parsed = basic::parse("test.bas", text, &grammar());
    let known = Known {
        names: HashSet::from(["limit".to_owned()]),
        scripts: Some(HashSet::from(["start".to_owned(), "account-management".to_owned()])),
        ..Known::default()
    };
    let found = basic::check(&parsed, &known);
    found
        .iter()
        .map(|diagnostic| diagnostic.render(false))
        .collect::<Vec<_>>()
        .join("\n\n")
}

#[test]
fn unknown_statements_name_the_nearest_phrase() {
    insta::assert_snapshot!(rendered("TLAK \"a\"\nADD SUGESTION \"a\"\nfrobnicate all\nx + 1"));
}

#[test]
fn blocks_without_an_end_are_shown_at_their_beginning() {
    insta::assert_snapshot!(rendered(
        "FOR i = 1 TO 3\n  IF i = 2 THEN\n    TALK i\nNEXT\nEND WHILE\nTALK 1"
    ));
}

#[test]
fn arguments_that_do_not_fit_show_the_shapes() {
    insta::assert_snapshot!(rendered(
        "SET BOT MEMORY \"a\"\nSEND MAIL \"a\", \"b\"\nx = GET BOT MEMORY"
    ));
}

#[test]
fn texts_and_brackets_that_are_not_closed() {
    insta::assert_snapshot!(rendered("x = (1 + 2\ny = 3\nz = [1, 2\nTALK z\nTALK \"open"));
}

#[test]
fn all_problems_of_a_file_are_shown_at_once() {
    insta::assert_snapshot!(rendered(
        "PARAM a AS STRNG\nx = \nTALK 1 2\nHEAR y AS EMIAL\nIF x\n  TALK x\nEND IF\nWHILE ) \n TALK 1\nWEND\nEXIT FOR\nBREAK"
    ));
}

#[test]
fn what_looks_like_a_mistake_is_a_warning() {
    insta::assert_snapshot!(rendered(
        "custmer = 1\nTALK customer + limit + user.message\nTALK LEFTT(\"a\")\nTALK LEFT(1)\nCALL \"acount-management.bas\"\n\
         TALK \"${a b}\"\nFOR i = 1 TO 2\nNEXT j\nRETURN 1\nTALK 2\nx = [1].frob()"
    ));
}

#[test]
fn accents_do_not_move_the_marks() {
    insta::assert_snapshot!(rendered("TALK \"ação\" + é + \"…\" 5"));
}

#[test]
fn a_text_block_without_an_end() {
    insta::assert_snapshot!(rendered("TALK 1\nBEGIN TALK\nHello\nTALK 2"));
}

#[test]
fn a_diagnostic_is_json_as_well() {
    let parsed = basic::parse("a.bas", "x = 1\nTLAK x", &grammar());

    let diagnostic = parsed.diagnostics.first().unwrap();

    assert_eq!(diagnostic.severity, Severity::Error);
    insta::assert_json_snapshot!(diagnostic);
}

#[test]
fn a_sound_script_has_no_diagnostics() {
    assert_eq!(
        rendered(
            "' comment\nx = 1\nFOR EACH r IN [1]\n  x = x + r\nNEXT r\nTALK \"${x}\"\nCALL \"start.bas\"\nRETURN x"
        ),
        ""
    );
}
