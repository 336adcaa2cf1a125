//! `bot dap` through its protocol, one request at a time as debuggers send them.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, PipeReader, PipeWriter, Read as _, Write as _},
    thread::{self, JoinHandle},
};

use botserver_auto::cli;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::support::{folder, frame, registry};

const START: &str = "a.gbai/a.gbdialog/start.bas";

/// A debugger with its dialog on another thread.
struct Debugger {
    folder: TempDir,
    to: Option<PipeWriter>,
    from: BufReader<PipeReader>,
    sent: u64,
    events: VecDeque<Json>,
    server: Option<JoinHandle<u8>>,
}

impl Debugger {
    /// A debugger that has launched `start.bas` with breakpoints.
    fn launch(files: &[(&str, &str)], more: &Json, breakpoints: &Json) -> Self {
        let mut debugger = Self::new(files);
        debugger.request("initialize", &json!({ "adapterID": "botserver" }));
        let path = debugger.path(START);
        let mut args = json!({ "program": path });
        for (name, value) in more.as_object().into_iter().flatten() {
            args[name.as_str()] = value.clone();
        }
        debugger.request("launch", &args);
        debugger.event("initialized");
        let set = debugger.request(
            "setBreakpoints",
            &json!({ "source": { "path": path }, "breakpoints": breakpoints }),
        );
        for one in set["breakpoints"].as_array().unwrap() {
            assert_eq!(one["verified"], true, "{one}");
        }
        debugger.request("configurationDone", &Json::Null);
        debugger
    }

    fn new(files: &[(&str, &str)]) -> Self {
        let folder = folder(files);
        let limits = botstate::config::for_tests(folder.path()).script;
        let (read, to) = std::io::pipe().unwrap();
        let (from, mut write) = std::io::pipe().unwrap();
        let server = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(cli::dap(registry(), limits, read, &mut write))
        });
        Self {
            folder,
            to: Some(to),
            from: BufReader::new(from),
            sent: 0,
            events: VecDeque::new(),
            server: Some(server),
        }
    }

    fn path(&self, file: &str) -> String {
        self.folder.path().join(file).display().to_string()
    }

    fn read(&mut self) -> Json {
        let mut header = String::new();
        self.from.read_line(&mut header).unwrap();
        let length = header
            .trim()
            .strip_prefix("Content-Length: ")
            .unwrap_or_else(|| panic!("{header:?}"));
        self.from.read_line(&mut String::new()).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.from.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn response(&mut self, command: &str, args: &Json) -> Json {
        self.sent += 1;
        let request = json!({ "seq": self.sent, "type": "request", "command": command, "arguments": args });
        self.to.as_mut().unwrap().write_all(&frame(&request)).unwrap();
        loop {
            let message = self.read();
            if message["type"] == "response" && message["request_seq"] == self.sent {
                return message;
            }
            self.events.push_back(message);
        }
    }

    /// Asks for something that is granted.
    fn request(&mut self, command: &str, args: &Json) -> Json {
        let response = self.response(command, args);
        assert_eq!(response["success"], true, "{response}");
        response["body"].clone()
    }

    /// Asks for something that is refused, and gives the reason.
    fn refused(&mut self, command: &str, args: &Json) -> String {
        let response = self.response(command, args);
        assert_eq!(response["success"], false, "{response}");
        response["message"].as_str().unwrap().to_owned()
    }

    /// The next event of that name, and what was said before it.
    fn event_and_output(&mut self, name: &str) -> (Json, String) {
        let mut said = String::new();
        loop {
            let message = self.events.pop_front().unwrap_or_else(|| self.read());
            if message["event"] == name {
                return (message["body"].clone(), said);
            }
            if message["event"] == "output" {
                said.push_str(message["body"]["output"].as_str().unwrap());
            }
        }
    }

    fn event(&mut self, name: &str) -> Json {
        self.event_and_output(name).0
    }

    /// The reason of the next stop, and the places where it stands, innermost first.
    fn stopped(&mut self) -> (String, Vec<String>) {
        let reason = self.event("stopped")["reason"].as_str().unwrap().to_owned();
        let stack = self.request("stackTrace", &json!({ "threadId": 1 }));
        let frames = stack["stackFrames"].as_array().unwrap().iter();
        let places = frames.map(|frame| format!("{}:{}", frame["name"].as_str().unwrap(), frame["line"]));
        (reason, places.collect())
    }

    fn go(&mut self, command: &str) -> Vec<String> {
        self.request(command, &json!({ "threadId": 1 }));
        self.stopped().1
    }

    /// Variables of the innermost frame as `name = value`.
    fn variables(&mut self, scope: &str) -> Vec<String> {
        let reference = self.scope(scope);
        self.inside(&reference)
    }

    fn inside(&mut self, reference: &Json) -> Vec<String> {
        let body = self.request("variables", &json!({ "variablesReference": reference }));
        let all = body["variables"].as_array().unwrap().iter();
        all.map(|one| format!("{} = {}", one["name"].as_str().unwrap(), one["value"].as_str().unwrap()))
            .collect()
    }

    fn scope(&mut self, name: &str) -> Json {
        let scopes = self.request("scopes", &json!({ "frameId": 1 }));
        let found = scopes["scopes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|scope| scope["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {scopes}"))["variablesReference"].clone()
    }

    fn evaluate(&mut self, text: &str) -> String {
        let body = self.request(
            "evaluate",
            &json!({ "expression": text, "frameId": 1, "context": "watch" }),
        );
        body["result"].as_str().unwrap().to_owned()
    }

    fn console(&mut self, text: &str) {
        self.request("evaluate", &json!({ "expression": text, "context": "repl" }));
    }

    /// Lets the dialog go on to its end; what it said.
    fn finish(mut self) -> String {
        self.request("continue", &json!({ "threadId": 1 }));
        self.said_at_the_end()
    }

    fn said_at_the_end(&mut self) -> String {
        let (_, said) = self.event_and_output("terminated");
        self.request("disconnect", &Json::Null);
        said
    }
}

impl Drop for Debugger {
    fn drop(&mut self) {
        self.to.take();
        if let Some(server) = self.server.take()
            && !thread::panicking()
        {
            assert_eq!(server.join().unwrap(), cli::OK);
        }
    }
}

#[test]
fn a_dialog_stops_at_its_breakpoints_and_steps_line_by_line() {
    let text = "total = 0\nFOR i = 1 TO 2\n  total = total + i\nNEXT\nCALL say(total)\nTALK \"end\"\nSUB say(what)\n  TALK \"sum \" + what\nEND SUB\n";
    let mut debugger = Debugger::launch(&[(START, text)], &json!({}), &json!([{ "line": 3 }]));

    assert_eq!(
        debugger.stopped(),
        ("breakpoint".to_owned(), vec!["start.bas:3".to_owned()])
    );
    assert_eq!(debugger.variables("Variables"), ["total = 0", "i = 1"]);
    assert_eq!(debugger.go("next"), ["start.bas:2"]);
    assert_eq!(debugger.go("continue"), ["start.bas:3"]);
    assert_eq!(debugger.variables("Variables"), ["total = 1", "i = 2"]);
    assert_eq!(debugger.go("stepIn"), ["start.bas:2"]);
    assert_eq!(debugger.go("stepIn"), ["start.bas:5"]);
    assert_eq!(debugger.go("stepIn"), ["say:8", "start.bas:5"]);
    assert_eq!(debugger.variables("Local"), ["what = 3"]);
    assert_eq!(debugger.go("stepOut"), ["start.bas:6"]);
    assert_eq!(debugger.finish(), "end\n");
}

#[test]
fn stepping_over_a_call_does_not_stop_inside() {
    let text = "x = double(21)\nTALK x\nFUNCTION double(n)\n  RETURN n * 2\nEND FUNCTION\n";
    let mut debugger = Debugger::launch(&[(START, text)], &json!({ "stopOnEntry": true }), &json!([]));

    assert_eq!(debugger.stopped(), ("entry".to_owned(), vec!["start.bas:1".to_owned()]));
    assert_eq!(debugger.go("next"), ["start.bas:2"]);
    assert_eq!(debugger.evaluate("x"), "42");
    assert_eq!(debugger.finish(), "42\n");
}

#[test]
fn breakpoints_have_conditions_counts_and_messages() {
    let text = "FOR i = 1 TO 9\n  square = i * i\nNEXT\nTALK square\n";
    let conditions = json!([
        { "line": 2, "condition": "i * i > 30" },
        { "line": 4, "hitCondition": "2" },
        { "line": 4, "logMessage": "the square is {square}" },
    ]);
    let mut debugger = Debugger::launch(&[(START, text)], &json!({}), &conditions);

    debugger.stopped();
    assert_eq!(debugger.evaluate("i"), "6");
    assert_eq!(debugger.evaluate("[i, \"x\" + i]"), "[6,\"x6\"]");
    debugger.request(
        "setBreakpoints",
        &json!({ "source": { "path": debugger.path(START) }, "breakpoints": [
        { "line": 4, "logMessage": "the square is {square}" },
    ] }),
    );
    assert_eq!(debugger.finish(), "the square is 81\n81\n");
}

#[test]
fn a_line_that_was_never_a_statement_moves_to_the_next_one() {
    let mut debugger = Debugger::new(&[(START, "' a comment\n\nTALK 1\n")]);
    debugger.request("initialize", &json!({}));
    let path = debugger.path(START);
    debugger.request("launch", &json!({ "program": path }));

    let set = debugger.request(
        "setBreakpoints",
        &json!({ "source": { "path": path }, "breakpoints": [{ "line": 1 }, { "line": 9 }] }),
    );

    assert_eq!(
        (&set["breakpoints"][0]["line"], &set["breakpoints"][0]["verified"]),
        (&json!(3), &json!(true))
    );
    assert_eq!(set["breakpoints"][1]["verified"], false);
}

#[test]
fn hear_is_answered_in_the_console_and_by_request() {
    let text = "HEAR age AS INTEGER WITH \"How old?\"\nHEAR word AS PASSWORD\nTALK age + 1\n";
    let mut debugger = Debugger::launch(&[(START, text)], &json!({}), &json!([{ "line": 3 }]));

    let (asked, said) = debugger.event_and_output("hear");
    assert_eq!(asked["kind"], "integer");
    assert!(said.starts_with("How old?\n"), "{said}");
    debugger.console("forty");
    assert_eq!(debugger.event("hear")["kind"], "integer");
    debugger.console("40");
    assert_eq!(debugger.event("hear")["kind"], "password");
    debugger.request("answer", &json!({ "text": "correct horse" }));
    assert_eq!(debugger.stopped().0, "breakpoint");
    assert_eq!(debugger.variables("Variables"), ["age = 40", "word = [secret]"]);
    assert!(
        debugger
            .refused("answer", &json!({ "text": "again" }))
            .contains("does not wait")
    );
    assert_eq!(debugger.finish(), "41\n");
}

#[test]
fn a_dialog_that_waits_can_be_paused_and_looked_into() {
    let mut debugger = Debugger::launch(&[(START, "x = 5\nHEAR y\nTALK y + x\n")], &json!({}), &json!([]));
    debugger.event("hear");

    debugger.request("pause", &json!({ "threadId": 1 }));
    assert_eq!(debugger.stopped(), ("pause".to_owned(), vec!["start.bas:2".to_owned()]));
    assert_eq!(debugger.evaluate("x + 1"), "6");
    debugger.request("continue", &json!({ "threadId": 1 }));
    debugger.event("hear");
    debugger.console("a");
    assert_eq!(debugger.said_at_the_end(), "a5\n");
}

#[test]
fn variables_are_seen_inside_and_changed() {
    let text = "order = { item: \"bread\", parts: [1, 2] }\ncount = 1\nTALK order.item + count\n";
    let mut debugger = Debugger::launch(&[(START, text)], &json!({}), &json!([{ "line": 3 }]));
    debugger.stopped();

    let scope = debugger.scope("Variables");
    let body = debugger.request("variables", &json!({ "variablesReference": scope }));
    let order = body["variables"][0]["variablesReference"].clone();
    assert_eq!(debugger.inside(&order), ["item = \"bread\"", "parts = [1,2]"]);
    let changed = debugger.request(
        "setVariable",
        &json!({ "variablesReference": scope, "name": "count", "value": "count + 6" }),
    );
    assert_eq!(changed["value"], "7");
    debugger.console("LET order = { item: \"cake\" }");
    let refused = debugger.refused(
        "setVariable",
        &json!({ "variablesReference": order, "name": "item", "value": "1" }),
    );
    assert!(refused.contains("whole variables"), "{refused}");
    assert_eq!(debugger.finish(), "cake7\n");
}

#[test]
fn looking_changes_nothing() {
    let text = "n = 1\nTALK n\nFUNCTION grow()\n  n = n + 1\n  RETURN n\nEND FUNCTION\n";
    let mut debugger = Debugger::launch(&[(START, text)], &json!({}), &json!([{ "line": 2 }]));
    debugger.stopped();

    assert_eq!(debugger.evaluate("grow() + grow()"), "5");
    let watch = |text: &str| json!({ "expression": text, "frameId": 1, "context": "watch" });
    assert!(
        debugger
            .refused("evaluate", &watch("GET BOT MEMORY \"x\""))
            .contains("effect")
    );
    assert!(!debugger.refused("evaluate", &watch("n +")).is_empty());
    assert_eq!(debugger.finish(), "1\n");
}

#[test]
fn errors_stop_the_dialog_before_anything_is_lost() {
    let text = "TRY\n  THROW \"first\"\nCATCH e\n  x = 9\nEND TRY\ny = x\nTHROW \"second\"\n";
    let mut debugger = Debugger::launch(&[(START, text)], &json!({}), &json!([]));

    let (stop, _) = debugger.event_and_output("stopped");
    assert_eq!(stop["reason"], "exception");
    assert!(stop["text"].as_str().unwrap().contains("second"), "{stop}");
    assert_eq!(debugger.evaluate("y"), "9");
    let info = debugger.request("exceptionInfo", &json!({ "threadId": 1 }));
    assert!(info["description"].as_str().unwrap().contains("second"));
    let said = debugger.finish();
    assert!(said.contains("second"), "{said}");
}

#[test]
fn errors_that_are_handled_stop_when_that_is_wanted() {
    let text = "TRY\n  THROW \"first\"\nCATCH e\n  TALK e.message\nEND TRY\n";
    let mut debugger = Debugger::new(&[(START, text)]);
    debugger.request("initialize", &json!({}));
    let path = debugger.path(START);
    debugger.request("launch", &json!({ "program": path }));
    debugger.request("setExceptionBreakpoints", &json!({ "filters": ["all"] }));
    debugger.request("configurationDone", &Json::Null);

    assert_eq!(
        debugger.stopped(),
        ("exception".to_owned(), vec!["start.bas:2".to_owned()])
    );
    assert_eq!(debugger.finish(), "first\n");
}

#[test]
fn a_script_that_is_called_has_its_own_frames_and_breakpoints() {
    let other = "a.gbai/a.gbdialog/other.bas";
    let files = [
        (START, "city = \"Porto\"\nr = CALL \"other.bas\", 4\nTALK r\n"),
        (other, "PARAM n AS INTEGER\nm = n * 10\nRETURN m\n"),
    ];
    let mut debugger = Debugger::launch(&files, &json!({ "stopOnEntry": true }), &json!([]));
    debugger.stopped();
    let path = debugger.path(other);
    debugger.request(
        "setBreakpoints",
        &json!({ "source": { "path": path }, "breakpoints": [{ "line": 3 }] }),
    );

    assert_eq!(debugger.go("continue"), ["other.bas:3", "start.bas:2"]);
    assert_eq!(debugger.variables("Parameters"), ["n = 4"]);
    let outer = debugger.request(
        "evaluate",
        &json!({ "expression": "city", "frameId": 2, "context": "watch" }),
    );
    assert_eq!(outer["result"], "\"Porto\"");
    assert_eq!(debugger.finish(), "40\n");
}

#[test]
fn lines_of_included_files_stop_where_they_are_written() {
    let shared = "a.gbai/a.gbdialog/shared.bas";
    let files = [
        (START, "TALK \"begin\"\nINCLUDE \"shared.bas\"\nTALK greeting\n"),
        (shared, "' says hello\ngreeting = \"hello\"\n"),
    ];
    let mut debugger = Debugger::launch(&files, &json!({ "stopOnEntry": true }), &json!([{ "line": 3 }]));
    debugger.stopped();
    let path = debugger.path(shared);
    debugger.request(
        "setBreakpoints",
        &json!({ "source": { "path": path }, "breakpoints": [{ "line": 1 }] }),
    );

    assert_eq!(debugger.go("continue"), ["shared.bas:2"]);
    assert_eq!(debugger.go("continue"), ["start.bas:3"]);
    assert_eq!(debugger.evaluate("greeting"), "\"hello\"");
    assert_eq!(debugger.finish(), "hello\n");
}

#[test]
fn an_error_that_on_error_handles_is_handled() {
    let text = "ON ERROR GOTO oops\nTHROW \"first\"\nTALK \"never\"\nEXIT\noops:\nTALK ERROR MESSAGE\n";
    let mut debugger = Debugger::launch(&[(START, text)], &json!({}), &json!([]));

    assert_eq!(debugger.said_at_the_end(), "first\n");
}

#[test]
fn a_loop_without_an_end_can_be_paused() {
    let mut debugger = Debugger::launch(&[(START, "WHILE TRUE\n  n = n + 1\nWEND\n")], &json!({}), &json!([]));

    debugger.request("pause", &json!({ "threadId": 1 }));

    assert_eq!(debugger.stopped().0, "pause");
    debugger.request("terminate", &Json::Null);
    debugger.event("terminated");
    debugger.request("disconnect", &Json::Null);
}

#[test]
fn what_cannot_be_launched_is_said_with_its_errors() {
    let mut debugger = Debugger::new(&[(START, "TLAK 1\n")]);
    debugger.request("initialize", &json!({}));

    let nothing = debugger.refused("launch", &json!({}));
    let path = debugger.path(START);
    let broken = debugger.refused("launch", &json!({ "program": path }));
    let missing = debugger.refused("launch", &json!({ "program": debugger.path("nothing.bas") }));
    let unknown = debugger.refused("teleport", &Json::Null);

    assert!(nothing.contains("no program"), "{nothing}");
    assert!(broken.contains("did you mean `TALK`"), "{broken}");
    assert!(missing.contains("cannot read"), "{missing}");
    assert!(unknown.contains("no request"), "{unknown}");
}
