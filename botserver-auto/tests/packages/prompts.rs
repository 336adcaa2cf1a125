//! Files of prompts: what is read, what is refused, and what becomes of changes.

use botlib::value::Map;
use botstate::prompt::Kind;

use crate::support::{House, houses};

const WELCOME: &str = "---
name: Welcome
description: How the shop greets
author: Ana
public: true
variables:
  tone: { type: choice, choices: [warm, plain], default: warm }
  count: { type: number, required: false }
  day: date
  name:
model: { name: fast, temperature: 0.2, max_tokens: 300 }
variants: { short: 1, long: 3 }
---
You greet ${name} in a ${tone} way on ${day}${count}. Prices begin with \\${.

<!-- variant: short -->
One sentence.

<!-- variant: long -->
Explain everything to ${name}.
";

#[tokio::test]
async fn a_prompt_is_read_with_its_variables_hints_and_variants() {
    let house = House::new(&[
        ("shop.gbai/shop.gbprompts/any.md", WELCOME),
        ("shop.gbai/shop.gbprompts/bare.md", "Just a text.\n"),
        ("shop.gbai/shop.gbprompts/notes.txt", "no prompt"),
        ("shop.gbai/start.bas", "TALK 1"),
    ])
    .await;

    let bot = house.bot("shop");

    assert!(house.mount.bots.diagnostics("shop").is_empty());
    let names: Vec<&str> = bot.prompts.iter().map(|prompt| prompt.name.as_str()).collect();
    assert_eq!(names, ["bare", "welcome"]);
    let prompt = bot.find_prompt("WELCOME").unwrap();
    assert_eq!(
        (prompt.description.as_str(), prompt.author.as_deref(), prompt.is_public),
        ("How the shop greets", Some("Ana"), true)
    );
    assert_eq!(
        (
            prompt.hints.model.as_deref(),
            prompt.hints.temperature,
            prompt.hints.max_tokens
        ),
        (Some("fast"), Some(0.2), Some(300))
    );
    assert_eq!(&*prompt.source, WELCOME);
    assert_eq!(prompt.place, "shop.gbai/shop.gbprompts/any.md");
    let variables: Vec<(&str, &Kind, bool)> = prompt
        .variables
        .iter()
        .map(|variable| (variable.name.as_str(), &variable.kind, variable.is_required))
        .collect();
    let choice = Kind::Choice(vec!["warm".to_owned(), "plain".to_owned()]);
    assert_eq!(
        variables,
        [
            ("tone", &choice, false),
            ("count", &Kind::Number, false),
            ("day", &Kind::Date, true),
            ("name", &Kind::Text, true)
        ]
    );
    let values: Map = [
        ("name".to_owned(), "Bo ${tone}".into()),
        ("day".to_owned(), "2026-02-03".into()),
    ]
    .into_iter()
    .collect();
    let rendered = prompt.render(&values, &bot, "person:1").unwrap();
    let common = "You greet Bo ${tone} in a warm way on 2026-02-03. Prices begin with ${.\n\n";
    match rendered.used.variant.as_str() {
        "short" => assert_eq!(rendered.text, format!("{common}One sentence.")),
        other => {
            assert_eq!(other, "long");
            assert_eq!(rendered.text, format!("{common}Explain everything to Bo ${{tone}}."));
        }
    }
    let bare = bot.find_prompt("bare").unwrap().render(&Map::new(), &bot, "x").unwrap();
    assert_eq!(
        (bare.text.as_str(), bare.used.variant.as_str()),
        ("Just a text.", "default")
    );
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_prompt_is_said_with_its_line() {
    let house = House::new(&[
        (
            "a.gbai/a.gbprompts/body.md",
            "---\nvariables:\n  known: text\n  spare: text\n---\nHello ${known} and ${other}.\nIt is ${1 + 1} o'clock ${.\n",
        ),
        (
            "a.gbai/a.gbprompts/head.md",
            "---\nnmae: x\npublic: maybe\nvariables:\n  a-b: text\n  size: { type: nummer }\n  when: { type: date, default: \
             yesterday }\n  pick: choice\n  both: { type: text, required: true, default: x, extra: 1 }\nmodel: { \
             temperature: 9 }\n---\n${when} ${both}\n",
        ),
        ("a.gbai/a.gbprompts/open.md", "---\nname: open\nHello.\n"),
        ("a.gbai/a.gbprompts/yaml.md", "---\nname: [a\ndescription: b\n---\nHello.\n"),
        ("a.gbai/a.gbprompts/empty.md", "---\ndescription: nothing\n---\n\n"),
        (
            "a.gbai/a.gbprompts/variants.md",
            "---\nvariants: { a: 0, b: 0, c: -1 }\n---\n<!-- variant: a -->\nOne.\n<!-- variant: d -->\nTwo.\n",
        ),
        ("a.gbai/a.gbprompts/system.md", "---\nvariables:\n  shop: text\n---\nYou work for ${shop}.\n"),
        ("a.gbai/a.gbprompts/good.md", "---\nname: good\n---\nFine.\n"),
        ("a.gbai/a.gbprompts/twin.md", "---\nname: GOOD\n---\nFine.\n"),
    ])
    .await;

    let names: Vec<String> = house
        .bot("a")
        .prompts
        .iter()
        .map(|prompt| prompt.name.clone())
        .collect();

    assert_eq!(names, ["good"]);
    insta::assert_snapshot!(house.mount.bots.diagnostics("a").join("\n\n"));
}

#[tokio::test]
async fn a_changed_prompt_is_used_at_once_and_a_broken_one_leaves_the_last_good_version() {
    let house = House::new(&[
        ("a.gbai/start.bas", "TALK 1"),
        ("a.gbai/a.gbprompts/system.md", "You sell tea."),
    ])
    .await;
    let text = |house: &House| {
        let bot = house.bot("a");
        let prompt = bot.find_prompt("system")?;
        Some(prompt.render(&Map::new(), &bot, "x").unwrap().text)
    };
    let first = house.bot("a").find_prompt("system").unwrap().version.clone();

    house.write("a.gbai/a.gbprompts/system.md", "You sell cake.");
    house
        .wait("the change", |house| text(house).as_deref() == Some("You sell cake."))
        .await;

    assert_ne!(house.bot("a").find_prompt("system").unwrap().version, first);
    house.write("a.gbai/a.gbprompts/system.md", "You sell ${what}.");
    house
        .wait("the complaint", |house| !house.mount.bots.diagnostics("a").is_empty())
        .await;
    assert_eq!(text(&house).as_deref(), Some("You sell cake."));
    let said = house.mount.bots.diagnostics("a").join("\n");
    assert!(said.contains("a.gbai/a.gbprompts/system.md:1:10"), "{said}");
    std::fs::remove_file(house.path("a.gbai/a.gbprompts/system.md")).unwrap();
    house.wait("the removal", |house| text(house).is_none()).await;
}

#[tokio::test]
async fn scripts_are_held_to_the_prompts_that_there_are() {
    let house = House::new(&[
        (
            "a.gbai/a.gbprompts/welcome.md",
            "---\nvariables:\n  tone: { type: choice, choices: [warm, plain] }\n  count: { type: number, required: false }\n  \
             company: text\n---\n${tone} ${count} ${company}",
        ),
        ("a.gbai/config.csv", "name,value\nparam-company,Tea\n"),
        (
            "a.gbai/start.bas",
            "USE PROMPT \"welcome\" WITH tone = \"warm\", count = 3\nUSE PROMPT \"welcom\"\nUSE PROMPT \"welcome\" WITH tome = \
             \"warm\"\nx = RUN PROMPT \"Welcome\" WITH tone = \"loud\", count = \"many\"\nname = \"any\"\nUSE PROMPT name\nTALK x\n",
        ),
    ])
    .await;

    insta::assert_snapshot!(house.mount.bots.diagnostics("a").join("\n\n"));
}

#[tokio::test]
async fn each_version_is_kept_with_who_and_when() {
    use botstate::db::{DbTime, prompt_versions as versions};
    use diesel::prelude::*;

    for house in houses(&[
        ("a.gbai/start.bas", "TALK 1"),
        ("a.gbai/a.gbprompts/system.md", "---\nauthor: Ana\n---\nYou sell tea."),
        ("a.gbai/a.gbprompts/other.md", "Other."),
    ])
    .await
    {
        let first = house.bot("a").version.clone();
        let begun = house.state.clock.now();
        house.write("a.gbai/a.gbprompts/system.md", "You sell cake.");
        house
            .wait("the change", |house| {
                let bot = house.bot("a");
                &*bot.find_prompt("system").unwrap().source == "You sell cake."
            })
            .await;
        let second = house.bot("a").version.clone();
        // Nothing is noted twice.
        let house = house.restart().await;
        house.write("a.gbai/a.gbprompts/system.md", "---\nauthor: Ana\n---\nYou sell tea.");
        house.wait("the return", |house| house.bot("a").version == first).await;

        let rows = house.state.db.read(|conn| {
            let rows: Vec<(String, i64, Option<String>, String, String, DbTime)> =
                botstate::on_each!(conn, |conn| versions::table
                    .order((versions::name, versions::seq))
                    .select((
                        versions::name,
                        versions::seq,
                        versions::author,
                        versions::package,
                        versions::source,
                        versions::created_at
                    ))
                    .load(conn))?;
            Ok::<_, botstate::db::Error>(rows)
        });
        let rows = rows.await.unwrap();

        let kept: Vec<(&str, i64, Option<&str>, &str, &str)> = rows
            .iter()
            .map(|(name, seq, author, package, source, _)| {
                (
                    name.as_str(),
                    *seq,
                    author.as_deref(),
                    package.as_str(),
                    source.as_str(),
                )
            })
            .collect();
        let tea = "---\nauthor: Ana\n---\nYou sell tea.";
        assert_eq!(
            kept,
            [
                ("other", 1, None, first.as_str(), "Other."),
                ("system", 1, Some("Ana"), first.as_str(), tea),
                ("system", 2, None, second.as_str(), "You sell cake."),
                ("system", 3, Some("Ana"), first.as_str(), tea),
            ]
        );
        assert!(rows[2].5.0 >= begun && rows[1].5.0 <= begun);
    }
}
