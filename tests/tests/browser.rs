//! The pages in headless Chromium: runs the suite of `tests/browser` against a server and a model of its own.

use std::path::Path;
use std::process::Stdio;

use botserver_tests::model::Model;
use botserver_tests::process::Setup;
use botserver_tests::servers::program;
use botserver_tests::skip;
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_work_in_a_real_browser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let (Some(node), Some(chromium)) = (program("node"), program("chromium")) else {
        return;
    };
    if !folder.join("node_modules/playwright-core").exists() {
        return skip::skipped("no playwright-core: run `npm ci` in tests/browser");
    }
    let model = Model::start().await.unwrap();
    let server = Setup::new()
        .bots(folder.join("bots"))
        .model(&model)
        .start()
        .await
        .unwrap();

    let mut suite = Command::new(node);
    suite
        .args(["--test", "--test-concurrency=1"])
        .current_dir(&folder)
        .kill_on_drop(true);
    suite
        .env("BASE_URL", server.url())
        .env("CLAIM", claim_token(&server.log()))
        .env("CHROMIUM", chromium)
        .stdin(Stdio::null());
    let result = suite.output().await.unwrap();

    let report = String::from_utf8_lossy(&result.stdout);
    let error = String::from_utf8_lossy(&result.stderr);
    assert!(
        result.status.success(),
        "{report}\n{error}\nThe server's log:\n{}",
        server.log()
    );
}

/// The token behind the `#` of the first administrator's one-time link.
fn claim_token(log: &str) -> String {
    let link = log.split("/claim#").nth(1).unwrap_or_default();
    link.split_whitespace().next().unwrap_or_default().to_owned()
}
