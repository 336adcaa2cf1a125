//! Who offers models: names, addresses and what each wants otherwise.

use std::sync::Arc;

use botlib::Secret;
use reqwest::Client as HttpClient;
use url::Url;

use crate::{
    anthropic::Anthropic,
    bedrock::Bedrock,
    client::Protocol,
    endpoint::Endpoint,
    gemini::{Access, Account, Gemini},
    openai::{OpenAi, Quirks},
};

/// The version of Azure's interface where the settings name none: the newest that was generally available when
/// this was written.
const AZURE_VERSION: &str = "2024-10-21";

/// A kind of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    OpenAi,
    Azure,
    Anthropic,
    Gemini,
    Vertex,
    Bedrock,
    Groq,
    Mistral,
    DeepSeek,
    OpenRouter,
    Ollama,
    LlamaServer,
    /// Any other server that speaks OpenAI's protocol, such as vLLM.
    Compatible,
}

/// The kinds with their names, the one that is shown first, and the address where there is only one.
const KINDS: [(Kind, &[&str], Option<&str>); 13] = [
    (Kind::OpenAi, &["openai"], Some("https://api.openai.com/v1")),
    (Kind::Azure, &["azure", "azuregpt5", "azure-openai"], None),
    (
        Kind::Anthropic,
        &["anthropic", "claude", "azureclaude"],
        Some("https://api.anthropic.com"),
    ),
    (
        Kind::Gemini,
        &["gemini", "google"],
        Some("https://generativelanguage.googleapis.com"),
    ),
    (
        Kind::Vertex,
        &["vertex", "vertexai"],
        Some("https://aiplatform.googleapis.com"),
    ),
    (
        Kind::Bedrock,
        &["bedrock", "aws"],
        Some("https://bedrock-runtime.us-east-1.amazonaws.com"),
    ),
    (Kind::Groq, &["groq"], Some("https://api.groq.com/openai/v1")),
    (Kind::Mistral, &["mistral"], Some("https://api.mistral.ai/v1")),
    (Kind::DeepSeek, &["deepseek"], Some("https://api.deepseek.com")),
    (Kind::OpenRouter, &["openrouter"], Some("https://openrouter.ai/api/v1")),
    (Kind::Ollama, &["ollama"], Some("http://localhost:11434")),
    (
        Kind::LlamaServer,
        &["llama-server", "llama.cpp", "llamacpp"],
        Some("http://localhost:8081"),
    ),
    (
        Kind::Compatible,
        &["compatible", "vllm", "nvidia", "glm", "custom"],
        None,
    ),
];

/// What the settings say about an address besides the address.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place<'a> {
    /// A path in place of the usual one.
    pub(crate) path: Option<&'a str>,
    /// The version of the interface.
    pub(crate) api_version: Option<&'a str>,
    /// The key, which may name a project.
    pub(crate) key: Option<&'a str>,
}

impl Kind {
    /// The kind of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        KINDS
            .iter()
            .find(|(_, names, _)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
            .map(|(kind, _, _)| *kind)
    }

    /// The names of all kinds, for messages.
    pub(crate) fn names() -> String {
        let names: Vec<_> = KINDS
            .iter()
            .filter_map(|(_, names, _)| names.first().copied())
            .collect();
        names.join(", ")
    }

    /// The kind that answers at an address.
    pub(crate) fn at(address: &str) -> Self {
        let address = address.to_ascii_lowercase();
        let says = |word: &str| address.contains(word);
        // Nearly every provider offers OpenAI's protocol besides its own.
        if says("/chat/completions") && !says(".azure.") || says("googleapis.com") && says("/openai") {
            return Self::Compatible;
        }
        if says("anthropic") || says("claude") {
            Self::Anthropic
        } else if says("bedrock") {
            Self::Bedrock
        } else if says("generativelanguage") {
            Self::Gemini
        } else if says("aiplatform") || says("vertex") || says("googleapis.com") {
            Self::Vertex
        } else if says(".openai.azure.") || says(".azure.com") && says("openai") {
            Self::Azure
        } else if says("api.openai.com") {
            Self::OpenAi
        } else if says("groq.com") {
            Self::Groq
        } else if says("mistral.ai") {
            Self::Mistral
        } else if says("deepseek.com") {
            Self::DeepSeek
        } else if says("openrouter.ai") {
            Self::OpenRouter
        } else if says(":11434") {
            Self::Ollama
        } else {
            Self::Compatible
        }
    }

    /// The name that is shown.
    pub(crate) fn name(self) -> &'static str {
        self.row()
            .and_then(|(_, names, _)| names.first().copied())
            .unwrap_or_default()
    }

    /// The address where there is only one.
    pub(crate) fn address(self) -> Option<&'static str> {
        self.row().and_then(|(_, _, address)| *address)
    }

    fn row(self) -> Option<&'static (Self, &'static [&'static str], Option<&'static str>)> {
        KINDS.iter().find(|(kind, _, _)| *kind == self)
    }

    /// Where the model is asked.
    pub(crate) fn endpoint(self, base: &str, model: &str, place: Place<'_>) -> Result<Endpoint, String> {
        let path = place.path;
        match self {
            Self::Anthropic => Endpoint::parse(base, path, "v1/messages"),
            Self::Azure => Endpoint::azure(base, path, model, place.api_version.unwrap_or(AZURE_VERSION)),
            Self::Gemini => Endpoint::google(base, path, "v1beta", &format!("models/{}", model_name(model))),
            Self::Vertex => {
                let base = vertex_base(base, place.key)?;
                let model = format!("publishers/google/models/{}", model_name(model));
                Endpoint::google(&base, path, "v1", &model)
            }
            Self::Bedrock => {
                let model: String = url::form_urlencoded::byte_serialize(model.as_bytes()).collect();
                let usual = format!("model/{model}/converse-stream");
                Endpoint::exact(base, path.unwrap_or(&usual))
            }
            _ => Endpoint::parse(base, path, "v1/chat/completions"),
        }
    }

    /// The protocol with `key`. A model's longest answer has `longest` tokens, where that is known.
    pub(crate) fn protocol(
        self,
        key: Option<Secret>,
        url: &Url,
        longest: Option<u32>,
        http: &HttpClient,
    ) -> Result<Arc<dyn Protocol>, String> {
        Ok(match self {
            Self::Anthropic => Arc::new(Anthropic::new(key, longest)),
            Self::Bedrock => Arc::new(Bedrock::new(key, url.host_str().unwrap_or_default())),
            Self::Gemini => {
                let access = key.clone().map_or(Access::Open, Access::Key);
                Arc::new(Gemini::new(key, access))
            }
            Self::Vertex => {
                let access = match &key {
                    None => Access::Open,
                    Some(key) if key.expose().trim_start().starts_with('{') => {
                        Access::Account(Box::new(Account::read(key.expose(), http.clone())?))
                    }
                    Some(token) => Access::Token(token.clone()),
                };
                Arc::new(Gemini::new(key, access))
            }
            _ => Arc::new(OpenAi::new(
                key,
                Quirks {
                    api_key: self == Self::Azure,
                    usage_unasked: self == Self::Mistral,
                    short_ids: self == Self::Mistral,
                },
            )),
        })
    }
}

/// The name without the folder that Google's lists put before it.
fn model_name(model: &str) -> &str {
    model.strip_prefix("models/").unwrap_or(model)
}

/// The base of Vertex AI with project and location, which the service account and the host name.
fn vertex_base(base: &str, key: Option<&str>) -> Result<String, String> {
    if base.contains("/projects/") {
        return Ok(base.to_owned());
    }
    let project = key.and_then(Account::project).ok_or(
        "Vertex AI needs a project: add /v1/projects/PROJECT/locations/LOCATION to llm-url, or use the file of a \
         service account as the key",
    )?;
    let location = Url::parse(base)
        .ok()
        .and_then(|url| {
            let host = url.host_str()?;
            host.strip_suffix("-aiplatform.googleapis.com").map(str::to_owned)
        })
        .unwrap_or_else(|| "global".to_owned());
    let base = base.trim_end_matches('/').trim_end_matches("/v1");
    Ok(format!("{base}/v1/projects/{project}/locations/{location}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_tell_who_answers_there() {
        for (address, kind) in [
            ("https://api.anthropic.com", Kind::Anthropic),
            ("https://x.services.ai.azure.com/anthropic", Kind::Anthropic),
            ("https://x.openai.azure.com", Kind::Azure),
            ("https://x.cognitiveservices.azure.com/openai", Kind::Azure),
            ("https://bedrock-runtime.us-east-1.amazonaws.com", Kind::Bedrock),
            ("https://us-central1-aiplatform.googleapis.com", Kind::Vertex),
            ("https://generativelanguage.googleapis.com/v1beta", Kind::Gemini),
            (
                "https://generativelanguage.googleapis.com/v1beta/openai/",
                Kind::Compatible,
            ),
            ("https://api.openai.com/v1", Kind::OpenAi),
            ("https://api.groq.com/openai/v1", Kind::Groq),
            ("http://localhost:11434", Kind::Ollama),
            ("http://localhost:8081", Kind::Compatible),
            ("https://api.z.ai/api/paas/v4", Kind::Compatible),
        ] {
            assert_eq!(Kind::at(address), kind, "{address}");
        }
    }

    #[test]
    fn each_kind_has_its_path() {
        let file = r#"{"client_email":"a","private_key":"b","project_id":"shop"}"#;
        for (kind, base, model, expected) in [
            (
                Kind::Azure,
                "https://x.openai.azure.com/",
                "my gpt",
                "https://x.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21",
            ),
            (
                Kind::Azure,
                "https://x.openai.azure.com/openai/v1",
                "gpt",
                "https://x.openai.azure.com/openai/v1/chat/completions",
            ),
            (
                Kind::Azure,
                "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2",
                "gpt",
                "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2",
            ),
            (
                Kind::Anthropic,
                "https://x.services.ai.azure.com/anthropic",
                "c",
                "https://x.services.ai.azure.com/anthropic/v1/messages",
            ),
            (
                Kind::Gemini,
                "https://generativelanguage.googleapis.com",
                "models/gemini-2.5-flash",
                "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
            ),
            (
                Kind::Vertex,
                "https://europe-west1-aiplatform.googleapis.com",
                "gemini-2.5-pro",
                "https://europe-west1-aiplatform.googleapis.com/v1/projects/shop/locations/europe-west1/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
            ),
            (
                Kind::Bedrock,
                "https://bedrock-runtime.us-east-1.amazonaws.com",
                "anthropic.claude-3-haiku-20240307-v1:0",
                "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse-stream",
            ),
            (
                Kind::DeepSeek,
                "https://api.deepseek.com",
                "deepseek-chat",
                "https://api.deepseek.com/v1/chat/completions",
            ),
        ] {
            let place = Place {
                key: Some(file),
                ..Place::default()
            };
            assert_eq!(
                kind.endpoint(base, model, place).unwrap().url.as_str(),
                expected,
                "{kind:?} at {base}"
            );
        }
    }
}
