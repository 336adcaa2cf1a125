//! Debuggers attached to conversations of a running server, over the Debug Adapter Protocol as editors speak it.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use botserver_tests::{
    client::{Chat, Visitor},
    packages::Packages,
    process::{self, Server, Setup, http_client},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// The longest that an answer or event may take on a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(1);

const START: &str = r#"TALK "Hello"
HEAR name
greeting = "Hi " + name
count = LEN(name)
CALL "second.bas", name
HEAR more
TALK greeting + " " + more + " " + count
"#;

const SECOND: &str = "PARAM who AS STRING\nshout = UPPER(who)\nTALK shout\n";

/// `botserver bot dap` as an editor starts it.
struct Debugger {
    _process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    sent: u64,
    /// Events that came while something else was waited for.
    events: Vec<Value>,
}

impl Debugger {
    fn start(server: &Server) -> Self {
        let mut command = Command::new(process::binary().unwrap());
        command.args(["bot", "dap"]).current_dir(server.folder()).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self {
            _process: process,
            input,
            output: BufReader::new(output),
            sent: 0,
            events: Vec::new(),
        }
    }

    async fn send(&mut self, command: &str, arguments: Value) -> u64 {
        self.sent += 1;
        let request = json!({ "seq": self.sent, "type": "request", "command": command, "arguments": arguments });
        let body = request.to_string();
        let message = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.input.write_all(message.as_bytes()).await.unwrap();
        self.input.flush().await.unwrap();
        self.sent
    }

    async fn message(&mut self) -> Value {
        tokio::time::timeout(PATIENCE, async {
            let mut length = 0;
            loop {
                let mut line = String::new();
                assert!(
                    self.output.read_line(&mut line).await.unwrap() > 0,
                    "the debugger ended"
                );
                match line.trim().strip_prefix("Content-Length: ") {
                    Some(number) => length = number.parse().unwrap(),
                    None if line.trim().is_empty() => break,
                    None => panic!("{line}"),
                }
            }
            let mut body = vec![0; length];
            self.output.read_exact(&mut body).await.unwrap();
            serde_json::from_slice(&body).unwrap()
        })
        .await
        .unwrap_or_else(|_| panic!("nothing came; before: {:?}", self.events))
    }

    /// The answer to a request.
    async fn ask(&mut self, command: &str, arguments: Value) -> Value {
        let seq = self.send(command, arguments).await;
        loop {
            let message = self.message().await;
            if message["type"] == "response" && message["request_seq"] == seq {
                return message;
            }
            self.events.push(message);
        }
    }

    /// The body of the next event of that kind.
    async fn event(&mut self, name: &str) -> Value {
        loop {
            if let Some(place) = self.events.iter().position(|event| event["event"] == name) {
                return self.events.remove(place)["body"].clone();
            }
            let message = self.message().await;
            self.events.push(message);
        }
    }

    /// Attaches to a conversation, with breakpoints in a script.
    async fn attach(&mut self, arguments: Value, script: &str, lines: &[u32]) {
        self.ask("initialize", json!({ "adapterID": "botserver" })).await;
        let attached = self.ask("attach", arguments).await;
        assert_eq!(attached["success"], true, "{attached}");
        self.event("initialized").await;
        let lines: Vec<_> = lines.iter().map(|line| json!({ "line": line })).collect();
        let wanted = json!({ "source": { "path": script }, "breakpoints": lines });
        let set = self.ask("setBreakpoints", wanted).await;
        for breakpoint in set["body"]["breakpoints"].as_array().unwrap() {
            assert_eq!(breakpoint["verified"], true, "{set}");
        }
        let done = self.ask("configurationDone", json!({})).await;
        assert_eq!(done["success"], true, "{done}");
    }

    /// Where the dialog stands: script and line.
    async fn place(&mut self) -> (String, u64) {
        let stack = self.ask("stackTrace", json!({ "threadId": 1 })).await;
        let top = &stack["body"]["stackFrames"][0];
        let path = top["source"]["path"].as_str().unwrap();
        let name = path.rsplit('/').next().unwrap().to_owned();
        (name, top["line"].as_u64().unwrap())
    }

    /// The variables of the script, as they are shown.
    async fn variables(&mut self) -> Vec<(String, String)> {
        let scopes = self.ask("scopes", json!({ "frameId": 1 })).await;
        let scopes = scopes["body"]["scopes"].as_array().unwrap().clone();
        let scope = scopes.iter().find(|scope| scope["name"] == "Variables").unwrap();
        let reference = scope["variablesReference"].clone();
        let shown = self.ask("variables", json!({ "variablesReference": reference })).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let variables = shown["body"]["variables"].as_array().unwrap().iter();
        variables.map(|one| (text(&one["name"]), text(&one["value"]))).collect()
    }
}

async fn call(server: &Server, path: &str, token: Option<&str>, body: Value) -> Value {
    let request = http_client().unwrap().post(format!("{}{path}", server.url()));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let answer = request
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

/// The token of somebody who follows a one-time link.
async fn claim(server: &Server, text: &str) -> String {
    let (_, rest) = text.split_once("#bl_").unwrap_or_else(|| panic!("no link in {text}"));
    let token: String = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    let body = json!({ "token": format!("bl_{token}"), "password": "nine green kettles whistle" });
    let claimed = call(server, "/api/auth/claim", None, body).await;
    claimed["token"].as_str().unwrap().to_owned()
}

async fn server() -> (Packages, Server, String) {
    let packages = Packages::of_start("shop", START);
    packages.script("shop", "second", SECOND);
    let server = Setup::new().bots(packages.path()).start().await.unwrap();
    let admin = claim(&server, &server.log()).await;
    (packages, server, admin)
}

async fn visit(server: &Server) -> (Visitor, Chat) {
    let (who, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();
    chat.turn().await.unwrap();
    (who, chat)
}

fn attachment(server: &Server, packages: &Packages, token: &str, who: &Visitor) -> (Value, String) {
    let package = packages.package("shop").display().to_string();
    let script = format!("{package}/shop.gbdialog/start.bas");
    let arguments = json!({
        "url": server.url(), "token": token, "bot": "shop", "conversation": who.session_id, "program": package,
    });
    (arguments, script)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_under_way_stops_at_a_hear_steps_and_goes_on() {
    let (packages, server, admin) = server().await;
    // A dialog that is started after the debugger has come stops at every line.
    let who = Visitor::arrive(&server.url(), "shop").await.unwrap();
    let (arguments, script) = attachment(&server, &packages, &admin, &who);
    let mut debugger = Debugger::start(&server);
    debugger.attach(arguments, &script, &[2, 6]).await;

    let mut chat = who.connect().await.unwrap();
    assert_eq!(debugger.event("stopped").await["reason"], "breakpoint");
    assert_eq!(debugger.place().await, ("start.bas".to_owned(), 2));
    // Somebody else talks to the same bot meanwhile, and is not touched.
    let (_, mut other) = visit(&server).await;
    assert_eq!(other.say("Bo").await.unwrap().text(), "BO");
    debugger.ask("continue", json!({ "threadId": 1 })).await;
    chat.turn().await.unwrap();

    let seq = chat.send("Ada").await.unwrap();
    assert_eq!(debugger.event("stopped").await["reason"], "breakpoint", "{seq}");
    assert_eq!(debugger.place().await, ("start.bas".to_owned(), 6));
    let variables = debugger.variables().await;
    assert!(
        variables.contains(&("greeting".to_owned(), "\"Hi Ada\"".to_owned())),
        "{variables:?}"
    );
    assert!(
        variables.contains(&("count".to_owned(), "3".to_owned())),
        "{variables:?}"
    );
    let value = debugger
        .ask("evaluate", json!({ "expression": "count * 2", "frameId": 1 }))
        .await;
    assert_eq!(value["body"]["result"], "6", "{value}");
    debugger.ask("next", json!({ "threadId": 1 })).await;
    assert_eq!(chat.turn().await.unwrap().text(), "ADA");
    chat.send("there").await.unwrap();
    assert_eq!(debugger.event("stopped").await["reason"], "step");
    assert_eq!(debugger.place().await, ("start.bas".to_owned(), 7));

    // Whoever leaves lets the conversation go on.
    debugger.ask("disconnect", json!({})).await;
    assert_eq!(chat.turn().await.unwrap().text(), "Hi Ada there 3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dialog_that_waits_already_is_stepped_into_scripts_that_it_calls() {
    let (packages, server, admin) = server().await;
    let (who, mut chat) = visit(&server).await;
    let (arguments, script) = attachment(&server, &packages, &admin, &who);
    let second = script.replace("start.bas", "second.bas");
    let mut debugger = Debugger::start(&server);
    debugger.attach(arguments, &second, &[3]).await;

    chat.send("Ada").await.unwrap();
    assert_eq!(debugger.event("stopped").await["reason"], "breakpoint");
    assert_eq!(debugger.place().await, ("second.bas".to_owned(), 3));
    debugger.ask("stepOut", json!({ "threadId": 1 })).await;
    assert_eq!(debugger.event("stopped").await["reason"], "step");
    assert_eq!(debugger.place().await, ("start.bas".to_owned(), 6));
    debugger.ask("continue", json!({ "threadId": 1 })).await;
    assert_eq!(chat.turn().await.unwrap().text(), "ADA");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_goes_on_when_it_has_stood_for_too_long_or_its_debugger_was_killed() {
    let (packages, server, admin) = server().await;
    let (who, mut chat) = visit(&server).await;
    let (mut arguments, script) = attachment(&server, &packages, &admin, &who);
    arguments["limit"] = json!(1);
    let mut debugger = Debugger::start(&server);
    debugger.attach(arguments.clone(), &script, &[6, 7]).await;

    chat.send("Ada").await.unwrap();
    debugger.event("stopped").await;
    debugger.event("continued").await;
    assert_eq!(chat.turn().await.unwrap().text(), "ADA");

    chat.send("there").await.unwrap();
    debugger.event("stopped").await;
    drop(debugger);
    assert_eq!(chat.turn().await.unwrap().text(), "Hi Ada there 3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_has_one_debugger_and_only_administrators_are_let_in() {
    let (packages, server, admin) = server().await;
    let (who, _chat) = visit(&server).await;
    let (arguments, script) = attachment(&server, &packages, &admin, &who);
    let invited = json!({ "email": "op@example.org", "name": "op", "role": "operator" });
    let invited = call(&server, "/api/users", Some(&admin), invited).await.to_string();
    let operator = claim(&server, &invited).await;
    for (token, why) in [
        (who.token.as_str(), "bots.debug"),
        (operator.as_str(), "bots.debug"),
        ("bl_nothing", "sign in again"),
    ] {
        let mut debugger = Debugger::start(&server);
        let (arguments, _) = attachment(&server, &packages, token, &who);
        let refused = debugger.ask("attach", arguments).await;
        assert_eq!(refused["success"], false, "{refused}");
        assert!(refused["message"].as_str().unwrap().contains(why), "{refused}");
    }

    let mut first = Debugger::start(&server);
    first.attach(arguments.clone(), &script, &[6]).await;
    let mut second = Debugger::start(&server);
    let refused = second.ask("attach", arguments.clone()).await;
    assert!(
        refused["message"].as_str().unwrap().contains("a bot has one at most"),
        "{refused}"
    );
    // A server runs nothing that a debugger brings.
    let launched = first.ask("launch", json!({ "program": script })).await;
    assert_eq!(launched["success"], false, "{launched}");

    first.ask("disconnect", json!({})).await;
    let begun = Instant::now();
    loop {
        let mut third = Debugger::start(&server);
        let attached = third.ask("attach", arguments.clone()).await;
        if attached["success"] == true {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{attached}");
    }
}
