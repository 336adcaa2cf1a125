//! Arbitrary text never panics and never hangs.

use std::{sync::Arc, time::Duration};

use botlib::{Value, value::Map};
use botserver_auto::basic::{self, Grammar, Known, Limits, Machine};
use botstate::dialog::{Answer, Dialog, Input, Step};
use proptest::prelude::*;

use crate::driver::{env, grammar};

const SCRIPTS: &[&str] = &[
    "x = 1\nIF x > 0 THEN\n  TALK \"${x + 1} é\"\nELSE IF x = 2 THEN\n  TALK 'q'\nEND IF",
    "FOR EACH r IN FIND \"t\", \"a=\" + x LAST 3 DO\n  SAVE \"t\", r.id, #{ a: [1, 2.5], \"b\": NOW() }\nEND FOR",
    "PARAM a AS STRING LIKE \"x\" DESCRIPTION \"d\" OPTIONAL\nDESCRIPTION \"tool\"\nRETURN WITH a AS a, b AS 1",
    "BEGIN TALK\n Hello ${name OR \"you\"}\nEND TALK\nHEAR x AS MENU \"A\", \"B\", * WITH \"?\" DEFAULT \"A\"",
    "SELECT CASE x\nCASE 1, 2 TO 3: TALK 1\nCASE IS > 5\nCALL s(1)\nCASE ELSE\nEND SELECT\nSUB s(a)\nx = f(a)\nEND SUB\nFUNCTION f(n)\nRETURN n ^ 2\nEND FUNCTION",
    "TRY\nWITH o\n.a = 1\nb = x?.y[0].trim()\nEND WITH\nCATCH e\nTALK e.message\nEND TRY\nDO\nx = x + 1\nLOOP UNTIL x >= 3",
    "x = LLM \"p\"\n WITH OPTIMIZE FOR \"cost\"\ny = x ?? (GET \"a\") AND NOT x IS NULL ? 1 : -2\nREMEMBER \"k\" = y BETWEEN 1 AND 2",
    "ON ERROR GOTO bad\nagain:\nn = n + 1\nIF n < 3 GOTO again\nGOSUB part\nEXIT\npart:\nTALK n\nRETURN\nbad: TALK ERROR MESSAGE\nDIM a$(2), m(1, 1)\na$(0) = \"x\"\nm(1, 0) = a$(0)",
    "TABLE t ON c READ BY \"a;b\"\n  id number key ' one\n  x* string(max) NOT NULL DEFAULT 'y', -- z\n  g int GENERATED ALWAYS AS (\n CASE WHEN 1 THEN 2 END) STORED\n  UNIQUE(id, x)\nEND TABLE\nCREATE INDEX i ON t(id, lower(x)) WHERE id > 0;\nCREATE VIEW v AS\n SELECT 1\n\nTALK 1",
    "WEBHOOK \"a/b\"\nSET SCHEDULE \"0 8 * * *\"\nON INSERT OF \"t\"\n  TALK params.x\nEND ON\nON \"e\" CALL s\nON EVENT \"f\" DO\nSCHEDULE IN n MINUTES DO\nTALK n\nEND SCHEDULE\nEND ON\nresult_status = body.a\nSUB s\nEND SUB",
    "STEP 1: BOT \"b\" \"t\"\nSTEP 2: HUMAN APPROVAL FROM \"x\"\n TIMEOUT 5\n ON TIMEOUT: APPROVE\nSTEP 3: PARALLEL\nBRANCH A: BOT \"x\", \"y\"\nEND PARALLEL\nDELAY 1\nBEGIN MAIL a@b.c\nSubject: ${x}\n\nBody\nEND MAIL\nBEGIN TRANSACTION\nCOMMIT\nWAIT FOR RESPONSE AS r TIMEOUT 5\nSET SCHEDULE \"c\" DATEADD(TODAY(), 1, \"day\"), \"f.bas\", 1",
    "DESCRIPTION \"one\"\nRETURN 1\n' Two\nPARAM a\nDESCRIPTION \"two\"\nRETURN a\nINCLUDE \"x.bas\"",
];

/// Reads, checks and, if it can be, compiles and runs a script.
fn exercise(text: &str, grammar: &Grammar) {
    let parsed = basic::parse("fuzz.bas", text, grammar);
    for diagnostic in basic::check(&parsed, &Known::default()).iter().take(5) {
        diagnostic.render(false);
    }
    let Ok(unit) = basic::unit(&parsed, basic::Options::default()) else {
        return;
    };
    for program in std::iter::once(unit.main).chain(unit.sections) {
        run(text, program);
    }
}

/// Runs a program for a while.
fn run(text: &str, program: basic::Program) {
    program.prepare().unwrap_or_else(|fault| panic!("{fault}\nin:\n{text}"));
    let env = env();
    let limits = Limits {
        operations: 20_000,
        time: Duration::from_millis(500),
        says: 50,
        calls: 50,
        ..Limits::default()
    };
    let mut machine = Machine::new(Arc::new(program), Map::new(), &env)
        .unwrap()
        .with_limits(limits);
    let mut input = Input::Continue;
    for _ in 0..60 {
        input = match machine.resume(input, &env) {
            Step::Say(_) => Input::Continue,
            Step::Call(_) | Step::Script(_) => Input::Returned(Value::Int(1)),
            Step::Hear(_) => Input::Heard(Answer {
                text: "1".to_owned(),
                files: Vec::new(),
            }),
            Step::Done(_) => return,
            Step::Fault(fault) => {
                assert_ne!(
                    fault.kind,
                    botstate::dialog::FaultKind::Internal,
                    "{fault}\nin:\n{text}"
                );
                return;
            }
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_read(text in "\\PC{0,80}(\n\\PC{0,40}){0,6}") {
        exercise(&text, &grammar());
    }

    #[test]
    fn arbitrary_tokens_are_read(words in prop::collection::vec(prop::sample::select(vec![
        "IF", "THEN", "ELSE", "END IF", "FOR", "EACH", "IN", "NEXT", "WHILE", "WEND", "DO", "LOOP", "SELECT CASE", "CASE",
        "END SELECT", "SUB", "END SUB", "RETURN", "HEAR", "TALK", "WITH", "END WITH", "TRY", "CATCH", "END TRY", "x", "y",
        "=", "(", ")", "[", "]", "{", "}", "#{", ",", ":", "?", ".", "\"t\"", "\"${x}\"", "1", "2.5", "+", "-", "*", "AND",
        "OR", "NOT", "IS NULL", "AS", "MENU", "DEFAULT", "GET", "LLM", "SET", "f(", "\n", "\n", "\n", "PARAM", "CALL", "EXIT",
        "FORMAT", "BEGIN TALK\n", "END TALK\n", "'", "_\n", ";", "LAST", "TO", "STEP", "UNTIL", "??",
        "ON", "INSERT OF", "END ON", "GOTO", "GOSUB", "a:", "LABEL a", "DIM", "a(", "TABLE t\n", "END TABLE\n", "CREATE INDEX i ON t(",
        "CREATE VIEW v AS", "SCHEDULE IN 5 SECONDS DO", "END SCHEDULE", "SET SCHEDULE", "WEBHOOK", "STEP 1:", "BOT", "PARALLEL",
        "BRANCH A:", "BEGIN MAIL x\n", "END MAIL\n", "BEGIN TRANSACTION", "COMMIT", "TIMEOUT", "DESCRIPTION \"d\"", "EVENT", "?.", "IN (",
    ]), 0..40)) {
        exercise(&words.join(" "), &grammar());
    }

    #[test]
    fn mutated_scripts_are_read(which in 0..SCRIPTS.len(), at in 0_usize..200, cut in 0_usize..6, with in "[ -~\n]{0,4}") {
        let mut letters: Vec<char> = SCRIPTS[which].chars().collect();
        let at = at.min(letters.len());
        let end = (at + cut).min(letters.len());
        letters.splice(at..end, with.chars());
        exercise(&letters.into_iter().collect::<String>(), &grammar());
    }
}

#[test]
fn the_scripts_that_are_mutated_are_fine_themselves() {
    for script in SCRIPTS {
        let parsed = basic::parse("fuzz.bas", script, &grammar());
        assert!(!parsed.has_errors(), "{script}: {:#?}", parsed.diagnostics);
        exercise(script, &grammar());
    }
}

#[test]
fn deep_nesting_is_refused_instead_of_overflowing() {
    let deep = 20_000;
    for text in [
        format!("x = {}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("x = {}", "[".repeat(deep)),
        format!("x = {}1", "-".repeat(deep)),
        format!("x = {}1", "NOT ".repeat(deep)),
        "IF 1 THEN\n".repeat(deep),
        "IF 1 THEN ".repeat(deep),
        "FOR i = 1 TO 2\n".repeat(deep),
        "SUB s\n".repeat(deep),
        format!("x = {}1", "1 ? ".repeat(deep)),
        format!("x = a{}", ".b".repeat(deep)),
        format!("x = a{}", "?? 1 OR 2 ".repeat(deep)),
        format!("x = {}", "\"${".repeat(200)),
        format!("x = {}", "f(".repeat(deep)),
        format!("x = {}1", "LLM ".repeat(deep)),
        "if 1 {\n".repeat(deep),
    ] {
        exercise(&text, &grammar());
    }
}

#[test]
fn a_large_script_is_read_in_time() {
    let text = "x = LEFT(name, 2) + \"a\"\nIF x = 1 THEN\n  TALK \"${x}\"\nEND IF\n".repeat(5_000);
    let begun = std::time::Instant::now();

    let parsed = basic::parse("large.bas", &text, &grammar());

    assert!(!parsed.has_errors());
    assert!(begun.elapsed() < Duration::from_mins(2), "{:?}", begun.elapsed());
}
