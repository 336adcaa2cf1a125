//! The API against its own description, as each kind of caller: schemathesis with all its checks.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use botserver_tests::client::Visitor;
use botserver_tests::process::{Server, Setup, http_client};
use botserver_tests::servers::program;
use serde_json::{Value, json};
use tokio::process::Command;

const SETTINGS: &str = include_str!("../../schema/schemathesis.toml");
/// How long each caller goes on.
const SECONDS: u32 = 75;
/// The longest that a run may take beyond that.
const GRACE: Duration = Duration::from_mins(3);
const PASSWORD: &str = "four words and a number 7";
/// What would end the administrator's own session in the middle of the run; tried last, with another session.
const LEAVING: [&str; 2] = ["auth_sign_out", "auth_end_session"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_does_what_its_description_says_for_every_kind_of_caller() {
    let Some(schemathesis) = program("schemathesis") else {
        return;
    };
    // Callers are not slowed down here; that they are is tested where limits are.
    let server = Setup::new()
        .env("BOTSERVER_RATE_PER_MINUTE", "0")
        .start()
        .await
        .unwrap();
    let visitor = Visitor::arrive(&server.url(), "default").await.unwrap();
    let [staying, leaving] = administrator(&server).await;
    // A conversation is there once something was said in it.
    let messages = format!("/api/chat/{}/messages", visitor.session_id);
    post(&server, &messages, &visitor.token, &json!({ "content": "Hello" })).await;
    let run = |name, seconds| Run::new(&schemathesis, &server, name, seconds);
    let runs = [
        run("nobody", SECONDS).reaching(&["GET /api/auth", "GET /api/bot/config", "GET /health/ready"]),
        run("visitor", SECONDS)
            .with_token(&visitor.token)
            .in_conversation(&visitor.session_id)
            .reaching(&[
                "POST /api/chat/{id}/messages",
                "GET /api/chat/{id}/events",
                "GET /api/chat/{id}/stream",
            ]),
        run("administrator", SECONDS)
            .with_token(&staying)
            .without(&LEAVING)
            .reaching(&[
                "GET /api/auth/me",
                "GET /api/auth/sessions",
                "GET /api/bots",
                "GET /api/chat",
                "GET /api/users",
                "GET /metrics",
                "POST /api/chat/{id}/messages",
                "POST /api/users",
            ]),
    ];

    futures::future::join_all(runs.map(Run::finish)).await;
    let last = run("administrator who leaves", 10).with_token(&leaving).only(&LEAVING);
    last.reaching(&["POST /api/auth/logout"]).finish().await;

    let ready = http_client()
        .unwrap()
        .get(format!("{}/health/ready", server.url()))
        .send()
        .await;
    assert_eq!(ready.unwrap().status(), 200);
    let log = server.log();
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
}

/// Tokens of two sessions of the administrator, whose account the link in the log opens.
async fn administrator(server: &Server) -> [String; 2] {
    let log = server.log();
    let link = log
        .split("/claim#")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next());
    let claim = json!({ "token": link.expect("a link in the log"), "password": PASSWORD });
    let claimed = post(server, "/api/auth/claim", "", &claim).await;
    let credentials = json!({ "email": claimed["person"]["email"], "password": PASSWORD });
    let signed_in = post(server, "/api/auth/login", "", &credentials).await;
    [claimed, signed_in].map(|answer| answer["token"].as_str().unwrap().to_owned())
}

async fn post(server: &Server, path: &str, token: &str, body: &Value) -> Value {
    let mut request = http_client().unwrap().post(format!("{}{path}", server.url()));
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request
        .header("content-type", "application/json")
        .body(body.to_string());
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

/// The settings, with another seed where `SCHEMATHESIS_SEED` asks for one: who looks for more tries several.
fn settings() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test reads the environment of its run, not configuration"
    )]
    let wanted = std::env::var("SCHEMATHESIS_SEED");
    match wanted {
        Ok(seed) => SETTINGS.replacen("seed = 1", &format!("seed = {seed}"), 1),
        Err(_) => SETTINGS.to_owned(),
    }
}

/// One run as one caller.
struct Run {
    name: &'static str,
    settings: Vec<String>,
    reaching: Vec<&'static str>,
    seconds: u32,
    folder: tempfile::TempDir,
    schemathesis: PathBuf,
    server: String,
}

impl Run {
    fn new(schemathesis: &Path, server: &Server, name: &'static str, seconds: u32) -> Self {
        Self {
            name,
            settings: vec![settings()],
            reaching: Vec::new(),
            seconds,
            folder: tempfile::tempdir().unwrap(),
            schemathesis: schemathesis.to_owned(),
            server: server.url(),
        }
    }

    fn with_token(self, token: &str) -> Self {
        self.with(format!("[auth.openapi.bearer]\nbearer = {token:?}"))
    }

    /// A visitor's token is good for one conversation, which chance would not find.
    fn in_conversation(self, id: &str) -> Self {
        let which = r"include-path-regex = '^/api/chat/\{id\}'";
        self.with(format!(
            "[[operations]]\n{which}\nparameters = {{ \"path.id\" = {id:?} }}"
        ))
    }

    fn without(self, operations: &[&str]) -> Self {
        self.with(format!(
            "[[operations]]\ninclude-operation-id = {operations:?}\nenabled = false"
        ))
    }

    fn only(self, operations: &[&str]) -> Self {
        self.with(format!(
            "[[operations]]\nexclude-operation-id = {operations:?}\nenabled = false"
        ))
    }

    fn with(mut self, settings: String) -> Self {
        self.settings.push(settings);
        self
    }

    /// Operations that must succeed at least once, so that a run which never comes past the door is noticed.
    fn reaching(mut self, operations: &[&'static str]) -> Self {
        self.reaching = operations.to_vec();
        self
    }

    async fn finish(self) {
        let (settings, report) = (
            self.folder.path().join("settings.toml"),
            self.folder.path().join("report.json"),
        );
        std::fs::write(&settings, self.settings.join("\n\n")).unwrap();
        let mut command = Command::new(&self.schemathesis);
        command.arg("--no-color").arg("--config-file").arg(&settings);
        command.args([
            "run",
            &format!("{}/api/openapi.json", self.server),
            "--url",
            &self.server,
        ]);
        command.args(["--max-time", &self.seconds.to_string()]);
        command.arg("--report-json-path").arg(&report);
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let limit = Duration::from_secs(self.seconds.into()) + GRACE;

        let output = tokio::time::timeout(limit, command.output()).await;

        let output = output
            .unwrap_or_else(|_| panic!("as {}: no end within {limit:?}", self.name))
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "as {}:\n{text}\n{error}", self.name);
        let report: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
        let operations = &report["operations"];
        assert_eq!(
            operations["tested"], operations["selected"],
            "as {}: {operations}",
            self.name
        );
        for operation in &self.reaching {
            let phases = report["valid_rates"][operation].as_object();
            let accepted = phases
                .into_iter()
                .flat_map(|phases| phases.values())
                .filter_map(|phase| phase["accepted"].as_u64());
            assert!(
                accepted.sum::<u64>() > 0,
                "as {}: {operation} never succeeded\n{text}",
                self.name
            );
        }
        println!("as {}: {}", self.name, report["test_cases"]);
    }
}
