//! Mutations of real inputs, for as long as `BOTSERVER_FUZZ_SECONDS` says (one second otherwise): nothing panics,
//! hangs or grows. A failure prints the seed and the input; `BOTSERVER_FUZZ_SEED` repeats it.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use botlib::{Value, value::Map};
use botstate::{
    dialog::{Answer, Dialog, Env, Input, Step},
    keyword::Registry,
};

use crate::{
    basic::{self, Grammar, Known, Limits, Machine, Program},
    filter::Filter,
};

/// The longest that one input may take. Far more than any needs: it finds what hangs, not what is slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// Memory that all inputs together may add, in bytes.
const GROWTH: u64 = 512 << 20;

/// Texts that break what reads them.
const NASTY: &[&str] = &[
    "",
    "\0",
    "\u{feff}",
    "é",
    "👩‍👧",
    "\u{202e}",
    "\r\n",
    "\"",
    "'",
    "${",
    "}",
    "#{",
    "((((((((",
    "]]",
    "--",
    "/*",
    "%%%",
    "1e999",
    "-0",
    "9223372036854775808",
    "0.1",
    "NULL",
    "TRUE",
    "AND OR NOT",
    "BETWEEN",
    "IN (",
    "LIKE '%_%'",
    "IF ",
    "END IF\n",
    "FOR EACH x IN ",
    "NEXT\n",
    "HEAR x AS ",
    "SELECT CASE ",
    "TABLE t\n",
    "END TABLE\n",
    "BEGIN TALK\n",
    "END TALK\n",
    "ON ERROR GOTO a\n",
    "a:\n",
    "GOTO a\n",
    "#,##0.00",
    "yyyy-MM-dd",
    "hh:mm tt",
    "R$ ",
    "0%",
    "@@@",
    ";",
    ",",
    "{\"$dec\":\"1\"}",
    "4294967295",
    "[[[[[[[[",
];

/// `SplitMix64` (Steele, Lea, Flood 2014): small, and the same everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % end.max(1) as u64).unwrap_or_default()
    }

    fn choose<'a>(&mut self, from: &'a [impl AsRef<str>]) -> &'a str {
        let at = self.below(from.len());
        from.get(at).map(AsRef::as_ref).unwrap_or_default()
    }
}

/// Calls `exercise` with mutated `seeds` until the time is over.
fn fuzz(seeds: &[String], exercise: impl Fn(&str)) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test reads the environment of its run, not configuration"
    )]
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("BOTSERVER_FUZZ_SEED").unwrap_or_else(|| std::process::id().into());
    let time = Duration::from_secs(number("BOTSERVER_FUZZ_SECONDS").unwrap_or(1));
    let mut chance = Chance(seed);
    let (begun, before) = (Instant::now(), resident());
    let mut count = 0_u64;
    while begun.elapsed() < time {
        let input = mutate(&mut chance, seeds);
        let started = Instant::now();
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| exercise(&input)));
        assert!(result.is_ok(), "seed {seed}, input {count}:\n{input}");
        assert!(
            started.elapsed() < PATIENCE,
            "seed {seed}, input {count} took too long:\n{input}"
        );
        count += 1;
        if count.is_multiple_of(256) {
            let grown = resident().saturating_sub(before);
            assert!(grown < GROWTH, "seed {seed}: {grown} bytes more after {count} inputs");
        }
    }
    let grown = resident().saturating_sub(before) >> 20;
    println!("seed {seed}: {count} inputs in {:?}, {grown} MiB more", begun.elapsed());
}

/// Bytes of memory that this process uses.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}

fn mutate(chance: &mut Chance, seeds: &[String]) -> String {
    let mut letters: Vec<char> = chance.choose(seeds).chars().collect();
    for _ in 0..=chance.below(6) {
        let at = chance.below(letters.len() + 1);
        let end = (at + chance.below(13)).min(letters.len());
        match chance.below(5) {
            0 => {
                letters.drain(at..end);
            }
            1 => {
                let piece = letters.get(at..end).map(<[char]>::to_vec).unwrap_or_default();
                let to = chance.below(letters.len() + 1);
                letters.splice(to..to, piece);
            }
            2 => {
                letters.splice(at..end, chance.choose(NASTY).chars());
            }
            3 => {
                let other: Vec<char> = chance.choose(seeds).chars().collect();
                let from = chance.below(other.len() + 1);
                let to = (from + chance.below(61)).min(other.len());
                letters.splice(at..at, other.get(from..to).unwrap_or_default().iter().copied());
            }
            _ => {
                let sign = char::from(b' ' + u8::try_from(chance.below(95)).unwrap_or_default());
                if let Some(letter) = letters.get_mut(at) {
                    *letter = sign;
                }
            }
        }
    }
    letters.truncate(20_000);
    letters.into_iter().collect()
}

/// Scripts that ship or stand in the corpus.
fn scripts() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in [root.join("../bots"), root.join("tests/corpus")] {
        collect(&folder, &mut found);
    }
    assert!(found.len() > 5, "there are scripts to begin with");
    found
}

fn collect(folder: &Path, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "bas") {
            found.extend(fs::read_to_string(path));
        }
    }
}

fn grammar() -> Grammar {
    let outbound = crate::outbound(Vec::new()).unwrap();
    let mut registry = Registry::new();
    for keyword in crate::cli::terminal_keywords(&outbound) {
        registry.replace(keyword);
    }
    Grammar::new(&registry)
}

fn env() -> Env {
    Env {
        now: "2030-05-13T09:00:00Z".parse().unwrap(),
        zone: "America/Sao_Paulo".to_owned(),
        locale: "pt-BR".to_owned(),
        seed: 7,
        names: Arc::default(),
    }
}

fn limits() -> Limits {
    Limits {
        operations: 20_000,
        time: Duration::from_millis(500),
        says: 50,
        calls: 50,
        ..Limits::default()
    }
}

/// Runs a machine with answers that fit nothing in particular.
fn drive(mut machine: Machine) -> Vec<String> {
    let env = env();
    let (mut input, mut states) = (Input::Continue, Vec::new());
    for turn in 0..60 {
        input = match machine.resume(input, &env) {
            Step::Say(_) => Input::Continue,
            Step::Call(_) | Step::Script(_) => Input::Returned(Value::List(vec![Value::Map(
                [("id".to_owned(), Value::Int(turn))].into_iter().collect(),
            )])),
            Step::Hear(_) => {
                states.extend(machine.save());
                Input::Heard(Answer {
                    text: turn.to_string(),
                    files: Vec::new(),
                })
            }
            Step::Done(_) => break,
            Step::Fault(fault) => {
                assert_ne!(fault.kind, botstate::dialog::FaultKind::Internal, "{fault}");
                break;
            }
        };
    }
    states
}

fn program(text: &str, grammar: &Grammar) -> Option<Arc<Program>> {
    let parsed = basic::parse("fuzz.bas", text, grammar);
    basic::compile(&parsed).ok().map(Arc::new)
}

#[test]
fn the_parser_and_the_checks_survive_mutations() {
    let grammar = grammar();
    fuzz(&scripts(), |text| {
        let parsed = basic::parse("fuzz.bas", text, &grammar);
        for diagnostic in basic::check(&parsed, &Known::default()).iter().take(5) {
            diagnostic.render(false);
        }
    });
}

#[test]
fn the_compiler_and_the_machine_survive_mutations() {
    let grammar = grammar();
    fuzz(&scripts(), |text| {
        let Some(program) = program(text, &grammar) else { return };
        program.prepare().unwrap();
        let again = Program::from_json(&program.to_json()).unwrap();
        assert_eq!(again.hash(), program.hash());
        if let Ok(machine) = Machine::new(program, Map::new(), &env()) {
            drive(machine.with_limits(limits()));
        }
    });
}

#[test]
fn filters_survive_mutations() {
    let seeds = [
        "status = 'open' AND total > 10",
        "name LIKE '%x%' OR NOT (age BETWEEN 1 AND 2)",
        "stage!=Closed Won AND stage!=Closed Lost",
        "status IN ('a','b') AND DATEDIFF(NOW(), created_at) = 3",
        "DATE(x) = DATE('2030-01-01') AND LOWER(name) = 'é' AND total * 1.1 - 2 < 7",
        "item.total IS NOT NULL",
    ]
    .map(str::to_owned);
    let row: Map = [
        ("status".to_owned(), Value::text("open")),
        ("total".to_owned(), Value::Int(12)),
        ("name".to_owned(), Value::text("x'; DROP TABLE t; --")),
    ]
    .into_iter()
    .collect();
    let now = env().now.fixed_offset();
    fuzz(&seeds, |text| {
        let half = text.floor_char_boundary(text.len() / 2);
        let (left, right) = text.split_at(half);
        let parts = Value::List(vec![Value::text(left), Value::text("' OR 1=1 --"), Value::text(right)]);
        for filter in [Filter::parse(&parts), Filter::of_sql_parts(&[Value::text(text)])]
            .into_iter()
            .flatten()
        {
            let _ = filter.matches(&row, &now);
        }
    });
}

#[test]
fn format_survives_mutations() {
    let grammar = grammar();
    let text = "PARAM p\nPARAM v\nTALK FORMAT(v, p)\nTALK FORMAT(12345.678, p)\nTALK FORMAT(-0.005, p)\nTALK FORMAT(NOW(), p)\n\
                TALK FORMAT(\"2030-01-31\", p)\nTALK FORMAT(\"text\", p)";
    let program = program(text, &grammar).unwrap();
    let seeds = [
        "#,##0.00",
        "R$ #,##0.00",
        "0%",
        "N2[pt]",
        "C2[en]",
        "+#.#",
        "YYYY-MM-DD HH:mm:ss",
        "MMM DD, YYYY hh:mm tt",
        "@@@-@@",
        ">&&&!",
        "json",
    ]
    .map(str::to_owned);
    fuzz(&seeds, |pattern| {
        let args = [
            ("p".to_owned(), Value::text(pattern)),
            ("v".to_owned(), Value::text(pattern)),
        ];
        let machine = Machine::new(Arc::clone(&program), args.into_iter().collect(), &env()).unwrap();
        drive(machine.with_limits(limits()));
    });
}

#[test]
fn damaged_states_of_machines_are_refused_or_run() {
    let grammar = grammar();
    let text = "SUB ask(n)\n  FOR i = 1 TO 2\n    HEAR x AS TEXT\n    list = list + [x, i * 1.5, NOW()]\n  NEXT\nEND SUB\n\
                list = []\nm = { a: 1, b: { c: \"é\" } }\nTRY\n  CALL ask(3)\nCATCH e\n  TALK e.message\nEND TRY\n\
                FOR EACH v IN list\n  HEAR y AS INTEGER DEFAULT 1\n  TALK v\nNEXT";
    let program = program(text, &grammar).unwrap();
    let states = drive(Machine::new(Arc::clone(&program), Map::new(), &env()).unwrap());
    assert!(states.len() > 3);
    fuzz(&states, |state| {
        if let Ok(machine) = Machine::restore(state, Arc::clone(&program)) {
            drive(machine.with_limits(limits()));
        }
    });
}
