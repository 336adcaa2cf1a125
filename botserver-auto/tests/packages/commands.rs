//! `bot check` and `bot run`.

use std::{io::Cursor, path::PathBuf, sync::Arc};

use botlib::value::Map;
use botserver_auto::{
    cli::{self, CheckOptions, FmtOptions, RunOptions},
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
    let home = tempfile::tempdir().unwrap();
    let options = RunOptions {
        path,
        script: script.map(str::to_owned),
        args: Map::new(),
        limits: botstate::config::for_tests(home.path()).script,
    };
    let mut out = Cursor::new(Vec::new());
    let code = cli::run(options, keywords(), &mut Cursor::new(typed.to_owned()), &mut out).await;
    (code, String::from_utf8(out.into_inner()).unwrap())
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
