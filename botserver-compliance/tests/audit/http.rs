//! The log by HTTP.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use botserver_tests::servers::program;
use serde_json::Value;

use crate::support::houses;

#[tokio::test]
async fn auditors_read_the_log_page_by_page_and_others_do_not() {
    for house in houses().await {
        house.seal(5).await;

        let (status, first) = house.get("/api/audit?limit=3", "admin").await;
        assert_eq!(status, 200, "{first}");
        let first: Value = serde_json::from_str(&first).unwrap();
        let next = first["next"].as_str().unwrap();
        let (_, second) = house.get(&format!("/api/audit?limit=3&after={next}"), "admin").await;
        let second: Value = serde_json::from_str(&second).unwrap();

        let seqs = |page: &Value| -> Vec<i64> {
            let items = page["items"].as_array().unwrap();
            items.iter().map(|item| item["seq"].as_i64().unwrap()).collect()
        };
        assert_eq!((seqs(&first), seqs(&second)), (vec![5, 4, 3], vec![2, 1]));
        assert_eq!(first["items"][0]["detail"]["name"], "Ann 4");
        assert!(second.get("next").is_none());
        for path in ["/api/audit", "/api/audit/export", "/api/audit/head"] {
            assert_eq!(house.get(path, "member").await.0, 403, "{path}");
            assert_eq!(house.get(path, "nobody").await.0, 401, "{path}");
        }
    }
}

#[tokio::test]
async fn lists_can_be_about_one_actor_action_or_object() {
    for house in houses().await {
        house.seal(2).await;
        let count = async |query: &str| {
            let (_, page) = house.get(&format!("/api/audit?{query}"), "admin").await;
            let page: Value = serde_json::from_str(&page).unwrap();
            page["items"].as_array().unwrap().len()
        };

        assert_eq!(count("action=people.create").await, 2);
        assert_eq!(count("action=people.delete").await, 0);
        assert_eq!(count("object=person:7").await, 2);
        assert_eq!(count("actor=person:00000000-0000-0000-0000-000000000007").await, 2);
        assert_eq!(count("actor=system").await, 0);
    }
}

#[tokio::test]
async fn an_export_holds_everything_and_goes_on_record() {
    for house in houses().await {
        house.seal(2_345).await;

        let (status, text) = house.get("/api/audit/export?from=2", "admin").await;

        assert_eq!(status, 200);
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2_344);
        assert_eq!(lines[0]["seq"], 2);
        assert_eq!(house.compliance.seal().await.unwrap(), 1);
        let (_, page) = house.get("/api/audit?limit=1", "admin").await;
        assert!(page.contains("audit.export"), "{page}");
    }
}

#[tokio::test]
async fn a_script_without_the_server_verifies_an_export_and_names_what_was_changed() {
    let Some(python) = program("python3") else {
        return;
    };
    for house in houses().await {
        house.seal(30).await;
        let (_, text) = house.get("/api/audit/export", "admin").await;
        let (_, head) = house.get("/api/audit/head", "admin").await;
        let head: Value = serde_json::from_str(&head).unwrap();
        let end = format!("{}:30:{}", house.state.org, head["last_hash"].as_str().unwrap());

        let (is_good, said) = verify(&python, &text, &end);
        assert!(is_good && said.trim() == end, "{said}");

        let (is_good, said) = verify(&python, &text.replace("Ann 17", "Eve 17"), &end);
        assert!(!is_good && said.contains("entry 18 of"), "{said}");
        let cut: String = text
            .lines()
            .filter(|line| !line.contains("Ann 4\\"))
            .collect::<Vec<_>>()
            .join("\n");
        let (is_good, said) = verify(&python, &cut, &end);
        assert!(!is_good && said.contains("entry 5 of"), "{said}");
        let short: String = text.lines().take(29).collect::<Vec<_>>().join("\n");
        let (is_good, said) = verify(&python, &short, &end);
        assert!(!is_good && said.contains("not in the log"), "{said}");
    }
}

/// Whether the script finds that the log holds, and what it says.
fn verify(python: &Path, log: &str, end: &str) -> (bool, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audit/verify.py");
    let mut child = Command::new(python)
        .args([script, end])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It stops reading at the first fault.
    let _ = child.stdin.take().unwrap().write_all(log.as_bytes());
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}
