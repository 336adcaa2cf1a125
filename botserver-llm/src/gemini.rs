//! Google's `streamGenerateContent`, at the Gemini API with a key and at Vertex AI with a service account.

mod account;
mod chunk;
mod request;

use async_trait::async_trait;
use botlib::Secret;
use botstate::model::{Finish, ModelError};
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName};
use url::Url;

pub(crate) use self::account::Account;
use self::chunk::Chunk;
use crate::client::{
    Assembly, Event, Failure, Progress, Protocol, Question, Trouble, bearer, message_and_code, secret,
};

const API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

/// How requests are let in.
#[derive(Debug)]
pub(crate) enum Access {
    /// As they are.
    Open,
    /// By a key of the Gemini API.
    Key(Secret),
    /// By an access token that somebody else renews.
    Token(Secret),
    /// By the tokens of a service account.
    Account(Box<Account>),
}

/// The protocol with access.
#[derive(Debug)]
pub(crate) struct Gemini {
    access: Access,
    key: Option<Secret>,
}

impl Gemini {
    /// The protocol for somebody who has `key`, which `access` was made from.
    pub(crate) fn new(key: Option<Secret>, access: Access) -> Self {
        Self { access, key }
    }
}

#[async_trait]
impl Protocol for Gemini {
    fn encode(&self, question: &Question<'_>) -> Result<Bytes, ModelError> {
        request::encode(question)
    }

    async fn authorize(&self, headers: &mut HeaderMap, _: &Url, _: &[u8]) -> Result<(), Failure> {
        match &self.access {
            Access::Open => {}
            Access::Key(key) => {
                headers.insert(API_KEY, secret(key.expose())?);
            }
            Access::Token(token) => {
                headers.insert(AUTHORIZATION, bearer(token.expose())?);
            }
            Access::Account(account) => {
                headers.insert(AUTHORIZATION, bearer(account.token().await?.expose())?);
            }
        }
        Ok(())
    }

    fn key(&self) -> Option<&Secret> {
        self.key.as_ref()
    }

    fn feed(&self, event: Event<'_>, assembly: &mut Assembly) -> Result<Progress, Trouble> {
        let chunk: Chunk = serde_json::from_str(event.data)
            .map_err(|error| Trouble::Garbled(format!("a chunk is not JSON: {error}")))?;
        if let Some(error) = &chunk.error {
            let (message, code) = message_and_code(error);
            let status = code.and_then(|code| code.parse().ok()).unwrap_or(500);
            return Err(Trouble::Refused(status, message));
        }
        if let Some(usage) = chunk.usage_metadata {
            *assembly.usage() = usage.into();
        }
        if chunk
            .prompt_feedback
            .is_some_and(|feedback| feedback.block_reason.is_some())
        {
            assembly.finish(Finish::Filtered);
        }
        for candidate in chunk.candidates {
            if candidate.index != 0 {
                continue;
            }
            for part in candidate.content.unwrap_or_default().parts {
                if let Some(call) = part.function_call {
                    let arguments = call.args.map_or_else(|| "{}".to_owned(), |args| args.to_string());
                    assembly.whole_call(
                        call.id.unwrap_or_default(),
                        &call.name,
                        &arguments,
                        part.thought_signature,
                    )?;
                } else if let Some(text) = part.text {
                    if part.thought {
                        assembly.thought(text);
                    } else {
                        assembly.text(text);
                    }
                }
            }
            if let Some(reason) = candidate.finish_reason {
                assembly.finish(finish(&reason)?);
            }
        }
        Ok(Progress::More)
    }
}

fn finish(reason: &str) -> Result<Finish, Trouble> {
    Ok(match reason {
        "MAX_TOKENS" => Finish::Length,
        "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "LANGUAGE" => Finish::Filtered,
        "MALFORMED_FUNCTION_CALL" => {
            return Err(Trouble::Refused(
                500,
                "it called a tool in a way that cannot be read".to_owned(),
            ));
        }
        _ => Finish::Stop,
    })
}
