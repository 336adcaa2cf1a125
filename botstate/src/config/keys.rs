//! Every key of the configuration: the table from which the reference page is made.

/// One key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The name in `botserver.toml`.
    pub name: &'static str,
    /// Environment variables, the first that is set counts.
    pub env: &'static [&'static str],
    /// The value when none is given, in the form in which it would be written; empty means none.
    pub default: &'static str,
    /// What it does, with its unit.
    pub doc: &'static str,
    /// Whether the value must not be shown.
    pub secret: bool,
}

macro_rules! keys {
    ($($name:literal $(secret $secret:tt)? [$($env:literal),+] = $default:literal, $doc:literal;)*) => {
        /// Every key, in the order of the reference page.
        pub const KEYS: &[Key] = &[$(Key {
            name: $name,
            env: &[$($env),+],
            default: $default,
            doc: $doc,
            secret: false $(|| $secret)?,
        }),*];
    };
}

keys! {
    "host" ["BOTSERVER_HOST"] = "127.0.0.1", "Address to listen on; 0.0.0.0 for all networks of the machine.";
    "port" ["BOTSERVER_PORT", "PORT"] = "8080", "Port to listen on; 0 takes a free one.";
    "data_dir" ["BOTSERVER_DATA_DIR"] = "data", "Folder for what the server keeps; made when missing.";
    "bots_dir" ["BOTSERVER_BOTS_DIR"] = "bots", "Folder with the packages, `<name>.gbai` each; made with a first bot when missing.";
    "default_bot" ["BOTSERVER_DEFAULT_BOT"] = "default", "The bot whose page is `/`.";
    "public_url" ["BOTSERVER_PUBLIC_URL"] = "", "Address that people use, such as https://bots.example.org; http://localhost:<port> when absent.";
    "database_url" secret true ["DATABASE_URL", "BOTSERVER_DATABASE_URL"] = "", "postgres://user:password@host/name, or sqlite:path; SQLite in the data folder when absent.";
    "database_pool" ["BOTSERVER_DATABASE_POOL"] = "16", "Connections to the database at most.";
    "database_timeout" ["BOTSERVER_DATABASE_TIMEOUT"] = "2.5", "Longest wait for the database, in seconds.";
    "redis_url" secret true ["REDIS_URL", "VALKEY_URL", "BOTSERVER_REDIS_URL"] = "", "redis://host:6379 of Valkey or Redis, needed for several nodes; in this process when absent.";
    "qdrant_url" secret true ["QDRANT_URL", "BOTSERVER_QDRANT_URL"] = "", "http://host:6333 of Qdrant, which keeps the vectors of documents then; an index in this process when absent.";
    "qdrant_key" secret true ["QDRANT_API_KEY", "BOTSERVER_QDRANT_KEY"] = "", "Key of Qdrant.";
    "llm_provider" ["BOTSERVER_LLM_PROVIDER", "LLM_PROVIDER"] = "", "Kind of the model's provider: openai, azure, anthropic, gemini, vertex, bedrock, groq, mistral, deepseek, openrouter, ollama, llama-server or compatible; read from llm_url when absent.";
    "llm_url" ["OPENAI_BASE_URL", "BOTSERVER_LLM_URL", "LLM_URL"] = "", "Base URL of the provider; the provider's own when it has one, https://api.openai.com/v1 when only a key is given.";
    "llm_key" secret true ["OPENAI_API_KEY", "BOTSERVER_LLM_KEY", "LLM_KEY"] = "", "Key of that provider. For Vertex AI the text of a service account's file, for Bedrock `id:secret`, `id:secret:session` or an API key.";
    "llm_model" ["OPENAI_MODEL", "BOTSERVER_LLM_MODEL", "LLM_MODEL"] = "", "Name of the model there.";
    "llm_models" ["BOTSERVER_LLM_MODELS", "LLM_MODELS"] = "", "Models, separated by commas, that are asked in turn when the one before is down or busy: names at the same provider, or provider/name.";
    "llm_keys" secret true ["BOTSERVER_LLM_KEYS", "LLM_KEYS"] = "", "Keys of further providers, separated by commas, such as anthropic=KEY,groq=KEY.";
    "llm_rate_limit" ["BOTSERVER_LLM_RATE_LIMIT"] = "", "Requests a minute to each provider with the server's keys, over all nodes; not limited when absent.";
    "llm_tpm_limit" ["BOTSERVER_LLM_TPM_LIMIT"] = "", "Tokens a minute at each provider with the server's keys, over all nodes; not limited when absent.";
    "llm_catalogue" ["BOTSERVER_LLM_CATALOGUE"] = "", "File with context lengths, abilities and prices of models, in the form of botserver-llm/src/catalogue/models.csv, that is asked before the server's own.";
    "models_dir" ["BOTSERVER_MODELS_DIR"] = "", "Folder with models that run in this process, a folder each (`botserver models`); `models` in the data folder when absent.";
    "embedding_model" ["BOTSERVER_EMBEDDING_MODEL"] = "", "Embedder of bots whose config.csv names none: a folder in models_dir; hash-v1, which needs no model, when absent.";
    "model_threads" ["BOTSERVER_MODEL_THREADS"] = "", "Threads on which models of this process compute, 1 to 256; one less than there are processors when absent.";
    "nvml_library" ["BOTSERVER_NVML_LIBRARY"] = "", "File of NVIDIA's management library, where it is not where the driver puts it.";
    "llm_first_token_timeout" ["BOTSERVER_LLM_FIRST_TOKEN_TIMEOUT"] = "60", "Longest wait for the first piece of an answer, in seconds.";
    "llm_idle_timeout" ["BOTSERVER_LLM_IDLE_TIMEOUT"] = "30", "Longest wait between two pieces of an answer, in seconds.";
    "usage_days" ["BOTSERVER_USAGE_DAYS"] = "400", "Days for which the ledger of what models were asked is kept; 0 keeps it for ever.";
    "budget_day_usd" ["BOTSERVER_BUDGET_DAY_USD"] = "", "What models may cost each organisation a day (UTC), in US dollars, such as 12.50; not limited when absent.";
    "budget_month_usd" ["BOTSERVER_BUDGET_MONTH_USD"] = "", "What models may cost each organisation a month (UTC), in US dollars; not limited when absent.";
    "budget_day_tokens" ["BOTSERVER_BUDGET_DAY_TOKENS"] = "", "Tokens that each organisation may use a day, those of prompts and answers together; not limited when absent.";
    "budget_month_tokens" ["BOTSERVER_BUDGET_MONTH_TOKENS"] = "", "Tokens that each organisation may use a month, those of prompts and answers together; not limited when absent.";
    "budget_person_day_usd" ["BOTSERVER_BUDGET_PERSON_DAY_USD"] = "", "What models may cost each person and each visitor a day, in US dollars; not limited when absent.";
    "budget_person_month_usd" ["BOTSERVER_BUDGET_PERSON_MONTH_USD"] = "", "What models may cost each person and each visitor a month, in US dollars; not limited when absent.";
    "budget_person_day_tokens" ["BOTSERVER_BUDGET_PERSON_DAY_TOKENS"] = "", "Tokens that each person and each visitor may use a day; not limited when absent.";
    "budget_person_month_tokens" ["BOTSERVER_BUDGET_PERSON_MONTH_TOKENS"] = "", "Tokens that each person and each visitor may use a month; not limited when absent.";
    "admin_email" ["BOTSERVER_ADMIN_EMAIL"] = "admin@localhost", "Mail address of the administrator that the first start creates.";
    "secret_key" secret true ["BOTSERVER_SECRET_KEY"] = "", "Signs visitors' tokens, 32 characters or more; made and kept in the database when absent.";
    "visitor_ttl" ["BOTSERVER_VISITOR_TTL"] = "2592000", "How long a visitor's token is good, in seconds.";
    "api_visitors" ["BOTSERVER_API_VISITORS"] = "false", "Whether people without a key may ask public bots through /v1.";
    "session_idle" ["BOTSERVER_SESSION_IDLE"] = "604800", "How long a person's session is good without use, in seconds.";
    "session_max" ["BOTSERVER_SESSION_MAX"] = "2592000", "How long a person's session is good at all, in seconds.";
    "cors_origins" ["BOTSERVER_CORS_ORIGINS"] = "", "Origins, separated by commas, that may call the API and embed the chat page.";
    "trusted_proxies" ["BOTSERVER_TRUSTED_PROXIES"] = "", "Networks, separated by commas, of proxies whose X-Forwarded-For counts, such as 10.0.0.0/8.";
    "body_limit" ["BOTSERVER_BODY_LIMIT"] = "10485760", "Largest request body, in bytes.";
    "request_timeout" ["BOTSERVER_REQUEST_TIMEOUT"] = "60", "Longest that a request may take, in seconds; streams and sockets are not limited.";
    "rate_per_minute" ["BOTSERVER_RATE_PER_MINUTE"] = "6000", "Requests a minute for each caller.";
    "rate_burst" ["BOTSERVER_RATE_BURST"] = "1000", "Requests at once for each caller.";
    "chat_per_minute" ["BOTSERVER_CHAT_PER_MINUTE"] = "6000", "Messages a minute in each conversation.";
    "chat_burst" ["BOTSERVER_CHAT_BURST"] = "1000", "Messages at once in each conversation.";
    "drain_timeout" ["BOTSERVER_DRAIN_TIMEOUT"] = "8", "How long shutdown waits for running work, in seconds.";
    "max_connections" ["BOTSERVER_MAX_CONNECTIONS"] = "20000", "Connections at most.";
    "allow_private" ["BOTSERVER_ALLOW_PRIVATE"] = "", "Networks, separated by commas, that scripts may reach although they are not public.";
    "hsts" ["BOTSERVER_HSTS"] = "false", "Whether browsers are told to insist on TLS; true behind a TLS proxy.";
    "metrics_token" secret true ["BOTSERVER_METRICS_TOKEN"] = "", "Bearer token that may read /metrics without signing in.";
    "script_cpu" ["BOTSERVER_SCRIPT_CPU"] = "5", "Longest that a script may compute in one turn, in seconds.";
    "script_operations" ["BOTSERVER_SCRIPT_OPERATIONS"] = "1000000", "Steps of computing that a script may take in one run between two waits.";
    "script_steps" ["BOTSERVER_SCRIPT_STEPS"] = "1000", "Messages and other keywords that a script may perform in one turn.";
    "mcp_commands" ["BOTSERVER_MCP_COMMANDS"] = "", "Programs that bots may use as MCP servers, separated by semicolons, as name=program argument….";
    "audit_keep_days" ["BOTSERVER_AUDIT_KEEP_DAYS"] = "0", "Days for which entries of the audit log are kept; 0 keeps them for ever.";
    "keep_days" ["BOTSERVER_KEEP_DAYS"] = "30", "Days for which the finished runs that bots had by themselves are kept, and programs of scripts that nothing runs any more; 0 keeps them for ever.";
    "log" ["BOTSERVER_LOG"] = "info", "What is logged, such as info or warn,botserver_chat=debug.";
    "log_format" ["BOTSERVER_LOG_FORMAT"] = "pretty", "pretty for people, json for machines.";
}
