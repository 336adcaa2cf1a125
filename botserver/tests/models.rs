//! `botserver models`, as an operator calls it: a server on this machine stands in for the one with the files.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]
#![cfg(feature = "llm")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex},
    thread,
};

/// SHA-256 of `hello`, as FIPS 180-4's algorithm gives it.
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn models(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_botserver"))
        .arg("models")
        .args(arguments)
        .args(["--set", "allow_private=127.0.0.0/8", "--set", "models_dir=shelf"])
        .current_dir(folder)
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// How a server answers.
#[derive(Clone, Copy)]
enum Habit {
    /// With everything, or with the part that is asked for.
    Whole,
    /// With three bytes of five, and then no more.
    BreaksOff,
}

/// A server of one file, `hello`; it remembers which part it was asked for.
fn server(habit: Habit) -> (String, Arc<Mutex<Vec<Option<String>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/file.bin?signature=secret", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut range = None;
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let line = line.unwrap().to_lowercase();
                if let Some(value) = line.strip_prefix("range: bytes=") {
                    range = Some(value.to_owned());
                }
                if line.is_empty() {
                    break;
                }
            }
            let from = range
                .as_ref()
                .map_or(0, |range| range.trim_end_matches('-').parse().unwrap());
            seen.lock().unwrap().push(range);
            let status = if from > 0 { "206 Partial Content" } else { "200 OK" };
            let body = &b"hello"[from..];
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            let part = match habit {
                Habit::Whole => body,
                Habit::BreaksOff => &body[..3],
            };
            stream.write_all(part).unwrap();
        }
    });
    (url, asked)
}

#[test]
fn the_list_names_what_is_there_and_what_can_be_had() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("shelf/my-own")).unwrap();
    fs::write(folder.path().join("shelf/my-own/config.json"), "{}").unwrap();

    let list = models(folder.path(), &["list"]);

    assert!(list.status.success(), "{}", told(&list));
    let text = told(&list);
    for expected in [
        "hash-v1 ",
        "multilingual-e5-small     MIT, 487.7 MB, not there: botserver models fetch multilingual-e5-small",
        "my-own                    0.0 MB, no checksums",
        "anthropic ",
        "gpt-4o ",
    ] {
        assert!(text.contains(expected), "{expected:?} in {text}");
    }
}

#[test]
fn a_file_is_fetched_where_it_breaks_off_and_verified_by_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("shelf/mine/weights.bin");
    let part = folder.path().join("shelf/mine/weights.bin.part");
    let fetch = |url: &str| {
        models(
            folder.path(),
            &[
                "fetch",
                "mine",
                "--url",
                url,
                "--sha256",
                HELLO,
                "--file",
                "weights.bin",
            ],
        )
    };

    let (url, _) = server(Habit::BreaksOff);
    let broken = fetch(&url);
    assert_eq!(broken.status.code(), Some(2), "{}", told(&broken));
    assert!(!told(&broken).contains("secret"), "{}", told(&broken));
    assert!(!place.exists());
    assert_eq!(fs::read(&part).unwrap(), b"hel");

    let (url, asked) = server(Habit::Whole);
    let whole = fetch(&url);
    assert!(whole.status.success(), "{}", told(&whole));
    assert_eq!(*asked.lock().unwrap(), [Some("3-".to_owned())]);
    assert_eq!(fs::read(&place).unwrap(), b"hello");
    assert!(!part.exists());

    let again = fetch(&url);
    assert!(told(&again).contains("mine/weights.bin is there"), "{}", told(&again));
    assert_eq!(asked.lock().unwrap().len(), 1, "nothing is fetched twice");

    fs::write(&place, "hullo").unwrap();
    let verified = models(folder.path(), &["verify"]);
    assert_eq!(verified.status.code(), Some(1));
    assert!(
        told(&verified).contains("weights.bin is not what it should be"),
        "{}",
        told(&verified)
    );
}

#[test]
fn what_is_something_else_is_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = server(Habit::Whole);
    let other = "0".repeat(64);

    let refused = models(folder.path(), &["fetch", "mine", "--url", &url, "--sha256", &other]);

    assert_eq!(refused.status.code(), Some(2));
    assert!(told(&refused).contains(HELLO), "{}", told(&refused));
    let left: Vec<_> = fs::read_dir(folder.path().join("shelf/mine")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn without_a_network_and_with_wrong_names_it_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/config.json");
    for (arguments, expected) in [
        (
            vec!["fetch", "nobody"],
            "none of the models that can be fetched by name",
        ),
        (vec!["fetch", "../etc"], "is not the name of a model"),
        (vec!["fetch", "m", "--url", &url, "--sha256", HELLO], "could not fetch"),
        (
            vec!["fetch", "m", "--url", &url, "--sha256", "12"],
            "64 hexadecimal digits",
        ),
        (
            vec!["fetch", "m", "--url", &url, "--sha256", HELLO, "--file", "../up"],
            "is not the path of a file",
        ),
        (vec!["verify", "all-MiniLM-L6-v2"], "not there: botserver models fetch"),
    ] {
        let output = models(folder.path(), &arguments);

        let code = if arguments[0] == "fetch" { 2 } else { 1 };
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", told(&output));
        assert!(told(&output).contains(expected), "{arguments:?}: {}", told(&output));
    }
}
