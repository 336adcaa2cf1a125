//! Starts that cannot succeed, and starts that can although something optional is away.

use std::net::TcpListener;
use std::path::Path;

use botserver_tests::client::Chat;
use botserver_tests::packages::Packages;
use botserver_tests::process::{Setup, run};

use super::{ECHO, watch};

/// What the binary says when it is started with these variables, and how it ends.
async fn refused(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = run(folder, arguments, env).await.unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    (
        output.status.code(),
        text.replace(&folder.display().to_string(), "[folder]"),
    )
}

fn made(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn every_mistake_of_the_configuration_is_told_at_once_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("botserver.toml"),
        "databse_url = 'sqlite:x'\nrate_burst = 'many'\n",
    )
    .unwrap();
    let env = [
        ("DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("REDIS_URL", "http://localhost"),
        ("BOTSERVER_LOG_FORMAT", "xml"),
        ("BOTSERVER_PROT", "81"),
    ];

    let (code, text) = refused(folder.path(), &["--port", "eighty"], &env).await;

    assert_eq!(code, Some(2), "{text}");
    insta::assert_snapshot!(text);
    assert_eq!(
        made(folder.path()),
        ["botserver.toml"],
        "nothing else may have happened"
    );
}

#[tokio::test]
async fn a_taken_port_is_told_before_anything_else_happens() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    let (code, text) = refused(folder.path(), &[], &[("BOTSERVER_PORT", &port)]).await;

    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("the port is in use") && text.contains("BOTSERVER_PORT"),
        "{text}"
    );
    assert_eq!(made(folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plain"), "a file").unwrap();

    let (code, text) = refused(folder.path(), &["--port", "0", "--data-dir", "plain/data"], &[]).await;

    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("plain/data") && text.contains("BOTSERVER_DATA_DIR"),
        "{text}"
    );
}

#[tokio::test]
async fn a_database_server_that_refuses_or_hangs_is_told_in_time_and_without_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    // The kernel takes the connection, and nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();

    for address in [closed, silent.local_addr().unwrap()] {
        let url = format!("postgres://somebody:hunter2@{address}/db");
        let (code, text) = refused(folder.path(), &["--port", "0"], &[("DATABASE_URL", &url)]).await;

        assert_eq!(code, Some(2), "{text}");
        assert!(
            text.contains("cannot reach the database server") && text.contains("DATABASE_URL"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn cache_and_model_may_be_away_at_the_start() {
    let packages = Packages::of_start("echo", ECHO);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let setup = Setup::new()
        .bots(packages.path())
        .env("REDIS_URL", format!("redis://{}/", silent.local_addr().unwrap()))
        .env("OPENAI_BASE_URL", "http://127.0.0.1:9/v1");

    let server = setup.start().await.unwrap();
    let (_, mut chat) = Chat::start(&server.url(), "echo").await.unwrap();
    let id = chat.send("anybody?").await.unwrap();
    let end = watch::outcome(&mut chat, &id).await.unwrap();

    assert_eq!(end.kind.as_deref(), Some("turn_completed"), "{end:?}");
    watch::wait_ready(&server, "cache", (200, false)).await;
}
