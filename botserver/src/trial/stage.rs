//! The stage of a test: a whole server in this process, on a folder of its own, in surroundings that the test gives.

use std::{collections::BTreeMap, net::Ipv4Addr, path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use async_trait::async_trait;
use botlib::{Clock as _, FixedChance, ManualClock, Value};
use botserver_auto::basic::Trace;
use botserver_chat::ChatService;
use botserver_core::{ServeOptions, bind, serve};
use botserver_tasks::TasksService;
use botstate::{
    AppState, Config,
    config::Sources,
    dialog::{Bot, Fault},
    keyword::{Args, Class, Handler, Keyword, Turn},
};
use chrono::TimeDelta;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{file::Test, model, model::Model, outside::Outside, package};
use crate::compose::{self, Surroundings};

/// The stage of a test.
pub(crate) struct Stage {
    /// What the server keeps, and the packages; removed with the stage.
    _folder: TempDir,
    config: Config,
    clock: Arc<ManualClock>,
    seed: u64,
    bot: String,
    pub(crate) outside: Arc<Outside>,
    pub(crate) model: Model,
    trace: Option<Arc<dyn Trace>>,
    running: Option<Running>,
}

/// A server that runs, with threads of its own, so that it can be killed.
pub(crate) struct Running {
    runtime: Option<Runtime>,
    pub(crate) state: AppState,
    pub(crate) chat: ChatService,
    pub(crate) tasks: TasksService,
    pub(crate) url: String,
}

impl Stage {
    /// Sets the stage for `test` of the package at `path`; the server does not run yet.
    pub(crate) async fn set(
        test: &Test,
        path: &Path,
        settings: &Config,
        trace: Option<Arc<dyn Trace>>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("botserver-test-").tempdir()?;
        let (data, bots) = (folder.path().join("data"), folder.path().join("bots"));
        std::fs::create_dir_all(&data)?;
        let bot = package::bot_name(path)?;
        package::copy(path, &bots, &test.config)?;
        for name in &test.with {
            let other = path.with_file_name(format!("{name}.gbai"));
            package::copy(&other, &bots, &BTreeMap::new())?;
        }
        let model = Model::start(&test.model).await?;
        let config = configure(&data, &bots, &bot, &model, settings)?;
        Ok(Self {
            _folder: folder,
            config,
            clock: Arc::new(ManualClock::new(test.clock)),
            seed: test.seed,
            bot,
            outside: Arc::new(Outside::new(&test.http)),
            model,
            trace,
            running: None,
        })
    }

    /// The server, which must run.
    pub(crate) fn server(&self) -> anyhow::Result<&Running> {
        self.running.as_ref().context("the server does not run")
    }

    /// The bot that is tested.
    pub(crate) fn bot(&self) -> anyhow::Result<Arc<Bot>> {
        let bots = self.server()?.state.ports.bots.as_ref();
        let found = bots.and_then(|bots| bots.find(&self.bot));
        found.with_context(|| format!("the package {} was not mounted", self.bot))
    }

    /// Lets time go by.
    pub(crate) fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
    }

    /// Starts the server, on what an earlier one has left.
    pub(crate) async fn start(&mut self) -> anyhow::Result<()> {
        let (config, surroundings) = (self.config.clone(), self.surroundings()?);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("could not start the threads of a server")?;
        let starting = runtime.spawn(async move {
            let listener = bind(Ipv4Addr::LOCALHOST.into(), 0)?;
            let url = format!("http://{}", listener.local_addr()?);
            let server = compose::server_in(config, surroundings).await?;
            server.tasks.plan_declared().await?;
            let state = server.state;
            let options = ServeOptions::from(&state.config.http);
            let lifecycle = state.lifecycle.clone();
            state
                .lifecycle
                .spawn(serve(listener, server.app.router, options, lifecycle));
            anyhow::Ok((state, server.chat, server.tasks, url))
        });
        // Dropped inside of another runtime it would panic, so it lies where its end is taken care of.
        let mut running = Holder(Some(runtime));
        let (state, chat, tasks, url) = starting.await.context("the server broke off while it started")??;
        self.running = Some(Running {
            runtime: running.0.take(),
            state,
            chat,
            tasks,
            url,
        });
        Ok(())
    }

    /// Ends the server at once: no task goes on, nothing is finished, nothing is told to anybody.
    pub(crate) fn kill(&mut self) {
        self.running = None;
    }

    fn surroundings(&self) -> anyhow::Result<Surroundings> {
        let networks = self.config.http.allow_private.clone();
        let outside = Arc::clone(&self.outside) as Arc<_>;
        Ok(Surroundings {
            clock: Arc::clone(&self.clock) as Arc<_>,
            chance: Arc::new(FixedChance(self.seed)),
            keywords: vec![pause(Arc::clone(&self.clock))],
            outbound: Some(botserver_auto::outbound_through(networks, outside)?),
            trace: self.trace.clone(),
        })
    }
}

/// A runtime on its way to where it belongs.
struct Holder(Option<Runtime>);

impl Drop for Holder {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Nothing of the machine configures the server of a test but what limits scripts.
fn configure(data: &Path, bots: &Path, bot: &str, model: &Model, settings: &Config) -> anyhow::Result<Config> {
    let flags = [
        ("data_dir", data.display().to_string()),
        ("bots_dir", bots.display().to_string()),
        ("host", Ipv4Addr::LOCALHOST.to_string()),
        ("port", "0".to_owned()),
        ("default_bot", bot.to_owned()),
        ("llm_url", model.url().to_owned()),
        ("llm_key", "test".to_owned()),
        ("llm_model", model::NAME.to_owned()),
    ];
    let sources = Sources {
        flags: flags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        ..Sources::default()
    };
    let mut config = Config::read(&sources)?;
    config.script = settings.script;
    config.http.allow_private.clone_from(&settings.http.allow_private);
    // A machine that is busy with other tests is no reason to fail.
    config.database.timeout = Duration::from_secs(30);
    Ok(config)
}

/// WAIT, for which nobody waits: the test's clock goes on at once.
fn pause(clock: Arc<ManualClock>) -> Keyword {
    Keyword {
        phrase: "WAIT",
        shapes: &["seconds"],
        class: Class::Wait,
        summary: "Pauses for some seconds.",
        example: "WAIT 0.1",
        handler: Some(Arc::new(Pause(clock))),
    }
}

struct Pause(Arc<ManualClock>);

#[async_trait]
impl Handler for Pause {
    async fn call(&self, _turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let number = args.number("seconds")?;
        let seconds = if number > 300.0 { number / 1000.0 } else { number };
        let pause = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default();
        self.0.advance(TimeDelta::from_std(pause).unwrap_or_default());
        tracing::debug!("the clock stands at {}", self.0.now());
        Ok(Value::Null)
    }
}
