//! The manual: what is written, and that its examples are true.

use std::{fs, sync::Arc};

use botlib::value::Map;
use botserver_auto::{
    basic::{self, GROUPS, Grammar, Machine, Program, WORDS},
    cli,
};
use botstate::{
    dialog::{Answer, Dialog, Env, Input, Step},
    keyword::Registry,
};

use crate::support::registry;

fn program(text: &str, grammar: &Grammar) -> Arc<Program> {
    let parsed = basic::parse("example.bas", text, grammar);
    let program = basic::compile(&parsed).unwrap_or_else(|errors| {
        let rendered: Vec<String> = errors.iter().map(|error| error.render(false)).collect();
        panic!("{}\nin:\n{text}", rendered.join("\n"))
    });
    Arc::new(program)
}

/// What a script says; every HEAR is answered with yes.
fn said(text: &str, grammar: &Grammar) -> Result<Vec<String>, String> {
    let env = Env {
        now: "2026-03-09T17:05:07Z".parse().unwrap(),
        zone: "UTC".to_owned(),
        locale: "en".to_owned(),
        seed: 7,
        names: Arc::new(Map::new()),
    };
    let mut machine = Machine::new(program(text, grammar), Map::new(), &env).unwrap();
    let mut said = Vec::new();
    let mut input = Input::Continue;
    loop {
        input = match machine.resume(input, &env) {
            Step::Say(text) => {
                said.push(text);
                Input::Continue
            }
            Step::Hear(_) => Input::Heard(Answer {
                text: "yes".to_owned(),
                files: Vec::new(),
            }),
            Step::Call(_) => Input::Returned(botlib::Value::Null),
            Step::Done(_) => return Ok(said),
            Step::Fault(fault) => return Err(format!("{fault}\nin:\n{text}")),
            Step::Script(_) => return Err(format!("another script is called in:\n{text}")),
        };
    }
}

#[test]
fn the_example_of_every_statement_runs() {
    let registry = registry();
    let grammar = Grammar::new(&registry);
    for word in WORDS {
        let heard = said(word.example, &grammar).unwrap_or_else(|why| panic!("{}: {why}", word.phrase));

        let speaks = word.example.contains("TALK");
        let silent = ["DESCRIPTION", "BEGIN SYSTEM PROMPT"].contains(&word.phrase);
        assert!(silent || speaks && !heard.is_empty(), "{} says nothing", word.phrase);
    }
}

#[test]
fn the_example_of_every_function_gives_what_it_says() {
    let grammar = Grammar::new(&Registry::new());
    let mut wrong = Vec::new();
    for doc in GROUPS.iter().flat_map(|group| group.functions) {
        match said(&format!("TALK {}", doc.example), &grammar) {
            Ok(said) if doc.result.is_empty() => assert!(!said.is_empty(), "{}", doc.name),
            Ok(said) if said == [doc.result] => {}
            Ok(said) => wrong.push(format!(
                "{}: {} says {said:?}, not {:?}",
                doc.name, doc.example, doc.result
            )),
            Err(why) => wrong.push(format!("{}: {why}", doc.name)),
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_keyword_has_a_page_and_pages_of_keywords_that_are_gone_go() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("keywords")).unwrap();
    fs::write(folder.path().join("keywords/old-thing.md"), "gone").unwrap();
    let mut out = Vec::new();

    let code = cli::manual(&registry(), folder.path(), None, &mut out);

    assert_eq!(code, cli::OK, "{}", String::from_utf8_lossy(&out));
    assert!(!folder.path().join("keywords/old-thing.md").exists());
    let index = fs::read_to_string(folder.path().join("keywords.md")).unwrap();
    for (keyword, _) in registry().iter() {
        let file = format!("keywords/{}.md", keyword.phrase.to_lowercase().replace(' ', "-"));
        assert!(index.contains(&file), "{file} is not in the index");
        let page = fs::read_to_string(folder.path().join(&file)).unwrap();
        assert!(
            page.contains(keyword.summary) && page.contains(keyword.example.trim_end()),
            "{page}"
        );
    }
    insta::assert_snapshot!(fs::read_to_string(folder.path().join("keywords/set-bot-memory.md")).unwrap());
}

#[test]
fn the_grammar_for_editors_colours_keywords_and_is_json() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("basic.tmLanguage.json");
    cli::manual(&registry(), folder.path(), Some(&file), &mut Vec::new());
    let text = fs::read_to_string(file).unwrap();

    let grammar: serde_json::Value = serde_json::from_str(&text).unwrap();

    assert_eq!(grammar["scopeName"], "source.botserver-basic");
    assert!(text.contains("SET[\\\\s_]+BOT[\\\\s_]+MEMORY"), "{text}");
}
