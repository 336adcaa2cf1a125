//! Runs scripts with scripted answers. After every step the machine is saved and restored, so every test proves
//! that its state is plain data.

use std::{collections::VecDeque, fmt::Write as _, sync::Arc};

use botlib::{Value, value::FileRef, value::Map};
use botserver_auto::basic::{self, Grammar, Limits, Machine, Program};
use botstate::{
    dialog::{Answer, Dialog, Env, Fault, FaultKind, Input, Step},
    keyword::{Class, Keyword, Registry},
};

const KEYWORDS: &[(&str, &[&str])] = &[
    ("ADD SUGGESTION", &["key AS label", "label"]),
    ("ADD TOOL", &["name"]),
    ("BEGIN TRANSACTION", &[""]),
    ("CLEAR SUGGESTIONS", &[""]),
    ("COMMIT TRANSACTION", &[""]),
    (
        "AGGREGATE",
        &["operation, @list, field[, %filter]", "@list $what[WHERE ?filter]"],
    ),
    ("ALERT", &["text", "text TO who[, ATTACHMENT file][, extra]"]),
    ("FILTER", &["@list, %filter", "@list WHERE ?filter"]),
    (
        "FIND",
        &[
            "@table[ WHERE ?filter][ ORDER BY $order][ LIMIT limit][ !FIRST][ ON connection]",
            "@table, %filter",
            "@table, field, value",
            "@table WITH %filter",
            "ALL @table WHERE ?filter",
        ],
    ),
    ("GET", &["source", "source, key"]),
    (
        "INSERT INTO",
        &["@table VALUES value", "@table WITH {fields}", "@table, #values..."],
    ),
    (
        "MERGE",
        &[
            "@table WITH data BY key",
            "@table, data, key",
            "INTO @table ON {key} WITH {fields}",
        ],
    ),
    ("POST TO", &["@where AT time image, caption", "@where image, caption"]),
    ("SELECT", &["~query"]),
    (
        "SET TIMER",
        &["$when", "cron file[ argument]", "cron, file", "cron at, file", "cron"],
    ),
    (
        "UPDATE",
        &[
            "@table SET {fields} WHERE ?filter",
            "@table, %filter, values",
            "@table, %filter, field, value",
        ],
    ),
    ("GET BOT MEMORY", &["key"]),
    ("GET SESSION", &["key", "id, key"]),
    ("LLM", &["prompt[ WITH OPTIMIZE FOR goal][ WITH MAX_COST cost]"]),
    ("POST", &["url[, body...]"]),
    ("PRODUCT", &["id"]),
    ("REMEMBER", &["key = value", "key, value[, duration]"]),
    ("ROLLBACK", &[""]),
    ("SAVE", &["table, values..."]),
    ("SAVE ROW", &["@table, #values..."]),
    ("SAVE FROM UNSTRUCTURED", &["table, text"]),
    (
        "SEND MAIL",
        &["to, subject, body[, attachments]", "TO to SUBJECT subject BODY body"],
    ),
    ("SET", &["name, value"]),
    ("SET SCHEDULE", &["when[, file][, args...]"]),
    ("SET BOT MEMORY", &["key, value", "key AS value"]),
    ("SET CONTEXT", &["name AS text", "text"]),
    ("SET HEADER", &["name, value", "name AS value", "name = value"]),
    ("TALK TO", &["to, text"]),
    ("WAIT", &["seconds"]),
];

/// The grammar with the keywords of these tests.
pub(crate) fn grammar() -> Grammar {
    let mut registry = Registry::new();
    for (phrase, shapes) in KEYWORDS {
        registry.register(Keyword {
            phrase,
            shapes,
            class: Class::External,
            summary: "",
            example: "",
            handler: None,
        });
    }
    Grammar::new(&registry)
}

/// Compiles `text`, which must have no errors.
pub(crate) fn compile(text: &str) -> Arc<Program> {
    let parsed = basic::parse("test.bas", text, &grammar());
    let program = basic::compile(&parsed).unwrap_or_else(|errors| {
        let rendered: Vec<String> = errors.iter().map(|error| error.render(false)).collect();
        panic!("{}\nin:\n{text}", rendered.join("\n"))
    });
    program.prepare().unwrap_or_else(|fault| panic!("{fault}\nin:\n{text}"));
    // What is stored is what runs.
    let read = Program::from_json(&program.to_json()).unwrap();
    assert_eq!(read.hash(), program.hash());
    Arc::new(read)
}

pub(crate) fn env() -> Env {
    let names: Map = [
        ("username".to_owned(), Value::text("Ana")),
        (
            "user".to_owned(),
            Value::from_json(&serde_json::json!({ "message": "hi", "email": "ana@example.com" })),
        ),
    ]
    .into_iter()
    .collect();
    Env {
        now: "2026-03-09T17:05:07Z".parse().unwrap(),
        zone: "America/Sao_Paulo".to_owned(),
        locale: "en-US".to_owned(),
        seed: 7,
        names: Arc::new(names),
    }
}

/// A conversation with a script.
pub(crate) struct Talk {
    program: Arc<Program>,
    env: Env,
    args: Map,
    limits: Limits,
    /// Answers; none for silence.
    answers: VecDeque<Option<Answer>>,
    results: VecDeque<Result<Value, Fault>>,
}

impl Talk {
    pub(crate) fn new(text: &str) -> Self {
        Self::with(compile(text))
    }

    /// A conversation with a program that the test made itself.
    pub(crate) fn of(program: Program) -> Self {
        Self::with(Arc::new(program))
    }

    fn with(program: Arc<Program>) -> Self {
        Self {
            program,
            env: env(),
            args: Map::new(),
            limits: Limits::default(),
            answers: VecDeque::new(),
            results: VecDeque::new(),
        }
    }

    /// The next answer to a HEAR.
    pub(crate) fn answer(mut self, text: &str) -> Self {
        self.answers.push_back(Some(Answer {
            text: text.to_owned(),
            files: Vec::new(),
        }));
        self
    }

    pub(crate) fn file(mut self, name: &str, mime: &str) -> Self {
        let file = FileRef {
            url: format!("/files/{name}"),
            name: name.to_owned(),
            mime: mime.to_owned(),
            size_bytes: 3,
            ..FileRef::default()
        };
        self.answers.push_back(Some(Answer {
            text: String::new(),
            files: vec![file],
        }));
        self
    }

    /// Nobody answers the next HEAR in time.
    pub(crate) fn silence(mut self) -> Self {
        self.answers.push_back(None);
        self
    }

    /// The next result of a keyword or a script.
    pub(crate) fn returns(mut self, value: impl Into<Value>) -> Self {
        self.results.push_back(Ok(value.into()));
        self
    }

    pub(crate) fn json(mut self, value: &serde_json::Value) -> Self {
        self.results.push_back(Ok(Value::from_json(value)));
        self
    }

    pub(crate) fn fails(mut self, kind: FaultKind, message: &str) -> Self {
        self.results.push_back(Err(Fault::new(kind, message)));
        self
    }

    pub(crate) fn arg(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.args.insert(name, value.into());
        self
    }

    pub(crate) fn locale(mut self, locale: &str) -> Self {
        locale.clone_into(&mut self.env.locale);
        self
    }

    pub(crate) fn zone(mut self, zone: &str) -> Self {
        zone.clone_into(&mut self.env.zone);
        self
    }

    pub(crate) fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Runs to the end or to a HEAR without an answer, and gives what happened.
    pub(crate) fn transcript(mut self) -> String {
        let mut out = String::new();
        let mut machine = Machine::new(Arc::clone(&self.program), self.args.clone(), &self.env)
            .unwrap()
            .with_limits(self.limits);
        let mut input = Input::Continue;
        for _ in 0..5_000 {
            let step = machine.resume(input, &self.env);
            if !matches!(step, Step::Done(_) | Step::Fault(_)) {
                let saved = match machine.save() {
                    Ok(saved) => saved,
                    Err(fault) => {
                        writeln!(out, "unsaved: {fault}").unwrap();
                        return out;
                    }
                };
                let restored = Machine::restore(&saved, Arc::clone(&self.program)).unwrap();
                machine = restored.with_limits(self.limits);
                assert_eq!(machine.save().unwrap(), saved, "the state reads back as it was written");
            }
            input = match step {
                Step::Say(text) => {
                    writeln!(out, "bot: {text}").unwrap();
                    Input::Continue
                }
                Step::Call(call) => {
                    let args: Vec<String> = call
                        .args
                        .0
                        .iter()
                        .map(|(name, value)| format!("{name}={}", value.to_json()))
                        .collect();
                    writeln!(out, "call {}: {}", call.keyword, args.join(" ")).unwrap();
                    self.result()
                }
                Step::Script(call) => {
                    let args: Vec<String> = call.args.iter().map(|value| value.to_json().to_string()).collect();
                    writeln!(out, "script {}({})", call.name, args.join(", ")).unwrap();
                    self.result()
                }
                Step::Hear(spec) => {
                    write!(out, "hear {}", spec.kind.name()).unwrap();
                    if !spec.options.is_empty() {
                        write!(out, " {:?}", spec.options).unwrap();
                    }
                    if let Some(default) = &spec.default {
                        write!(out, " default {default}").unwrap();
                    }
                    if let Some(seconds) = spec.timeout_s {
                        write!(out, " within {seconds} s").unwrap();
                    }
                    writeln!(out).unwrap();
                    match self.answers.pop_front() {
                        None => return out,
                        Some(None) => {
                            writeln!(out, "> (silence)").unwrap();
                            Input::Silence
                        }
                        Some(Some(answer)) => {
                            writeln!(out, "> {}", answer.text).unwrap();
                            Input::Heard(answer)
                        }
                    }
                }
                Step::Done(value) => {
                    if !value.is_null() {
                        writeln!(out, "done: {}", value.to_json()).unwrap();
                    }
                    return out;
                }
                Step::Fault(fault) => {
                    writeln!(out, "fault: {fault}").unwrap();
                    return out;
                }
            };
        }
        panic!("the script does not end:\n{out}");
    }

    fn result(&mut self) -> Input {
        match self.results.pop_front() {
            Some(Ok(value)) => Input::Returned(value),
            Some(Err(fault)) => Input::Failed(fault),
            None => Input::Returned(Value::Null),
        }
    }
}

/// What a script without waits says, one line a TALK.
pub(crate) fn said(text: &str) -> String {
    Talk::new(text)
        .transcript()
        .lines()
        .map(|line| line.strip_prefix("bot: ").unwrap_or(line))
        .collect::<Vec<_>>()
        .join("|")
}

/// Runs each script of a table and compares what it says.
#[track_caller]
pub(crate) fn table(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(script, expected)| (script, said(script), expected.replace('\n', "|")))
        .filter(|(_, found, expected)| found != expected)
        .map(|(script, found, expected)| format!("{script}\n  said {found}\n  want {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Says each expression of a table and compares.
#[track_caller]
pub(crate) fn values(cases: &[(&str, &str)]) {
    let scripts: Vec<(String, &str)> = cases
        .iter()
        .map(|(expression, expected)| (format!("TALK {expression}"), *expected))
        .collect();
    let cases: Vec<(&str, &str)> = scripts
        .iter()
        .map(|(script, expected)| (script.as_str(), *expected))
        .collect();
    table(&cases);
}
