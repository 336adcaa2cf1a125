//! Amazon Bedrock's `ConverseStream`.

mod event;
mod request;
mod signature;

use async_trait::async_trait;
use botlib::{Clock, Secret, SystemClock};
use botstate::model::{Finish, ModelError};
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use url::Url;

use self::{
    event::{BlockDelta, BlockStart, Metadata, Stop, parse},
    signature::Credentials,
};
use crate::client::{Assembly, Event, Failure, Progress, Protocol, Question, Trouble, bearer};

/// The protocol with a key: `id:secret`, `id:secret:session token`, or a Bedrock API key.
#[derive(Debug)]
pub(crate) struct Bedrock {
    key: Option<Secret>,
    region: String,
}

impl Bedrock {
    /// The protocol in the region that `host` belongs to.
    pub(crate) fn new(key: Option<Secret>, host: &str) -> Self {
        Self {
            key,
            region: region(host),
        }
    }
}

/// The region in a host such as `bedrock-runtime.eu-central-1.amazonaws.com`; the service's first one when
/// there is none, as behind a proxy.
fn region(host: &str) -> String {
    let mut labels = host.split('.').skip_while(|label| !label.starts_with("bedrock"));
    let behind = labels.nth(1).filter(|label| label.contains('-'));
    behind.unwrap_or("us-east-1").to_owned()
}

#[async_trait]
impl Protocol for Bedrock {
    fn encode(&self, question: &Question<'_>) -> Result<Bytes, ModelError> {
        request::encode(question)
    }

    async fn authorize(&self, headers: &mut HeaderMap, url: &Url, body: &[u8]) -> Result<(), Failure> {
        let Some(key) = &self.key else { return Ok(()) };
        match Credentials::read(key.expose()) {
            Some(credentials) => credentials.sign(headers, url, body, &self.region, "bedrock", SystemClock.now())?,
            None => {
                headers.insert(AUTHORIZATION, bearer(key.expose())?);
            }
        }
        Ok(())
    }

    fn key(&self) -> Option<&Secret> {
        self.key.as_ref()
    }

    fn feed(&self, event: Event<'_>, assembly: &mut Assembly) -> Result<Progress, Trouble> {
        match event.name {
            "contentBlockStart" => {
                let start: BlockStart = parse(event.data)?;
                if let Some(call) = start.start.tool_use {
                    assembly.call_part(Some(start.content_block_index), call.tool_use_id, &call.name, "")?;
                }
            }
            "contentBlockDelta" => {
                let BlockDelta {
                    content_block_index,
                    delta,
                } = parse(event.data)?;
                if let Some(call) = delta.tool_use {
                    assembly.call_part(Some(content_block_index), String::new(), "", &call.input)?;
                }
                if let Some(thought) = delta.reasoning_content.and_then(|thought| thought.text) {
                    assembly.thought(thought);
                }
                if let Some(text) = delta.text {
                    assembly.text(text);
                }
            }
            "messageStop" => {
                let stop: Stop = parse(event.data)?;
                assembly.finish(finish(&stop.stop_reason));
            }
            "metadata" => {
                let metadata: Metadata = parse(event.data)?;
                *assembly.usage() = metadata.usage.into();
                return Ok(Progress::Whole);
            }
            name if name.ends_with("Exception") || name.ends_with("Error") => {
                let error: event::Exception = parse(event.data)?;
                return Err(Trouble::Refused(status(name), error.message));
            }
            _ => {}
        }
        Ok(Progress::More)
    }
}

fn finish(reason: &str) -> Finish {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolCalls,
        "guardrail_intervened" | "content_filtered" => Finish::Filtered,
        _ => Finish::Stop,
    }
}

/// The status that an exception inside a stream would have had before it.
fn status(exception: &str) -> u16 {
    match exception {
        "validationException" => 400,
        "modelStreamErrorException" => 424,
        "throttlingException" => 429,
        "serviceUnavailableException" => 503,
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_the_host() {
        for (host, expected) in [
            ("bedrock-runtime.eu-central-1.amazonaws.com", "eu-central-1"),
            ("vpce-1.bedrock-runtime.us-west-2.vpce.amazonaws.com", "us-west-2"),
            ("bedrock-runtime-fips.us-east-2.amazonaws.com", "us-east-2"),
            ("127.0.0.1", "us-east-1"),
        ] {
            assert_eq!(region(host), expected, "{host}");
        }
    }
}
