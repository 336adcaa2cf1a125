//! The configuration: one typed schema, read once from flags, environment and `botserver.toml`.
//!
//! Flags win over the environment, the environment over the file, the file over the defaults. All mistakes
//! are reported together, each with its remedy.

mod keys;
mod source;

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf, time::Duration};

use botlib::Secret;
use ipnet::IpNet;
use url::Url;

pub use keys::{KEYS, Key};
use source::Reader;
pub use source::{ConfigError, Mistake, Sources};

use crate::money::Money;

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where what the server keeps lies.
    pub data_dir: PathBuf,
    /// Where the packages lie.
    pub bots_dir: PathBuf,
    /// The bot whose page is `/`.
    pub default_bot: String,
    /// HTTP.
    pub http: HttpConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// Valkey or Redis; nothing means in this process.
    pub redis_url: Option<Secret>,
    /// Qdrant for vectors; nothing means an index in this process.
    pub qdrant_url: Option<Secret>,
    /// The key of Qdrant.
    pub qdrant_key: Option<Secret>,
    /// The language model of bots that do not name their own.
    pub llm: LlmConfig,
    /// What models may cost, and how long it is known.
    pub usage: UsageConfig,
    /// Signing in.
    pub auth: AuthConfig,
    /// Limits of scripts.
    pub script: ScriptConfig,
    /// Programs that bots may use as MCP servers, by name, with their arguments.
    pub mcp_commands: BTreeMap<String, Vec<String>>,
    /// How long finished runs of bots by themselves are kept, and programs that nothing runs; nothing for ever.
    pub keep: Option<Duration>,
    /// How long entries of the audit log are kept; nothing for ever.
    pub audit_keep: Option<Duration>,
    /// Logs.
    pub log: LogConfig,
}

/// HTTP.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// The address that people use, where it is not `http://localhost:<port>`.
    pub public_url: Option<Url>,
    /// Origins of other sites that may call the API and embed the chat page.
    pub cors_origins: Vec<String>,
    /// Proxies whose forwarded-for headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// The largest request body.
    pub body_limit_bytes: usize,
    /// The longest that a request may take.
    pub request_timeout: Duration,
    /// Requests a minute for each caller.
    pub rate_per_minute: u32,
    /// Requests at once for each caller.
    pub rate_burst: u32,
    /// Messages a minute in each conversation.
    pub chat_per_minute: u32,
    /// Messages at once in each conversation.
    pub chat_burst: u32,
    /// How long shutdown waits for running work.
    pub drain_timeout: Duration,
    /// Networks that scripts may reach although they are not public.
    pub allow_private: Vec<IpNet>,
    /// Whether the server is reached through TLS, so that browsers may be told to insist on it.
    pub hsts: bool,
    /// Connections at most.
    pub max_connections: usize,
    /// A token that may read `/metrics` without signing in.
    pub metrics_token: Option<Secret>,
}

/// The database.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// Where it is.
    pub url: DatabaseUrl,
    /// Connections at most.
    pub pool_size: u32,
    /// The longest wait for a connection or a statement.
    pub timeout: Duration,
}

/// Where the database is.
#[derive(Debug, Clone)]
pub enum DatabaseUrl {
    /// A file of this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(Secret),
}

/// A language model.
#[derive(Debug, Clone)]
pub struct LlmConfig {
    /// The kind of provider, when the address does not tell.
    pub provider: Option<String>,
    /// Base URL of the provider.
    pub url: Option<String>,
    /// Its key.
    pub key: Option<Secret>,
    /// The model's name there.
    pub model: Option<String>,
    /// Models that are asked after it.
    pub models: Vec<String>,
    /// Keys of further providers, by their kind.
    pub keys: Vec<(String, Secret)>,
    /// Requests a minute to each provider.
    pub rate_limit: Option<u32>,
    /// Tokens a minute at each provider.
    pub tpm_limit: Option<u32>,
    /// A table of models.
    pub catalogue: Option<PathBuf>,
    /// The folder of models that run in this process.
    pub models_dir: PathBuf,
    /// The embedder of bots that name none.
    pub embedding_model: Option<String>,
    /// Threads on which models of this process compute.
    pub model_threads: Option<usize>,
    /// The library through which graphics processors are looked at, where it is not the driver's usual one.
    pub nvml_library: Option<PathBuf>,
    /// The longest wait for the first piece of an answer.
    pub first_token_timeout: Duration,
    /// The longest wait between two pieces.
    pub idle_timeout: Duration,
}

/// What models may cost, and how long it is known.
#[derive(Debug, Clone, Default)]
pub struct UsageConfig {
    /// How long the ledger is kept; nothing for ever.
    pub keep: Option<Duration>,
    /// What each organisation may use.
    pub organization: BudgetConfig,
    /// What each person and each visitor may use.
    pub person: BudgetConfig,
}

/// What may be used in a day and in a month of UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BudgetConfig {
    /// Money a day.
    pub day_money: Option<Money>,
    /// Money a month.
    pub month_money: Option<Money>,
    /// Tokens a day.
    pub day_tokens: Option<u64>,
    /// Tokens a month.
    pub month_tokens: Option<u64>,
}

/// Signing in.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// Signs the tokens of visitors; made and kept in the database when absent.
    pub secret_key: Option<Secret>,
    /// The mail address of the first administrator.
    pub admin_email: String,
    /// How long a visitor's token is good.
    pub visitor_ttl: Duration,
    /// How long a person's session is good without use.
    pub session_idle: Duration,
    /// How long a person's session is good at all.
    pub session_max: Duration,
    /// Whether people without a key may ask public bots through the API of models.
    pub api_visitors: bool,
}

/// Limits of scripts.
#[derive(Debug, Clone, Copy)]
pub struct ScriptConfig {
    /// The longest that a script may compute in one turn, waiting left out.
    pub cpu: Duration,
    /// Steps of computing in one turn.
    pub operations: u64,
    /// Messages and other steps in one turn.
    pub steps: u32,
}

/// Logs.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// `pretty` for people or `json` for machines.
    pub json: bool,
    /// What is logged, as in `info,botserver_chat=debug`.
    pub filter: String,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Every mistake in the sources, each with its remedy.
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let mut read = Reader::new(sources);
        let data_dir: PathBuf = read.required("data_dir");
        let config = Self {
            bots_dir: read.required("bots_dir"),
            default_bot: read.required("default_bot"),
            http: HttpConfig {
                host: read.required("host"),
                port: read.required("port"),
                public_url: read.optional("public_url"),
                cors_origins: read.list("cors_origins"),
                trusted_proxies: read.list("trusted_proxies"),
                body_limit_bytes: read.required("body_limit"),
                request_timeout: read.seconds("request_timeout"),
                rate_per_minute: read.required("rate_per_minute"),
                rate_burst: read.required("rate_burst"),
                chat_per_minute: read.required("chat_per_minute"),
                chat_burst: read.required("chat_burst"),
                drain_timeout: read.seconds("drain_timeout"),
                allow_private: read.list("allow_private"),
                hsts: read.required("hsts"),
                max_connections: read.required("max_connections"),
                metrics_token: read.optional::<String>("metrics_token").map(Secret::new),
            },
            database: DatabaseConfig {
                url: read.with("database_url", |text| database_url(text, &data_dir)),
                pool_size: read.required("database_pool"),
                timeout: read.seconds("database_timeout"),
            },
            redis_url: read.checked_optional("redis_url", redis_url),
            qdrant_url: read.checked_optional("qdrant_url", web_url),
            qdrant_key: read.optional::<String>("qdrant_key").map(Secret::new),
            llm: LlmConfig {
                provider: read.optional("llm_provider"),
                url: read.optional::<Url>("llm_url").map(|url| url.to_string()),
                key: read.optional::<String>("llm_key").map(Secret::new),
                model: read.optional("llm_model"),
                models: read.list("llm_models"),
                keys: read.checked_optional("llm_keys", provider_keys).unwrap_or_default(),
                rate_limit: read.optional("llm_rate_limit"),
                tpm_limit: read.optional("llm_tpm_limit"),
                catalogue: read.optional("llm_catalogue"),
                models_dir: read.optional("models_dir").unwrap_or_else(|| data_dir.join("models")),
                embedding_model: read.optional("embedding_model"),
                model_threads: read.checked_optional("model_threads", model_threads),
                nvml_library: read.optional("nvml_library"),
                first_token_timeout: read.seconds("llm_first_token_timeout"),
                idle_timeout: read.seconds("llm_idle_timeout"),
            },
            usage: UsageConfig {
                keep: read.days("usage_days"),
                organization: BudgetConfig {
                    day_money: read.optional("budget_day_usd"),
                    month_money: read.optional("budget_month_usd"),
                    day_tokens: read.optional("budget_day_tokens"),
                    month_tokens: read.optional("budget_month_tokens"),
                },
                person: BudgetConfig {
                    day_money: read.optional("budget_person_day_usd"),
                    month_money: read.optional("budget_person_month_usd"),
                    day_tokens: read.optional("budget_person_day_tokens"),
                    month_tokens: read.optional("budget_person_month_tokens"),
                },
            },
            auth: AuthConfig {
                secret_key: read.checked_optional("secret_key", secret_key),
                admin_email: read.required("admin_email"),
                visitor_ttl: read.seconds("visitor_ttl"),
                session_idle: read.seconds("session_idle"),
                api_visitors: read.required("api_visitors"),
                session_max: read.seconds("session_max"),
            },
            script: ScriptConfig {
                cpu: read.seconds("script_cpu"),
                operations: read.required("script_operations"),
                steps: read.required("script_steps"),
            },
            mcp_commands: read.checked_optional("mcp_commands", mcp_commands).unwrap_or_default(),
            keep: read.days("keep_days"),
            audit_keep: read.days("audit_keep_days"),
            log: LogConfig {
                json: read.with("log_format", log_format),
                filter: read.required("log"),
            },
            data_dir,
        };
        read.finish(config)
    }

    /// The address that people use, without a slash at the end.
    pub fn public_url(&self) -> String {
        match &self.http.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://localhost:{}", self.http.port),
        }
    }
}

/// A configuration for tests: everything default, data in `data_dir`, a free port.
///
/// # Panics
/// When the defaults themselves are wrong, which a test proves not to be so.
#[expect(clippy::expect_used, reason = "defaults are constants of the code")]
pub fn for_tests(data_dir: &std::path::Path) -> Config {
    let flags = BTreeMap::from([
        ("data_dir".to_owned(), data_dir.display().to_string()),
        ("bots_dir".to_owned(), data_dir.join("bots").display().to_string()),
        ("port".to_owned(), "0".to_owned()),
    ]);
    Config::read(&Sources {
        flags,
        ..Sources::default()
    })
    .expect("the defaults are valid")
}

fn model_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads) if (1..=256).contains(&threads) => Ok(threads),
        _ => Err("a number from 1 to 256".to_owned()),
    }
}

fn database_url(text: &str, data_dir: &std::path::Path) -> Result<DatabaseUrl, String> {
    if text.is_empty() {
        return Ok(DatabaseUrl::Sqlite(data_dir.join("botserver.db")));
    }
    match text
        .split_once(':')
        .map(|(scheme, rest)| (scheme, rest.trim_start_matches("//")))
    {
        Some(("postgres" | "postgresql", _)) => match Url::parse(text) {
            Ok(_) => Ok(DatabaseUrl::Postgres(Secret::new(text))),
            Err(error) => Err(format!(
                "a URL such as postgres://user:password@host:5432/name ({error})"
            )),
        },
        Some(("sqlite", path)) if !path.is_empty() => Ok(DatabaseUrl::Sqlite(PathBuf::from(path))),
        _ => Err("postgres://user:password@host:5432/name or sqlite:path/to/file.db".to_owned()),
    }
}

fn redis_url(text: &str) -> Result<Secret, String> {
    match Url::parse(text) {
        Ok(url) if ["redis", "valkey", "unix", "redis+unix"].contains(&url.scheme()) => Ok(Secret::new(text)),
        _ => Err("a URL such as redis://host:6379".to_owned()),
    }
}

fn web_url(text: &str) -> Result<Secret, String> {
    match Url::parse(text) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) => Ok(Secret::new(text)),
        _ => Err("a URL such as http://host:6333".to_owned()),
    }
}

fn provider_keys(text: &str) -> Result<Vec<(String, Secret)>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((provider, key)) => Ok((provider.trim().to_owned(), Secret::new(key.trim()))),
            None => Err("pairs such as anthropic=KEY,groq=KEY".to_owned()),
        })
        .collect()
}

fn secret_key(text: &str) -> Result<Secret, String> {
    if text.len() < 32 {
        return Err("at least 32 characters of chance, such as the output of `openssl rand -hex 32`".to_owned());
    }
    Ok(Secret::new(text))
}

fn mcp_commands(text: &str) -> Result<BTreeMap<String, Vec<String>>, String> {
    let entries = text.split(';').map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let (name, command) = entry.split_once('=').unwrap_or_default();
            let command: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            if name.trim().is_empty() || command.is_empty() {
                return Err(format!("{entry:?} is not name=program argument…"));
            }
            Ok((name.trim().to_owned(), command))
        })
        .collect()
}

fn log_format(text: &str) -> Result<bool, String> {
    match text {
        "pretty" => Ok(false),
        "json" => Ok(true),
        _ => Err("pretty or json".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let env = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Config::read(&Sources {
            env,
            ..Sources::default()
        })
    }

    #[test]
    fn defaults_are_valid_and_serve_on_8080() {
        let config = read(&[]).unwrap();

        assert_eq!(config.public_url(), "http://localhost:8080");
        assert!(matches!(config.database.url, DatabaseUrl::Sqlite(path) if path.ends_with("data/botserver.db")));
    }

    #[test]
    fn all_mistakes_are_reported_together_with_remedies() {
        let error = read(&[
            ("BOTSERVER_PORT", "eighty"),
            ("DATABASE_URL", "mysql://x"),
            ("BOTSERVER_LOG_FORMAT", "xml"),
            ("BOTSERVER_PROT", "81"),
        ])
        .unwrap_err();

        insta::assert_snapshot!(error.to_string(), @r#"
        4 mistakes in the configuration
          BOTSERVER_PROT: no such key
              did you mean `BOTSERVER_PORT`?
          BOTSERVER_PORT: "eighty" cannot be read
              expected: a port, 0 to 65535
          DATABASE_URL: the value cannot be read
              expected: postgres://user:password@host:5432/name or sqlite:path/to/file.db
          BOTSERVER_LOG_FORMAT: "xml" cannot be read
              expected: pretty or json
        "#);
    }

    #[test]
    fn secrets_never_appear_in_mistakes_or_debug_output() {
        let error = read(&[("DATABASE_URL", "postgres://u:hunter2@[bad"), ("REDIS_URL", "hunter2")]).unwrap_err();
        let config = read(&[("OPENAI_API_KEY", "hunter2")]).unwrap();

        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn flags_win_over_environment_and_environment_over_file() {
        let sources = Sources {
            file: Some((
                "botserver.toml".to_owned(),
                "port = 1\nhost = '0.0.0.0'\nlog = 'warn'".to_owned(),
            )),
            env: BTreeMap::from([
                ("BOTSERVER_PORT".to_owned(), "2".to_owned()),
                ("PORT".to_owned(), "9".to_owned()),
            ]),
            flags: BTreeMap::from([("port".to_owned(), "3".to_owned())]),
        };

        let config = Config::read(&sources).unwrap();

        assert_eq!(
            (config.http.port, config.http.host.to_string().as_str()),
            (3, "0.0.0.0")
        );
    }

    #[test]
    fn an_unknown_key_of_the_file_names_the_nearest() {
        let sources = Sources {
            file: Some(("botserver.toml".to_owned(), "databse_url = 'x'".to_owned())),
            ..Sources::default()
        };

        let error = Config::read(&sources).unwrap_err().to_string();

        assert!(error.contains("did you mean `database_url`?"), "{error}");
    }
}
