//! The commands that do not serve.

use std::path::Path;
use std::process::Output;

use botserver_tests::packages::Packages;
use botserver_tests::process::{Setup, run};
use serde_json::Value;

fn code(output: &Output) -> i32 {
    output.status.code().expect("the command ends by itself")
}

fn text(bytes: &[u8], folder: &Path) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.replace(&folder.display().to_string(), "[folder]")
}

#[tokio::test]
async fn help_is_worth_reading() {
    let folder = tempfile::tempdir().unwrap();

    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help_bot", &["bot", "--help"]),
        ("help_bot_check", &["bot", "check", "--help"]),
        ("help_bot_run", &["bot", "run", "--help"]),
        ("help_bot_test", &["bot", "test", "--help"]),
        ("help_doctor", &["doctor", "--help"]),
        ("help_user_add", &["user", "add", "--help"]),
    ] {
        let output = run(folder.path(), arguments, &[]).await.unwrap();

        assert_eq!(code(&output), 0, "{arguments:?}");
        insta::assert_snapshot!(name, text(&output.stdout, folder.path()));
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nobody asked for files"
    );
}

#[tokio::test]
async fn settings_are_listed_as_in_the_documentation() {
    let folder = tempfile::tempdir().unwrap();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/settings.md")).unwrap();

    let output = run(folder.path(), &["settings"], &[]).await.unwrap();

    assert_eq!(code(&output), 0, "{output:?}");
    assert!(
        text(&output.stdout, folder.path()) == page,
        "run `just docs` to write docs/settings.md again"
    );
}

#[tokio::test]
async fn an_unknown_command_is_refused_with_code_2() {
    let folder = tempfile::tempdir().unwrap();

    let output = run(folder.path(), &["srve"], &[]).await.unwrap();

    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr, folder.path()).contains("'serve'"), "{output:?}");
}

#[tokio::test]
async fn doctor_says_what_is_well() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // The machine of the test may have graphics processors or not.
    let library = botserver_tests::nvml::build(elsewhere.path()).unwrap();
    let env = [
        ("BOTSERVER_PORT", "0"),
        ("BOTSERVER_NVML_LIBRARY", library.to_str().unwrap()),
    ];

    let output = run(folder.path(), &["doctor"], &env).await.unwrap();

    assert_eq!(code(&output), 0, "{output:?}");
    insta::assert_snapshot!(text(&output.stdout, folder.path()));
}

#[tokio::test]
async fn doctor_says_what_is_wrong_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plain"), "a file").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let env = [
        ("BOTSERVER_PORT", port.as_str()),
        ("BOTSERVER_DATA_DIR", "plain/data"),
        ("DATABASE_URL", "postgres://user:hunter2@127.0.0.1:9/db"),
        ("REDIS_URL", "redis://127.0.0.1:9/"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
    ];

    let output = run(folder.path(), &["doctor"], &env).await.unwrap();

    assert_eq!(code(&output), 1, "{output:?}");
    let text = text(&output.stdout, folder.path());
    assert!(!text.contains("hunter2"), "{text}");
    for remedy in [
        "BOTSERVER_DATA_DIR",
        "BOTSERVER_PORT",
        "DATABASE_URL",
        "REDIS_URL",
        "127.0.0.1:9/v1",
    ] {
        let line = text.lines().find(|line| line.contains(remedy));
        assert!(line.is_some_and(|line| line.starts_with("FAIL")), "{remedy}: {text}");
    }
}

#[tokio::test]
async fn migrate_does_its_work_once() {
    let folder = tempfile::tempdir().unwrap();

    let first = run(folder.path(), &["migrate"], &[]).await.unwrap();
    let second = run(folder.path(), &["migrate"], &[]).await.unwrap();

    assert_eq!((code(&first), code(&second)), (0, 0), "{first:?} {second:?}");
    assert!(
        text(&first.stdout, folder.path()).contains("applied 0001_organizations"),
        "{first:?}"
    );
    assert_eq!(
        text(&second.stdout, folder.path()),
        "the sqlite database is up to date\n"
    );
}

#[tokio::test]
async fn a_user_who_was_added_beside_the_running_server_can_claim_the_account() {
    let server = Setup::new().bare().start().await.unwrap();
    let add = ["user", "add", "ana@example.org", "--name", "Ana", "--role", "operator"];

    let added = run(server.folder(), &add, &[]).await.unwrap();
    let again = run(server.folder(), &add, &[]).await.unwrap();
    let unknown = run(
        server.folder(),
        &["user", "add", "bo@example.org", "--role", "king"],
        &[],
    )
    .await
    .unwrap();

    assert_eq!(
        (code(&added), code(&again), code(&unknown)),
        (0, 2, 2),
        "{added:?} {again:?} {unknown:?}"
    );
    let printed = text(&added.stdout, server.folder());
    let token = printed.split('#').nth(1).expect("a link is printed").trim();
    let body = serde_json::json!({ "token": token, "password": "a long enough sentence" }).to_string();
    let client = botserver_tests::process::http_client().unwrap();
    let request = client
        .post(format!("{}/api/auth/claim", server.url()))
        .header("content-type", "application/json");
    let answer = request.body(body).send().await.unwrap();
    let status = answer.status().as_u16();
    let signed_in: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(
        (status, &signed_in["person"]["role"]),
        (200, &Value::from("operator")),
        "{signed_in}"
    );
}

#[tokio::test]
async fn bot_check_ends_with_a_code_that_scripts_can_use() {
    let packages = Packages::of_start("good", "TALK \"hello\"");
    packages.script("bad", "start", "TALK \"hello\nIF THEN\n");
    let good = packages.package("good").display().to_string();
    let bad = packages.package("bad").display().to_string();
    let folder = packages.path();

    let right = run(folder, &["bot", "check", &good], &[]).await.unwrap();
    let wrong = run(folder, &["bot", "check", &bad], &[]).await.unwrap();
    let missing = run(folder, &["bot", "check", "missing.gbai"], &[]).await.unwrap();

    assert_eq!(
        (code(&right), code(&wrong), code(&missing)),
        (0, 1, 2),
        "{right:?} {wrong:?} {missing:?}"
    );
    assert!(text(&wrong.stdout, folder).contains("start.bas"), "{wrong:?}");
}

#[tokio::test]
async fn bot_check_speaks_json_to_machines() {
    let packages = Packages::of_start("bad", "IF THEN\n");
    let bad = packages.package("bad").display().to_string();

    let output = run(packages.path(), &["bot", "check", "--json", &bad], &[])
        .await
        .unwrap();

    assert_eq!(code(&output), 1, "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let diagnostics = report["diagnostics"].as_array().unwrap();
    assert!(report["errors"].as_u64().unwrap() > 0, "{report}");
    assert!(diagnostics.iter().any(|one| one["line"] == 1), "{report}");
}

#[tokio::test]
async fn the_packages_that_ship_have_no_problems() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../bots");

    let output = run(Path::new(folder), &["bot", "check", "."], &[]).await.unwrap();

    assert_eq!(code(&output), 0, "{output:?}");
    assert!(
        text(&output.stdout, Path::new(folder)).contains("no problems"),
        "{output:?}"
    );
}
