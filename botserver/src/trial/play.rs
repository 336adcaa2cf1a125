//! Plays a test: step after step, in one of three ways.

mod look;
mod prepare;

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use botlib::Value;
use botserver_auto::basic::Trace;
use botstate::{
    Config,
    run::{Channel, Order, Task},
};
use serde_json::Value as Json;

use super::{
    backstage::Backstage,
    client::Client,
    expect,
    file::{Step, Written},
    outcome::Outcome,
    pattern,
    stage::Stage,
};

/// The longest that work without anybody asking may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a test is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    /// As it stands.
    Plain,
    /// With the server killed before every step.
    Kill,
    /// With a client that leaves in every turn and comes back for the rest.
    Resume,
}

impl Mode {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Kill, Self::Resume];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Kill => "kill",
            Self::Resume => "resume",
        }
    }
}

/// What was not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) line: usize,
    /// The step, such as `step 2: say hello`.
    pub(crate) place: String,
    /// What differs, one thing each.
    pub(crate) found: Vec<String>,
}

/// What every test is played with.
pub(crate) struct Props<'a> {
    pub(crate) settings: &'a Config,
    pub(crate) trace: Option<Arc<dyn Trace>>,
}

/// Plays a test of the package at `package`; the first step that fails ends it.
pub(crate) async fn play(written: &Written, package: &Path, mode: Mode, props: &Props<'_>) -> Result<(), Failure> {
    let first = written.lines.first().copied().unwrap_or(1);
    let before = |error: anyhow::Error| Failure {
        line: first,
        place: "before the first step".to_owned(),
        found: vec![format!("{error:#}")],
    };
    let mut play = Play::begin(written, package, mode, props).await.map_err(before)?;
    for (index, step) in written.test.steps.iter().enumerate() {
        let found = match play.step(step).await {
            Ok(found) => found,
            Err(error) => vec![format!("{error:#}")],
        };
        if !found.is_empty() {
            return Err(Failure {
                line: written.lines.get(index).copied().unwrap_or(first),
                place: format!("step {}: {}", index + 1, step.title()),
                found,
            });
        }
    }
    Ok(())
}

struct Play {
    stage: Stage,
    client: Client,
    mode: Mode,
    /// What was said before the first step.
    greeting: Option<Outcome>,
    /// The number of the last entry of the log whose faults were looked at.
    seen: i64,
    orders: u32,
}

impl Play {
    async fn begin(written: &Written, package: &Path, mode: Mode, props: &Props<'_>) -> anyhow::Result<Self> {
        let test = &written.test;
        let mut stage = Stage::set(test, package, props.settings, props.trace.clone()).await?;
        stage.start().await?;
        let bot = stage.bot()?;
        let is_restless = mode == Mode::Resume;
        let url = stage.server()?.url.clone();
        let mut client = Client::arrive(&url, &bot.name, test.locale.clone(), is_restless).await?;
        prepare::prepare(&stage, test, client.visitor()).await?;
        client.connect(&url).await?;
        let mut play = Self {
            stage,
            client,
            mode,
            greeting: None,
            seen: 0,
            orders: 0,
        };
        if bot.has_script("start") && !bot.start_wants_message {
            let greeting = play.client.turn().await?;
            play.greeting = Some(greeting);
        }
        Ok(play)
    }

    /// Plays a step; everything that was not as it should be.
    async fn step(&mut self, step: &Step) -> anyhow::Result<Vec<String>> {
        prepare::check(step)?;
        let is_silent = step.title() == "expect";
        if self.mode == Mode::Kill && !is_silent {
            self.stage.kill();
            self.client.lose();
            self.stage.start().await?;
            let url = self.stage.server()?.url.clone();
            self.client.connect(&url).await?;
        }
        let greeting = self.greeting.take();
        let mut outcome = if is_silent {
            greeting.unwrap_or_default()
        } else {
            if let Some(mut greeting) = greeting {
                // Nobody expected anything of it, but that it went well.
                self.look(&mut greeting).await?;
                let found = expect::compare(&expect::Expect::default(), &greeting);
                if !found.is_empty() {
                    return Ok(found);
                }
            }
            self.act(step).await?
        };
        self.look(&mut outcome).await?;
        look::look(&self.stage, self.client.visitor(), &step.expect, &mut outcome).await?;
        Ok(expect::compare(&step.expect, &outcome))
    }

    async fn act(&mut self, step: &Step) -> anyhow::Result<Outcome> {
        if let Some(text) = &step.say {
            self.client.say(&pattern::text(text)).await
        } else if let Some(text) = &step.click {
            self.client.click(text).await
        } else if let Some(tool) = &step.tool {
            self.client.tool(&tool.name, &tool.args).await
        } else if let Some(file) = &step.attach {
            self.client.attach(file).await
        } else if let Some(span) = &step.pass {
            self.stage.pass(span.time);
            self.settled(Outcome::default()).await
        } else if let Some(job) = &step.job {
            let outcome = self.job(job).await?;
            self.settled(outcome).await
        } else if let Some(event) = &step.event {
            let mut backstage = Backstage::of(&self.stage.server()?.state, self.stage.bot()?, self.client.visitor())?;
            let args = [
                ("event", Value::text(event.name.as_str())),
                ("data", Value::from_json(&event.data)),
            ];
            backstage.perform("PUBLISH EVENT", args).await?;
            self.settled(Outcome::default()).await
        } else if let Some(webhook) = &step.webhook {
            let outcome = self.client.webhook(webhook).await?;
            self.settled(outcome).await
        } else {
            Ok(Outcome::default())
        }
    }

    /// Waits until the bot has done what is due, and adds what it said in the conversation meanwhile.
    async fn settled(&mut self, mut outcome: Outcome) -> anyhow::Result<Outcome> {
        let tasks = self.stage.server()?.tasks.clone();
        ensure!(
            tasks.settle(PATIENCE).await?,
            "the work that was due did not end within {PATIENCE:?}"
        );
        self.client.collect(&mut outcome).await?;
        Ok(outcome)
    }

    /// Runs a script as its schedule would.
    async fn job(&mut self, job: &Json) -> anyhow::Result<Outcome> {
        let (script, args) = match job {
            Json::String(script) => (script.as_str(), Json::Null),
            other => (
                other.get("script").and_then(Json::as_str).unwrap_or_default(),
                other.get("args").cloned().unwrap_or_default(),
            ),
        };
        let args = match Value::from_json(&args) {
            Value::Map(args) => args,
            _ => botlib::value::Map::new(),
        };
        self.orders += 1;
        let order = Order {
            bot: self.stage.bot()?.id,
            task: Task::Script {
                name: script.to_owned(),
                args,
                names: botlib::value::Map::new(),
            },
            conversation: None,
            key: format!("test-{}", self.orders),
            channel: Channel::Schedule,
            limit: None,
            depth: 0,
        };
        let runner = Arc::clone(self.stage.server()?.state.ports.runner.need("conversations")?);
        let ran = runner
            .run(order)
            .await
            .with_context(|| format!("could not run {script}"))?;
        Ok(Outcome {
            said: ran.said,
            returns: ran.value.to_json(),
            faults: ran.fault.iter().map(ToString::to_string).collect(),
            ..Outcome::default()
        })
    }

    /// Adds what is not said to anybody: faults, requests, questions.
    async fn look(&mut self, outcome: &mut Outcome) -> anyhow::Result<()> {
        let id = self.client.visitor().session.parse()?;
        let faults = self.stage.server()?.chat.faults(id, self.seen).await?;
        outcome.faults.extend(faults.iter().map(ToString::to_string));
        self.seen = self.client.seq();
        let (calls, unanswered) = self.stage.outside.take();
        outcome.http.extend(calls);
        let (asked, unasked) = self.stage.model.take();
        outcome.model.extend(asked);
        outcome.faults.extend(
            unanswered
                .into_iter()
                .map(|call| format!("there is no answer under `http` to {call}")),
        );
        outcome.faults.extend(
            unasked
                .into_iter()
                .map(|question| format!("there is no answer under `model` to {question:?}")),
        );
        Ok(())
    }
}
