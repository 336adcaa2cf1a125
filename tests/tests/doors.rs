//! The front doors that other clients speak already, with those clients unchanged: OpenAI's for Python and JavaScript,
//! MCP's for Python, and MCP's conformance suite.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use botserver_tests::model::Model;
use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup, http_client};
use botserver_tests::servers::program;
use botserver_tests::skip;
use serde_json::{Value, json};
use tokio::process::Command;

const PASSWORD: &str = "nine green kettles whistle";
/// The longest that a client's suite may take.
const LIMIT: Duration = Duration::from_mins(4);

/// A server with a shop, a bot that nobody without an account may see, and keys.
struct House {
    server: Server,
    model: Model,
    _packages: Packages,
    session: String,
}

impl House {
    async fn open() -> Self {
        Self::open_with(|_| {}, |setup| setup).await
    }

    async fn open_with(fill: impl FnOnce(&Packages), change: impl FnOnce(Setup) -> Setup) -> Self {
        let packages = Packages::new();
        packages.settings("shop", &[("mcp-server", "true")]);
        packages.script(
            "shop",
            "price",
            "PARAM item AS STRING LIKE \"tea\" DESCRIPTION \"What is sold\"\nDESCRIPTION \"The price of an item.\"\nRETURN 7\n",
        );
        packages.script(
            "shop",
            "order",
            "DESCRIPTION \"Takes an order.\"\nTALK \"How many?\"\nHEAR n AS INTEGER\nTALK \"twelve-ish: \" + n\n",
        );
        packages.script("closed", "start", "TALK \"Hello\"\n");
        packages.script("secret", "start", "TALK \"Hello\"\n");
        fill(&packages);
        let model = Model::start().await.unwrap();
        let setup = Setup::new()
            .bots(packages.path())
            .env("BOTSERVER_DEFAULT_BOT", "shop")
            .env("BOTSERVER_RATE_PER_MINUTE", "0")
            .model(&model);
        let server = change(setup).start().await.unwrap();
        let session = claim(&server).await;
        Self {
            server,
            model,
            _packages: packages,
            session,
        }
    }

    /// A key for the shop and the closed bot, or with other permissions.
    async fn key(&self, permissions: &[&str]) -> (String, String) {
        let body = json!({ "name": "tests", "bots": ["shop", "closed"], "permissions": permissions });
        let (status, answer) = self.api("POST", "/api/auth/keys", &body).await;
        assert_eq!(status, 201, "{answer}");
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        (text("id"), text("token"))
    }

    async fn api(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        call(&self.server, method, path, &self.session, body).await
    }

    /// Runs a client and tells what it said when it failed.
    async fn run(&self, mut client: Command) -> String {
        let (id, revoked) = self.key(&[]).await;
        let (status, _) = self.api("DELETE", &format!("/api/auth/keys/{id}"), &Value::Null).await;
        assert_eq!(status, 204);
        let (_, mute) = self.key(&["monitoring.read"]).await;
        let (_, key) = self.key(&[]).await;
        client
            .env("BASE_URL", self.server.url())
            .env("API_KEY", key)
            .env("REVOKED_KEY", revoked)
            .env("MUTE_KEY", mute)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(LIMIT, client.output()).await;
        let output = output.expect("the client ends in time").unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{said}\n{error}\nThe server's log:\n{}",
            self.server.log()
        );
        said
    }
}

async fn call(server: &Server, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}{path}", server.url());
    let mut request = http_client().unwrap().request(method.parse().unwrap(), url);
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if !body.is_null() {
        request = request
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Claims the administrator's account, whose link stands in the log.
async fn claim(server: &Server) -> String {
    let log = server.log();
    let (_, rest) = log.split_once("#bl_").unwrap_or_else(|| panic!("no link in {log}"));
    let token: String = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    let body = json!({ "token": format!("bl_{token}"), "password": PASSWORD });
    let (status, answer) = call(server, "POST", "/api/auth/claim", "", &body).await;
    assert_eq!(status, 200, "{answer}");
    answer["token"].as_str().unwrap().to_owned()
}

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// Node.js and the packages of `tests/clients`.
fn node() -> Option<PathBuf> {
    let node = program("node")?;
    if clients().join("node_modules/openai").exists() {
        return Some(node);
    }
    skip::skipped("no clients for JavaScript: run `npm ci` in tests/clients");
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_openai_client_for_python_works_unchanged() {
    let Some(python) = program("clients-python") else { return };
    let house = House::open().await;
    let mut client = Command::new(python);
    client.arg(clients().join("openai_client.py"));

    let said = house.run(client).await;

    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 17, "{said}");
    // What a client left was left by the server, too.
    house.model.wait_cancelled(1, Duration::from_secs(30)).await.unwrap();
    let prompts: Vec<String> = house.model.requests().iter().map(|asked| asked.body.to_string()).collect();
    assert!(prompts.iter().any(|prompt| prompt.contains("Speak like a pirate.") && prompt.contains("Ahoy Ana")));
    let (status, list) = house.api("GET", "/api/chat?limit=50", &Value::Null).await;
    assert_eq!(status, 200);
    // One named conversation and those of three responses; nothing of the requests that bring their history.
    assert_eq!(list["items"].as_array().unwrap().len(), 4, "{list}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_openai_client_for_javascript_works_unchanged() {
    let Some(node) = node() else { return };
    let house = House::open().await;
    let mut client = Command::new(node);
    client.current_dir(clients()).args(["--test", "openai.test.mjs"]);

    house.run(client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mcp_client_for_python_works_unchanged() {
    let Some(python) = program("clients-python") else { return };
    let house = House::open().await;
    let mut client = Command::new(python);
    client.arg(clients().join("mcp_client.py"));

    house.run(client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_no_key_is_let_in_only_where_the_operator_and_the_bot_allow_it() {
    let body = json!({ "model": "shop", "messages": [{ "role": "user", "content": "say:hi" }] });
    let path = "/v1/chat/completions";
    let strict = House::open().await;
    let open = House::open_with(
        |packages| packages.settings("secret", &[("public", "false")]),
        |setup| setup.env("BOTSERVER_API_VISITORS", "true"),
    )
    .await;

    assert_eq!(call(&strict.server, "POST", path, "", &body).await.0, 401);
    let (status, answer) = call(&open.server, "POST", path, "", &body).await;
    assert_eq!((status, &answer["choices"][0]["message"]["content"]), (200, &json!("hi")));
    let hidden = json!({ "model": "secret", "messages": [{ "role": "user", "content": "say:hi" }] });
    assert_eq!(call(&open.server, "POST", path, "", &hidden).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_does_what_it_is_for_and_nothing_else() {
    let house = House::open().await;
    let (id, key) = house.key(&[]).await;
    let call = async |method: &str, path: &str, body: &Value| call(&house.server, method, path, &key, body).await.0;

    assert_eq!(call("GET", "/v1/models/shop", &Value::Null).await, 200);
    assert_eq!(call("GET", "/v1/models/secret", &Value::Null).await, 404);
    assert_eq!(call("GET", "/api/auth/keys", &Value::Null).await, 403);
    assert_eq!(call("POST", "/api/auth/keys", &json!({ "name": "more" })).await, 403);
    assert_eq!(call("GET", "/api/users", &Value::Null).await, 403);
    let (status, list) = house.api("GET", "/api/auth/keys", &Value::Null).await;
    assert_eq!((status, &list["items"][0]["id"]), (200, &json!(id)));
    assert!(list["items"][0]["seen_at"].is_string() && list["items"][0].get("token").is_none());

    assert_eq!(house.api("DELETE", &format!("/api/auth/keys/{id}"), &Value::Null).await.0, 204);
    assert_eq!(call("GET", "/v1/models/shop", &Value::Null).await, 401);
}
