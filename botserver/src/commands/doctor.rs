//! `botserver doctor`: is everything there that the configuration names?

use std::{path::Path, process::ExitCode, time::Duration};

use botstate::{Config, Db, shared};

use super::print;

/// The longest that one check may take.
const LIMIT: Duration = Duration::from_secs(5);

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    report.add("data folder", writable(&config.data_dir))?;
    report.add("bots folder", bots(&config.bots_dir))?;
    report.add("address", address(&config))?;
    report.add("database", database(&config).await)?;
    report.add("cache", cache(&config).await)?;
    report.add("model", model(&config).await)?;
    report.add("graphics", Ok(graphics(&config)))?;
    Ok(if report.failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

#[derive(Default)]
struct Report {
    failed: bool,
}

impl Report {
    fn add(&mut self, name: &str, result: Result<String, String>) -> anyhow::Result<()> {
        let (mark, text) = match result {
            Ok(text) => ("ok  ", text),
            Err(text) => {
                self.failed = true;
                ("FAIL", text)
            }
        };
        print(&format!("{mark}  {name:<12} {text}\n"))
    }
}

fn writable(folder: &Path) -> Result<String, String> {
    let probe = folder.join(".doctor");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&probe, b"probe"))
        .and_then(|()| std::fs::remove_file(&probe))
        .map(|()| format!("{} is writable", folder.display()))
        .map_err(|error| {
            format!(
                "{}: {error}; make it writable or set BOTSERVER_DATA_DIR",
                folder.display()
            )
        })
}

fn bots(folder: &Path) -> Result<String, String> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(format!("{} is missing; the first start makes it", folder.display()));
        }
        Err(error) => {
            return Err(format!(
                "{}: {error}; make it readable or set BOTSERVER_BOTS_DIR",
                folder.display()
            ));
        }
    };
    let count = entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "gbai"))
        .count();
    Ok(format!("{count} in {}", folder.display()))
}

fn address(config: &Config) -> Result<String, String> {
    match botserver_core::bind(config.http.host, config.http.port) {
        Ok(_) => Ok(format!("{}:{} is free", config.http.host, config.http.port)),
        Err(error) => Err(error.to_string()),
    }
}

async fn database(config: &Config) -> Result<String, String> {
    match tokio::time::timeout(LIMIT, Db::open(&config.database)).await {
        Ok(Ok((db, _))) => db.health_check().check().await.map(|kind| format!("{kind} answers")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!(
            "no answer within {LIMIT:?}; check DATABASE_URL and whether the server runs"
        )),
    }
}

async fn cache(config: &Config) -> Result<String, String> {
    let Some(url) = &config.redis_url else {
        return Ok("in this process; set REDIS_URL for several nodes".to_owned());
    };
    let server = shared::Valkey::connect(url.expose()).map_err(|error| error.to_string())?;
    match shared::Cache::get(&server, "doctor").await {
        Ok(_) => Ok("the server answers".to_owned()),
        Err(error) => Err(format!("{error}; check REDIS_URL and whether the server runs")),
    }
}

#[cfg(feature = "llm")]
async fn model(config: &Config) -> Result<String, String> {
    use botlib::{BotId, OrgId};
    use botstate::{
        dialog::{Bot, Settings},
        model::{ChatMessage, ChatRequest},
    };
    use futures::StreamExt as _;
    let config = crate::compose::llm_config(config).map_err(|error| format!("{error:#}"))?;
    let service = botserver_llm::service(config, None);
    // A bot without settings of its own gets the server's model.
    let bot = Bot {
        id: BotId::new(),
        org: OrgId::new(),
        name: "doctor".to_owned(),
        version: String::new(),
        settings: Settings::default(),
        prompt: None,
        tools: Vec::new(),
        scripts: Vec::new(),
        triggers: Vec::new(),
        start_wants_message: false,
        chooses_collections: false,
        prompts: Vec::new(),
    };
    let Some(model) = service.models().for_bot(&bot) else {
        return Ok(
            "none: bots answer with passages of their documents; set OPENAI_API_KEY or OPENAI_BASE_URL for more"
                .to_owned(),
        );
    };
    let request = ChatRequest {
        messages: vec![ChatMessage::user("Say ok.")],
        max_tokens: Some(5),
        ..ChatRequest::default()
    };
    let asking = async {
        let mut answer = model
            .stream(request, tokio_util::sync::CancellationToken::new())
            .await?;
        answer.next().await.transpose()
    };
    match tokio::time::timeout(LIMIT * 4, asking).await {
        Ok(Ok(_)) => Ok(format!("{} answers", model.name())),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {:?}", LIMIT * 4)),
    }
}

#[cfg(not(feature = "llm"))]
async fn model(_config: &Config) -> Result<String, String> {
    Ok("not part of this server".to_owned())
}

/// The graphics processors; a machine without any is no fault.
#[cfg(feature = "llm")]
fn graphics(config: &Config) -> String {
    use botstate::gpu::Gpus as _;
    let inventory = botserver_llm::Nvidia::new(config.llm.nvml_library.clone()).read();
    let gib = |bytes: u64| bytes >> 30;
    let tell = |gpu: &botstate::gpu::Gpu| {
        let mut text = gpu.name.clone().unwrap_or_else(|| format!("processor {}", gpu.index));
        if let (Some(used), Some(total)) = (gpu.memory_used_bytes, gpu.memory_total_bytes) {
            text = format!("{text}, {} of {} GiB in use", gib(used), gib(total));
        }
        if let Some(busy) = gpu.utilization {
            text = format!("{text}, {:.0} % busy", busy * 100.0);
        }
        text
    };
    let all: Vec<String> = inventory.gpus.iter().map(tell).collect();
    let driver = inventory
        .driver
        .map(|version| format!(" (driver {version})"))
        .unwrap_or_default();
    inventory.note.unwrap_or_else(|| format!("{}{driver}", all.join("; ")))
}

#[cfg(not(feature = "llm"))]
fn graphics(_config: &Config) -> String {
    "not part of this server".to_owned()
}
