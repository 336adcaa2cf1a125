//! Scripts that would never end, or grow without bounds.

use std::time::Duration;

use botserver_auto::basic::Limits;

use crate::driver::Talk;

fn bounded(script: &str) -> String {
    let limits = Limits {
        operations: 200_000,
        time: Duration::from_mins(10),
        ..Limits::default()
    };
    Talk::new(script).limits(limits).transcript()
}

#[test]
fn hostile_scripts_stop_with_a_clear_fault() {
    for (script, expected) in [
        ("WHILE TRUE\nx = x + 1\nWEND", "did too much work"),
        ("WHILE TRUE\nIF FALSE THEN TALK 1\nWEND", "did too much work"),
        (
            "CALL s\nSUB s\nCALL s\nEND SUB",
            "procedures call each other more than 100 deep",
        ),
        ("x = \"a\"\nFOR i = 1 TO 100\nx = x + x\nNEXT", "longer than 1 MiB"),
        ("x = [1]\nFOR i = 1 TO 100\nx = [x, x]\nNEXT", "weigh more than"),
        ("x.a = [1]\nFOR i = 1 TO 100\nx.b = x\nx.a = x\nNEXT", "weigh more than"),
        (
            "WHILE TRUE\nAPPEND x, \"0123456789012345678901234567890123456789012345678901234567890123456789\"\nWEND",
            "did too much work",
        ),
        ("x = REPEAT(\"a\", 99999999)", "longer than 1 MiB"),
        ("x = RANGE(1, 99999999)", "weigh more than"),
        ("x = FILL(0, 99999999)", "weigh more than"),
        ("WHILE TRUE\nTALK \"x\"\nWEND", "more than 1000 things were said"),
        (
            "x = REPEAT(\"a\", 1000000)\nWHILE TRUE\nTALK x\nWEND",
            "more than 4194304 bytes were said",
        ),
        (
            "FOR i = 1 TO 10\nTRY\nWHILE TRUE\ny = 1\nWEND\nCATCH\nTALK \"caught\"\nEND TRY\nNEXT",
            "did too much work",
        ),
    ] {
        let transcript = bounded(script);
        assert!(transcript.contains(expected), "{script}: {transcript}");
        assert!(!transcript.contains("caught"), "a limit cannot be caught: {transcript}");
    }
}

#[test]
fn time_is_limited() {
    let limits = Limits {
        operations: u64::MAX,
        time: Duration::from_millis(100),
        ..Limits::default()
    };

    let transcript = Talk::new("WHILE TRUE\nx = x + 1\nWEND").limits(limits).transcript();

    assert!(transcript.contains("took too long"), "{transcript}");
}

#[test]
fn a_new_answer_renews_what_a_script_may_do() {
    let limits = Limits {
        says: 3,
        ..Limits::default()
    };
    let script = "FOR i = 1 TO 3\nTALK i\nTALK i\nHEAR x\nNEXT\nTALK \"end\"";

    let transcript = Talk::new(script)
        .limits(limits)
        .answer("a")
        .answer("b")
        .answer("c")
        .transcript();

    assert!(transcript.ends_with("bot: end\n"), "{transcript}");
}

#[test]
fn a_state_that_is_too_large_is_refused_when_it_is_saved() {
    let limits = Limits {
        state_bytes: 1_000,
        ..Limits::default()
    };

    let transcript = Talk::new("x = REPEAT(\"a\", 2000)\nHEAR y").limits(limits).transcript();

    assert!(
        transcript.contains("unsaved: test.bas:2: the dialog would take"),
        "{transcript}"
    );
}
