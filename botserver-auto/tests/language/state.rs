//! The machine's state: plain data, small, checked when it is read.

use std::sync::Arc;

use botlib::value::Map;
use botserver_auto::basic::Machine;
use botstate::dialog::{Answer, Dialog, FaultKind, Input, Step};
use proptest::prelude::*;

use crate::driver::{Talk, compile, env};

const NESTED: &str = "
greeting = \"Hi\"
CALL collect(\"guest\", 2)
TALK greeting + \" \" + JOIN(names, \", \")

SUB collect(what, count)
    FOR i = 1 TO count
        HEAR name AS NAME WITH greeting + \", \" + what + \" \" + i + \"?\"
        APPEND names, name
    NEXT
END SUB";

#[test]
fn hear_inside_a_for_inside_a_sub_keeps_its_variables() {
    let transcript = Talk::new(NESTED).answer("ana").answer("bia").transcript();

    assert_eq!(
        transcript,
        "bot: Hi, guest 1?\nhear name\n> ana\nbot: Hi, guest 2?\nhear name\n> bia\nbot: Hi Ana, Bia\n"
    );
}

fn waiting(script: &str) -> (Machine, String) {
    let env = env();
    let mut machine = Machine::new(compile(script), Map::new(), &env).unwrap();
    loop {
        match machine.resume(Input::Continue, &env) {
            Step::Hear(_) => break,
            Step::Say(_) => {}
            other => panic!("a HEAR is expected, not {other:?}"),
        }
    }
    let saved = machine.save().unwrap();
    (machine, saved)
}

#[test]
fn a_small_waiting_dialog_is_small() {
    let (_, saved) = waiting(NESTED);

    assert!(saved.len() < 400, "{} bytes: {saved}", saved.len());
}

#[test]
fn every_type_survives() {
    let script = "a = 1.50\nb = TODAY()\nc = NOW()\nd = HOURS(2)\ne = { z: [1, NULL, { y: TRUE }], a: \"é\" }\n\
                  HEAR p AS PASSWORD\nHEAR x\nTALK a + \"|\" + b + \"|\" + c + \"|\" + d + \"|\" + TOJSON(e)\nPOST p";

    let transcript = Talk::new(script).answer("long enough").answer("x").transcript();

    assert!(
        transcript.contains("bot: 1.5|2026-03-09|2026-03-09 14:05:07|7200|{\"z\":[1,null,{\"y\":true}],\"a\":\"é\"}"),
        "{transcript}"
    );
}

#[test]
fn a_waiting_dialog_says_what_it_waits_for_when_it_is_asked_again() {
    let (machine, saved) = waiting("HEAR x AS EMAIL");
    let mut restored = Machine::restore(&saved, Arc::clone(machine.program())).unwrap();

    assert!(matches!(restored.resume(Input::Continue, &env()), Step::Hear(_)));
    let answer = Answer {
        text: "a@b.co".to_owned(),
        files: Vec::new(),
    };
    assert!(matches!(restored.resume(Input::Heard(answer), &env()), Step::Done(_)));
    let ended = restored.resume(Input::Continue, &env());
    assert!(matches!(ended, Step::Fault(fault) if fault.kind == FaultKind::State));
}

#[test]
fn a_state_of_another_program_is_refused() {
    let (_, saved) = waiting(NESTED);

    let fault = Machine::restore(&saved, compile("HEAR x")).unwrap_err();

    assert_eq!(fault.kind, FaultKind::State);
    assert_eq!(Machine::program_of(&saved).unwrap(), compile(NESTED).hash());
}

#[test]
fn brief_dialogs_are_told_from_those_that_compute() {
    let brief = |script: &str| Machine::new(compile(script), Map::new(), &env()).unwrap().is_brief();

    assert!(brief("x = 1\nIF x = 1 THEN TALK \"a\" ELSE TALK \"b\"\nHEAR y"));
    assert!(brief("FOR i = 1 TO 3\nHEAR x\nNEXT"));
    assert!(!brief("FOR i = 1 TO 1000000\nx = x + i\nNEXT\nTALK x"));
    assert!(!brief("CALL s\nSUB s\nCALL s\nEND SUB"));
    assert!(!brief("WHILE x < 5\nIF x = 7 THEN TALK x\nx = x + 1\nWEND"));
}

#[test]
fn variables_that_surround_the_run_are_not_stored() {
    let (_, saved) = waiting("TALK user.message\nHEAR x\nTALK user.message");

    assert!(!saved.contains("ana@example.com"), "{saved}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_state_gives_a_fault_or_runs(at in 0_usize..400, with in "[0-9a-z\"{}\\[\\],:]{0,3}", cut in 0_usize..4) {
        let (machine, saved) = waiting(NESTED);
        let mut damaged: Vec<char> = saved.chars().collect();
        let at = at.min(damaged.len());
        let end = (at + cut).min(damaged.len());
        damaged.splice(at..end, with.chars());
        let damaged: String = damaged.into_iter().collect();
        if let Ok(mut machine) = Machine::restore(&damaged, Arc::clone(machine.program())) {
            let _ = machine.resume(Input::Heard(Answer { text: "Bia".to_owned(), files: Vec::new() }), &env());
            let _ = machine.resume(Input::Continue, &env());
        }
    }
}
