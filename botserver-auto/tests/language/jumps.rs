//! Labels and jumps, lists of DIM, files that are included, and what happens when nobody answers.

use botlib::Value;
use botserver_auto::basic;
use botstate::dialog::FaultKind;

use crate::driver::{Talk, grammar, said, table};

/// What reading and compiling `text` reports, one line each.
fn problems(text: &str) -> Vec<String> {
    let parsed = basic::parse("test.bas", text, &grammar());
    let mut found: Vec<String> = parsed
        .diagnostics
        .iter()
        .map(|one| format!("{} {}", one.code, one.title))
        .collect();
    if let Err(errors) = basic::compile(&parsed) {
        for error in errors {
            let line = format!("{} {}", error.code, error.title);
            if !found.contains(&line) {
                found.push(line);
            }
        }
    }
    found
}

#[test]
fn goto_goes_to_labels_in_both_spellings() {
    table(&[
        ("x = 0\nagain:\nx = x + 1\nIF x < 3 THEN GOTO again\nTALK x", "3"),
        ("x = 0\nLABEL again\nx = x + 1\nIF x < 3 GOTO again\nTALK x", "3"),
        ("GOTO done\nTALK \"never\"\ndone:\nTALK \"here\"", "here"),
        ("GO TO done\nTALK \"never\"\ndone: TALK \"here\"", "here"),
        (
            "IF 1 = 1 THEN\n  GOTO inside\nEND IF\nTALK 1\nIF 1 = 2 THEN\n  inside:\n  TALK 2\nEND IF",
            "2",
        ),
    ]);
}

#[test]
fn a_jump_leaves_loops_and_try_blocks() {
    table(&[
        (
            "FOR i = 1 TO 9\n  FOR EACH x IN [1, 2]\n    IF i = 3 THEN GOTO out\n  NEXT\nNEXT\nout:\nTALK i",
            "3",
        ),
        (
            "TRY\n  GOTO out\nCATCH e\n  TALK \"caught\"\nEND TRY\nout:\nTRY\n  THROW \"x\"\nCATCH e\n  TALK e.message\nEND TRY",
            "x",
        ),
    ]);
}

#[test]
fn gosub_comes_back_and_may_nest() {
    assert_eq!(
        said("GOSUB a\nTALK \"end\"\nEXIT\na:\nTALK \"a\"\nGOSUB b\nTALK \"a2\"\nRETURN\nb:\nTALK \"b\"\nRETURN"),
        "a|b|a2|end"
    );
}

#[test]
fn gosub_survives_a_question() {
    let transcript = Talk::new("GOSUB ask\nTALK \"Hello ${name}\"\nEXIT\nask:\nHEAR name WITH \"Who?\"\nRETURN")
        .answer("Ana")
        .transcript();

    assert_eq!(transcript, "bot: Who?\nhear text\n> Ana\nbot: Hello Ana\n");
}

#[test]
fn return_with_a_value_does_not_go_back() {
    let transcript = Talk::new("GOSUB a\nTALK \"never\"\na:\nRETURN 5").transcript();

    assert_eq!(transcript, "done: 5\n");
}

#[test]
fn errors_go_to_the_label_of_on_error() {
    assert_eq!(
        said("ON ERROR GOTO failed\nTHROW \"first\"\nTALK \"never\"\nfailed:\nTALK ERROR MESSAGE"),
        "first"
    );
}

#[test]
fn a_handler_may_try_again_by_a_jump() {
    let transcript = Talk::new(
        "ON ERROR GOTO failed\nn = 0\nretry:\nx = GET \"https://example.com\"\nTALK x\nEXIT\nfailed:\nn = n + 1\nIF n < 3 THEN GOTO retry\nTALK \"gave up\"",
    )
    .fails(FaultKind::Network, "no route")
    .fails(FaultKind::Network, "no route")
    .returns("body")
    .transcript();

    assert!(transcript.ends_with("bot: body\n"), "{transcript}");
}

#[test]
fn an_error_in_the_handler_itself_ends_the_script() {
    let transcript = Talk::new("ON ERROR GOTO failed\nTHROW \"first\"\nfailed:\nTHROW \"second\"").transcript();

    assert_eq!(transcript, "fault: test.bas:4: second\n");
}

#[test]
fn on_error_goto_0_ends_the_handling() {
    let transcript = Talk::new("ON ERROR GOTO failed\nON ERROR GOTO 0\nTHROW \"out\"\nfailed:\nTALK 1").transcript();

    assert_eq!(transcript, "fault: test.bas:3: out\n");
}

#[test]
fn labels_that_cannot_be_reached_are_errors() {
    assert_eq!(problems("GOTO retri\nretry:"), ["B134 there is no label retri"]);
    assert_eq!(
        problems("GOTO inner\nFOR i = 1 TO 2\ninner:\nNEXT"),
        ["B132 the label inner lies inside another block"]
    );
    assert_eq!(problems("a:\na:"), ["B133 the label a is there twice"]);
    assert_eq!(problems("GOTO x\nSUB s\nx:\nEND SUB"), ["B134 there is no label x"]);
}

#[test]
fn an_endless_jump_is_stopped() {
    let transcript = Talk::new("again:\nGOTO again").transcript();

    assert!(transcript.starts_with("fault: test.bas:"), "{transcript}");
}

#[test]
fn dim_makes_lists_with_brackets_of_both_kinds() {
    table(&[
        (
            "DIM a$(3)\na$(0) = \"x\"\na$(3) = \"y\"\nTALK a$(0) + a$(1) + a$(3)",
            "xy",
        ),
        ("DIM n(2)\nn(1) = n(1) + 5\nTALK n(0) + n(1)\nTALK UBOUND(n)", "5|3"),
        (
            "DIM grid(1, 2)\ngrid(1, 2) = 7\nTALK grid(1, 2)\nTALK grid[1][2]\nTALK grid(0, 0)",
            "7|7|0",
        ),
        (
            "DIM a(1)\na(1) = 4\nREDIM PRESERVE a(3)\nTALK a(1)\nTALK UBOUND(a)\nREDIM a(0)\nTALK a(0)",
            "4|4|0",
        ),
        (
            "DIM name AS STRING, total AS NUMBER\nTALK \"[${name}] ${total}\"",
            "[] 0",
        ),
        (
            "DIM a(2)\nFOR i = 0 TO 2\n  a(i) = i * 2\nNEXT\nTALK \"${a(1)} ${a(2)}\"",
            "2 4",
        ),
    ]);
}

#[test]
fn included_files_are_read_in_place() {
    let load = |file: &str| match file {
        "greetings.bas" => Some((
            "greetings.bas".to_owned(),
            "SUB greet(n)\n  TALK \"Hello \" + n\nEND SUB\nx = 5".to_owned(),
        )),
        "deep.bas" => Some((
            "deep.bas".to_owned(),
            "INCLUDE \"greetings.bas\"\nTHROW \"here\"".to_owned(),
        )),
        _ => None,
    };
    let parsed = basic::parse_with("main.bas", "TALK 1\nINCLUDE \"deep.bas\"\nTALK 2", &grammar(), &load);
    assert!(!parsed.has_errors(), "{:#?}", parsed.diagnostics);
    let program = basic::compile(&parsed).unwrap();

    let transcript = Talk::of(program).transcript();

    assert_eq!(transcript, "bot: 1\nfault: deep.bas:2: here\n");
}

#[test]
fn includes_that_cannot_be_followed_are_errors() {
    let load = |file: &str| match file {
        "a.bas" => Some(("a.bas".to_owned(), "INCLUDE \"b.bas\"".to_owned())),
        "b.bas" => Some(("b.bas".to_owned(), "TALK 1\nINCLUDE \"a.bas\"".to_owned())),
        _ => None,
    };
    let parsed = basic::parse_with(
        "main.bas",
        "INCLUDE \"a.bas\"\nINCLUDE \"c.bas\"\nx = = 1",
        &grammar(),
        &load,
    );

    let found: Vec<String> = parsed
        .diagnostics
        .iter()
        .map(|one| format!("{}:{} {} {}", one.file, one.line, one.code, one.title))
        .collect();

    assert_eq!(
        found,
        [
            "b.bas:2 B140 a.bas includes itself: main, then a, then b, then a",
            "main.bas:2 B141 the package has no file c.bas to include",
            "main.bas:3 B100 a value is missing: `=` is here",
        ]
    );
}

#[test]
fn an_include_inside_a_text_block_is_text() {
    let load = |_: &str| Some(("x.bas".to_owned(), "TALK 9".to_owned()));
    let parsed = basic::parse_with("main.bas", "BEGIN TALK\nINCLUDE \"x.bas\"\nEND TALK", &grammar(), &load);

    assert_eq!(
        Talk::of(basic::compile(&parsed).unwrap()).transcript(),
        "bot: INCLUDE \"x.bas\"\n"
    );
}

#[test]
fn a_question_says_how_long_it_waits() {
    let asked = Talk::new("WAIT FOR RESPONSE AS r TIMEOUT 30\nTALK r").transcript();
    let silent = Talk::new("HEAR r AS INTEGER WITH \"How many?\" DEFAULT 3 TIMEOUT 60\nTALK r")
        .silence()
        .transcript();

    assert_eq!(asked, "hear text within 30 s\n");
    assert_eq!(
        silent,
        "bot: How many?\nhear integer default 3 within 60 s\n> (silence)\nbot: 3\n"
    );
    assert_eq!(
        Talk::new("WAIT FOR RESPONSE AS r TIMEOUT 5\nTALK r IS NULL")
            .silence()
            .transcript(),
        "hear text within 5 s\n> (silence)\nbot: true\n"
    );
}

#[test]
fn values_reach_a_later_part_of_a_script_by_name() {
    let program = basic::compile(&basic::parse(
        "hook.bas",
        "WEBHOOK \"orders/new\"\nPARAM id\nresult_status = 201\nresult_body = body.name + id",
        &grammar(),
    ))
    .unwrap();

    let transcript = Talk::of(program)
        .arg("body", Value::from_json(&serde_json::json!({ "name": "n" })))
        .arg("id", "7")
        .transcript();

    assert_eq!(transcript, "done: {\"body\":\"n7\",\"status\":201}\n");
}
