//! Programs that are compiled so that every line is heard of.

use std::sync::{Arc, Mutex};

use botlib::value::Map;
use botserver_auto::basic::{self, Machine, Options, Program, Trace};
use botstate::dialog::{Dialog, Input, Step};

use crate::driver;

/// Remembers the lines that it hears of.
#[derive(Debug, Default)]
struct Lines(Mutex<Vec<u32>>);

impl Trace for Lines {
    fn line(&self, _program: &Program, line: u32) {
        self.0.lock().unwrap().push(line);
    }
}

fn run(source: &str, options: Options) -> (Vec<String>, Vec<u32>, Vec<u32>) {
    let parsed = basic::parse("traced.bas", source, &driver::grammar());
    let program = Arc::new(basic::compile_with(&parsed, options).unwrap());
    let lines = Arc::new(Lines::default());
    let mut machine = Machine::new(Arc::clone(&program), Map::new(), &driver::env())
        .unwrap()
        .with_trace(Some(Arc::clone(&lines) as Arc<_>));
    let mut said = Vec::new();
    loop {
        match machine.resume(Input::Continue, &driver::env()) {
            Step::Say(text) => said.push(text),
            Step::Done(_) => break,
            other => panic!("{other:?}"),
        }
    }
    let heard = lines.0.lock().unwrap().clone();
    (said, heard, program.lines().into_iter().collect())
}

#[test]
fn every_statement_is_heard_of_and_computes_the_same() {
    let source = "sum = 0\nFOR i = 1 TO 3\n  IF i = 2 THEN\n    sum = sum + 10\n  ELSE\n    sum = sum + 1\n  END IF\nNEXT\n\
        FOR EACH x IN []\n  sum = 0\nNEXT\nWHILE sum < 14\n  sum = sum + 1\nWEND\nTALK sum\n";

    let (said, heard, lines) = run(source, Options { trace: true });
    let (plain, ..) = run(source, Options::default());

    assert_eq!(
        (said.as_slice(), plain.as_slice()),
        (["14".to_owned()].as_slice(), ["14".to_owned()].as_slice())
    );
    assert_eq!(lines, [1, 2, 3, 4, 6, 9, 10, 12, 13, 15]);
    let mut once = heard.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once, [1, 2, 3, 4, 6, 9, 12, 13, 15], "the body of line 10 never runs");
    let assignments: Vec<_> = heard.iter().filter(|line| [4, 6].contains(line)).collect();
    assert_eq!(assignments, [&6, &4, &6]);
}
