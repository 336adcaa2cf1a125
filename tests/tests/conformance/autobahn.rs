//! Autobahn's cases (RFC 6455) against an echo on the server's own stack.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use botserver_tests::process::example;
use botserver_tests::servers::program;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The longest that all cases may take; they take 20 s on an idle machine.
const LIMIT: Duration = Duration::from_mins(5);
/// Cases that must be passed.
const PASSED: usize = 242;
/// Cases that judge nothing (what a server does with data behind a close frame, and with reserved close codes), or
/// allow what is done here: bad UTF-8 that is split over pieces of one frame is noticed when the frame ends.
const NOT_JUDGED: [&str; 5] = ["6.4.3", "6.4.4", "7.1.6", "7.13.1", "7.13.2"];

#[tokio::test]
async fn sockets_pass_the_cases_of_autobahn() {
    let Some(wstest) = program("wstest") else { return };
    let (url, _echo) = start_echo().await;
    let folder = tempfile::tempdir().unwrap();

    let report = run(&wstest, &url, folder.path()).await;

    let verdict = |case: &Value| case["behavior"].as_str().unwrap_or_default().to_owned();
    let odd: BTreeMap<_, _> = report
        .iter()
        .filter(|(_, case)| case["behavior"] != "OK" || case["behaviorClose"] != "OK")
        .map(|(id, case)| (id.as_str(), verdict(case)))
        .collect();
    for (id, verdict) in &odd {
        let is_fine = NOT_JUDGED.contains(id) && ["INFORMATIONAL", "NON-STRICT"].contains(&verdict.as_str());
        assert!(
            is_fine,
            "case {id} is {verdict}: {:#}",
            details(folder.path(), &report[*id])
        );
    }
    let passed = report.len() - odd.len();
    assert!(passed >= PASSED, "only {passed} of {} cases were passed", report.len());
    for (id, case) in &report {
        let details = details(folder.path(), case);
        assert!(
            details.contains(r#""wasClean": true"#),
            "case {id} ended without a farewell: {details}"
        );
    }
    println!("{passed} of {} cases passed; without a verdict: {odd:?}", report.len());
}

/// Starts the echo; its address, and the process, which ends when it is dropped.
async fn start_echo() -> (String, Child) {
    let program = tokio::task::spawn_blocking(|| example("botserver-core", "ws-echo"));
    let mut command = Command::new(program.await.unwrap().unwrap());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut echo = command.spawn().unwrap();
    let mut lines = BufReader::new(echo.stdout.take().unwrap()).lines();
    let url = lines.next_line().await.unwrap().expect("the echo tells its address");
    (url, echo)
}

/// Runs all cases; what the report says of each.
async fn run(wstest: &Path, url: &str, folder: &Path) -> BTreeMap<String, Value> {
    let reports = folder.join("reports");
    // Cases 12 and 13 are about compression, which is not offered.
    let plan = json!({
        "outdir": reports, "servers": [{ "agent": "botserver", "url": url }],
        "cases": ["*"], "exclude-cases": ["12.*", "13.*"], "exclude-agent-cases": {},
    });
    let file = folder.join("plan.json");
    std::fs::write(&file, plan.to_string()).unwrap();
    let mut command = Command::new(wstest);
    command.args(["--mode", "fuzzingclient", "--spec"]).arg(&file);
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output()).await;
    let output = output.expect("the cases end in time").unwrap();
    let index = std::fs::read(reports.join("index.json"));
    let index = index.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let mut index: Value = serde_json::from_slice(&index).unwrap();
    serde_json::from_value(index["botserver"].take()).unwrap()
}

/// All that is known about a case: JSON with halves of surrogate pairs in it, which serde refuses.
fn details(folder: &Path, case: &Value) -> String {
    let file = case["reportfile"].as_str().unwrap();
    std::fs::read_to_string(folder.join("reports").join(file)).unwrap()
}
