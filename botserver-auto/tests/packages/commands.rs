//! `bot check` and `bot run`.

use std::{io::Cursor, path::PathBuf, sync::Arc};

use botlib::value::Map;
use botserver_auto::{
    cli::{self, CheckOptions, FmtOptions, RunOptions, Taping},
    outbound,
};
use botstate::keyword::Registry;
use tempfile::TempDir;

use crate::support::{registry, write};

pub(crate) fn keywords() -> Arc<Registry> {
    let outbound = outbound(Vec::new()).unwrap();
    Arc::new(registry(|registry| {
        for keyword in cli::terminal_keywords(&outbound) {
            registry.register(keyword);
        }
    }))
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(&folder.path().join(path), text);
    }
    folder
}

fn check(paths: &[PathBuf], json: bool) -> (u8, String) {
    let mut out = Vec::new();
    let code = cli::check(paths, &keywords(), CheckOptions { json, color: false }, &mut out);
    (code, String::from_utf8(out).unwrap())
}

async fn run(path: PathBuf, script: Option<&str>, typed: &str) -> (u8, String) {
    run_taped(path, script, typed, Taping::Off).await
}

async fn run_taped(path: PathBuf, script: Option<&str>, typed: &str, taping: Taping) -> (u8, String) {
    let home = tempfile::tempdir().unwrap();
    let options = RunOptions {
        path,
        script: script.map(str::to_owned),
        args: Map::new(),
        limits: botstate::config::for_tests(home.path()).script,
        taping,
    };
    let mut out = Cursor::new(Vec::new());
    let code = cli::run(options, keywords(), &mut Cursor::new(typed.to_owned()), &mut out).await;
    (code, String::from_utf8(out.into_inner()).unwrap())
}

#[tokio::test]
async fn a_recording_is_played_back_byte_for_byte_without_anybody_or_anything() {
    let script = "SET BOT MEMORY \"seen\", RANDOM(1, 1000000)\nTALK \"${NOW()} ${GUID()} ${GET BOT MEMORY \"seen\"}\"\n\
        HEAR age AS INTEGER WITH \"How old?\"\nHEAR code AS PASSWORD WITH \"Code?\"\nWAIT 0.01\n\
        ADD SUGGESTION \"a\" AS \"A\"\nHEAR pick AS TEXT WITH \"Which?\"\nTALK \"${age} ${pick} ${RANDOM(1, 1000000)}\"\n";
    let folder = folder(&[("a.gbai/a.gbdialog/start.bas", script)]);
    let (package, tape) = (folder.path().join("a.gbai"), folder.path().join("tape.jsonl"));

    let typed = "no\n42\ns3cret-code\nA\n\n";
    let recorded = run_taped(package.clone(), None, typed, Taping::Record(tape.clone())).await;
    let first = run_taped(package.clone(), None, "", Taping::Replay(tape.clone())).await;
    let second = run_taped(package.clone(), None, "", Taping::Replay(tape.clone())).await;

    assert_eq!(recorded.0, cli::OK, "{}", recorded.1);
    assert_eq!(first, second);
    assert_eq!(first.0, cli::OK, "{}", first.1);
    // What was typed is shown in place of the terminal.
    let shown = first
        .1
        .replace("> no\n", "> ")
        .replace("> 42\n", "> ")
        .replace("> ••••••••\n", "> ");
    let shown = shown.replace("> A\n", "> ").replace("> \n", "> ");
    assert_eq!(shown, recorded.1);
    assert!(!std::fs::read_to_string(&tape).unwrap().contains("s3cret"));

    write(
        &package.join("a.gbdialog/start.bas"),
        &script.replace("How old?", "Your age?"),
    );
    let (code, text) = run_taped(package, None, "", Taping::Replay(tape)).await;

    assert_eq!(code, cli::FAILED);
    assert!(
        text.contains("this is not what was recorded: line 2 differs\n- How old?\n+ Your age?"),
        "{text}"
    );
}

#[tokio::test]
async fn a_recording_that_the_dialog_does_not_follow_any_more_is_told_apart() {
    let folder = folder(&[("a.bas", "SET CONTEXT \"a\" AS \"b\"\nTALK 1\n")]);
    let (script, tape) = (folder.path().join("a.bas"), folder.path().join("tape.jsonl"));
    run_taped(script.clone(), None, "", Taping::Record(tape.clone())).await;
    write(&script, "SET CONTEXT \"a\" AS \"c\"\nTALK 1\n");

    let changed = run_taped(script.clone(), None, "", Taping::Replay(tape)).await;
    let missing = run_taped(script, None, "", Taping::Replay(folder.path().join("none"))).await;

    assert_eq!((changed.0, missing.0), (cli::FAILED, cli::UNABLE));
    assert!(
        changed.1.contains("when it was recorded it performed SET CONTEXT"),
        "{}",
        changed.1
    );
}

#[test]
fn a_package_without_mistakes_passes() {
    let folder = folder(&[
        ("a.gbai/a.gbdialog/start.bas", "TALK \"hi\""),
        ("b.gbai/start.bas", "TALK \"hi\""),
    ]);

    assert_eq!(
        check(&[folder.path().join("a.gbai")], false),
        (cli::OK, "1 script: no problems\n".to_owned())
    );
    assert_eq!(
        check(&[folder.path().to_owned()], false),
        (cli::OK, "2 scripts: no problems\n".to_owned())
    );
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let folder = folder(&[(
        "a.gbai/a.gbdialog/start.bas",
        "TALK \"hi\"\nTLAK \"there\"\nFOR i = 1 TO 3\n  TALK i\n",
    )]);

    let (code, text) = check(&[folder.path().join("a.gbai")], false);

    assert_eq!(code, cli::FAILED);
    insta::assert_snapshot!(text);
}

#[test]
fn machines_read_mistakes_as_json() {
    let folder = folder(&[("one.bas", "TLAK 1")]);

    let (code, text) = check(&[folder.path().join("one.bas")], true);

    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &report["errors"]), (cli::FAILED, &1.into()));
    assert_eq!(
        (&report["diagnostics"][0]["line"], &report["diagnostics"][0]["severity"]),
        (&1.into(), &"error".into())
    );
    assert!(
        report["diagnostics"][0]["file"].as_str().unwrap().ends_with("one.bas"),
        "{text}"
    );
}

#[test]
fn what_is_not_there_cannot_be_checked() {
    let folder = folder(&[("notes/readme.txt", "no package")]);

    let (missing, _) = check(&[folder.path().join("nothing.bas")], false);
    let (empty, text) = check(&[folder.path().to_owned()], false);

    assert_eq!((missing, empty), (cli::UNABLE, cli::UNABLE));
    assert!(text.contains("folders called name.gbai"), "{text}");
}

#[test]
fn the_example_of_every_keyword_is_a_script_without_mistakes() {
    for (keyword, _) in keywords().iter() {
        let folder = folder(&[
            ("a.gbai/book-table.bas", "DESCRIPTION \"Books\""),
            (
                "a.gbai/a.gbprompts/welcome.md",
                "---\nvariables:\n  tone: { type: choice, choices: [warm, plain] }\n---\nBe ${tone}.",
            ),
            ("a.gbai/start.bas", keyword.example),
        ]);

        let (code, text) = check(&[folder.path().join("a.gbai")], false);

        assert_eq!(
            (code, text.as_str()),
            (cli::OK, "2 scripts: no problems\n"),
            "{}",
            keyword.phrase
        );
    }
}

#[tokio::test]
async fn a_dialog_runs_in_the_terminal_with_its_typed_questions() {
    let script = "HEAR size AS \"Small\", \"Large\" WITH \"Which size?\"\nHEAR day AS DATE WITH \"When?\" DEFAULT \"2030-01-02\"\n\
                  SET BOT MEMORY \"size\", size\nTALK GET BOT MEMORY(\"size\") + \" on ${day}\"\nRETURN 5";
    let folder = folder(&[("order.bas", script)]);

    let (code, text) = run(folder.path().join("order.bas"), None, "2\n\n").await;

    assert_eq!(code, cli::OK);
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn a_package_offers_its_tools_until_the_person_leaves() {
    let folder = folder(&[
        (
            "a.gbai/start.bas",
            "ADD SUGGESTION TOOL \"hello\" AS \"Say hello\"\nTALK \"Welcome\"",
        ),
        (
            "a.gbai/hello.bas",
            "DESCRIPTION \"Greets\"\nHEAR name AS NAME WITH \"Who are you?\"\nTALK \"Hello ${name}\"",
        ),
        ("a.gbai/fail.bas", "THROW \"broken\""),
    ]);

    let (code, text) = run(folder.path().join("a.gbai"), None, "1\nana\n/fail\nsomething\n\n").await;

    assert_eq!(code, cli::FAILED);
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn an_input_that_ends_too_early_fails_the_run() {
    let folder = folder(&[("order.bas", "HEAR x\nTALK x")]);

    let (code, text) = run(folder.path().join("order.bas"), None, "").await;

    assert_eq!(code, cli::FAILED);
    assert!(text.contains("the input ended while the dialog waited"), "{text}");
}

fn fmt(path: &std::path::Path, options: FmtOptions) -> (u8, String) {
    let mut out = Vec::new();
    let code = cli::fmt(&[path.to_owned()], &keywords(), options, &mut out);
    let text = String::from_utf8(out).unwrap();
    (code, text.replace(&path.display().to_string(), "BOTS"))
}

#[test]
fn scripts_are_put_into_their_canonical_form() {
    let folder = folder(&[
        ("a.gbai/a.gbdialog/start.bas", "talk \"hi\"\nlet x = 1\n"),
        ("a.gbai/a.gbdialog/fine.bas", "TALK \"hi\"\n"),
        ("b.gbai/broken.bas", "TLAK \"hi\"\nlet x = 1\n"),
    ]);
    let start = folder.path().join("a.gbai/a.gbdialog/start.bas");
    let check = FmtOptions {
        check: true,
        ..FmtOptions::default()
    };

    let package = folder.path().join("a.gbai");
    let would = fmt(&package, check);
    let untouched = std::fs::read_to_string(&start).unwrap();
    let all = fmt(folder.path(), FmtOptions::default());
    let again = fmt(&package, check);

    let change = "BOTS/a.gbdialog/start.bas\n@@ line 1 @@\n-talk \"hi\"\n-let x = 1\n+TALK \"hi\"\n+x = 1\n";
    assert_eq!(would, (cli::FAILED, format!("{change}2 scripts: 1 would change\n")));
    assert_eq!(untouched, "talk \"hi\"\nlet x = 1\n");
    assert_eq!(all.0, cli::FAILED);
    assert!(all.1.contains("BOTS/a.gbai/a.gbdialog/start.bas\n"), "{}", all.1);
    assert!(all.1.contains("error[B103]"), "{}", all.1);
    assert!(
        all.1.ends_with("3 scripts: 1 changed, 1 with errors left as it was\n"),
        "{}",
        all.1
    );
    assert_eq!(again, (cli::OK, "2 scripts: 0 would change\n".to_owned()));
    assert_eq!(std::fs::read_to_string(start).unwrap(), "TALK \"hi\"\nx = 1\n");
    let broken = std::fs::read_to_string(folder.path().join("b.gbai/broken.bas")).unwrap();
    assert_eq!(broken, "TLAK \"hi\"\nlet x = 1\n");
}

#[test]
fn a_formatted_script_is_printed_when_asked_for() {
    let folder = folder(&[("start.bas", "talk \"hi\"")]);
    let options = FmtOptions {
        stdout: true,
        ..FmtOptions::default()
    };

    let printed = fmt(&folder.path().join("start.bas"), options);

    assert_eq!(printed, (cli::OK, "TALK \"hi\"\n".to_owned()));
    assert_eq!(
        std::fs::read_to_string(folder.path().join("start.bas")).unwrap(),
        "talk \"hi\""
    );
}
