//! What each provider says on the wire, so that the same tests can be run with all of them.

use serde_json::{Value, json};

use crate::peer::{Script, event};

/// A way to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    OpenAi,
    Azure,
    Mistral,
    Anthropic,
    Gemini,
    Vertex,
    Bedrock,
}

pub(crate) const ALL: [Dialect; 7] = [
    Dialect::OpenAi,
    Dialect::Azure,
    Dialect::Mistral,
    Dialect::Anthropic,
    Dialect::Gemini,
    Dialect::Vertex,
    Dialect::Bedrock,
];

/// A part of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Said<'a> {
    Thought(&'a str),
    Text(&'a str),
    Call(&'a str, &'a str, &'a str),
}

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Stop,
    Calls,
    Length,
}

impl Dialect {
    /// The value of `llm-provider`.
    pub(crate) fn provider(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Azure => "azure",
            Self::Mistral => "mistral",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Vertex => "vertex",
            Self::Bedrock => "bedrock",
        }
    }

    /// The path of `llm-url` below the peer's address.
    pub(crate) fn base(self) -> &'static str {
        match self {
            Self::Vertex => "/v1/projects/p/locations/l",
            _ => "",
        }
    }

    /// Where a model `m` is asked.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Mistral => "/v1/chat/completions",
            Self::Azure => "/openai/deployments/m/chat/completions?api-version=2024-10-21",
            Self::Anthropic => "/v1/messages",
            Self::Gemini => "/v1beta/models/m:streamGenerateContent?alt=sse",
            Self::Vertex => "/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent?alt=sse",
            Self::Bedrock => "/model/m/converse-stream",
        }
    }

    /// The header with the key `sk-own`, and what stands in it.
    pub(crate) fn key(self) -> (&'static str, &'static str) {
        match self {
            Self::OpenAi | Self::Mistral | Self::Vertex | Self::Bedrock => ("authorization", "Bearer sk-own"),
            Self::Azure => ("api-key", "sk-own"),
            Self::Anthropic => ("x-api-key", "sk-own"),
            Self::Gemini => ("x-goog-api-key", "sk-own"),
        }
    }

    /// A refusal.
    pub(crate) fn error(self, status: u16, message: &str) -> Script {
        let body = match self {
            Self::Anthropic => {
                json!({ "type": "error", "error": { "type": "some_error", "message": message }, "request_id": "r" })
            }
            Self::Gemini => json!({ "error": { "code": status, "message": message, "status": "SOMETHING" } }),
            // Vertex answers a stream that it refuses with a list.
            Self::Vertex => json!([{ "error": { "code": status, "message": message, "status": "SOMETHING" } }]),
            Self::Bedrock => json!({ "message": message }),
            Self::Mistral => json!({ "object": "error", "message": message, "type": "some", "code": "1" }),
            Self::OpenAi | Self::Azure => json!({ "error": { "message": message, "type": "some", "code": null } }),
        };
        Script::status(status, body.to_string())
    }

    /// A whole answer with 12 tokens of prompt, 4 of them cached, and 5 of answer.
    pub(crate) fn answer(self, said: &[Said<'_>], ended: Ended) -> Vec<Vec<u8>> {
        let mut pieces = self.beginning();
        pieces.extend(self.middle(said));
        pieces.extend(self.end(ended));
        pieces
    }

    pub(crate) fn script(self, pieces: Vec<Vec<u8>>) -> Script {
        let kind = if self == Self::Bedrock {
            "application/vnd.amazon.eventstream"
        } else {
            "text/event-stream"
        };
        Script::raw(pieces).header("content-type", kind)
    }

    pub(crate) fn text(self, text: &str) -> Script {
        self.script(self.answer(&[Said::Text(text)], Ended::Stop))
    }

    pub(crate) fn beginning(self) -> Vec<Vec<u8>> {
        match self {
            Self::OpenAi | Self::Azure | Self::Mistral => {
                vec![openai(&json!({ "role": "assistant", "content": "" }), None)]
            }
            Self::Anthropic => vec![
                anthropic(&json!({ "type": "message_start", "message": {
                    "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m",
                    "stop_reason": null, "stop_sequence": null,
                    "usage": { "input_tokens": 8, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 4, "output_tokens": 1 },
                } })),
                anthropic(&json!({ "type": "ping" })),
            ],
            Self::Gemini | Self::Vertex => Vec::new(),
            Self::Bedrock => vec![frame("messageStart", &json!({ "role": "assistant" }))],
        }
    }

    pub(crate) fn middle(self, said: &[Said<'_>]) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        let mut calls = 0;
        for (index, said) in said.iter().enumerate() {
            match self {
                Self::OpenAi | Self::Azure | Self::Mistral => match said {
                    Said::Thought(text) => pieces.push(openai(&json!({ "reasoning_content": text }), None)),
                    Said::Text(text) => pieces.push(openai(&json!({ "content": text }), None)),
                    Said::Call(id, name, arguments) => {
                        let function = json!({ "name": name, "arguments": "" });
                        let call = json!([{ "index": calls, "id": id, "type": "function", "function": function }]);
                        pieces.push(openai(&json!({ "tool_calls": call }), None));
                        for part in halves(arguments) {
                            let call = json!([{ "index": calls, "function": { "arguments": part } }]);
                            pieces.push(openai(&json!({ "tool_calls": call }), None));
                        }
                        calls += 1;
                    }
                },
                Self::Anthropic => {
                    let (start, deltas) = match said {
                        Said::Thought(text) => (
                            json!({ "type": "thinking", "thinking": "", "signature": "" }),
                            vec![
                                json!({ "type": "thinking_delta", "thinking": text }),
                                json!({ "type": "signature_delta", "signature": "EqQB" }),
                            ],
                        ),
                        Said::Text(text) => (
                            json!({ "type": "text", "text": "" }),
                            vec![json!({ "type": "text_delta", "text": text })],
                        ),
                        Said::Call(id, name, arguments) => (
                            json!({ "type": "tool_use", "id": id, "name": name, "input": {} }),
                            std::iter::once("")
                                .chain(halves(arguments))
                                .map(|part| json!({ "type": "input_json_delta", "partial_json": part }))
                                .collect(),
                        ),
                    };
                    pieces.push(anthropic(
                        &json!({ "type": "content_block_start", "index": index, "content_block": start }),
                    ));
                    for delta in deltas {
                        pieces.push(anthropic(
                            &json!({ "type": "content_block_delta", "index": index, "delta": delta }),
                        ));
                    }
                    pieces.push(anthropic(&json!({ "type": "content_block_stop", "index": index })));
                }
                Self::Gemini | Self::Vertex => {
                    let part = match said {
                        Said::Thought(text) => json!({ "text": text, "thought": true }),
                        Said::Text(text) => json!({ "text": text }),
                        Said::Call(id, name, arguments) => {
                            let args: Value = serde_json::from_str(arguments).unwrap();
                            json!({ "functionCall": { "id": id, "name": name, "args": args }, "thoughtSignature": "c2ln" })
                        }
                    };
                    pieces.push(gemini(&json!([part]), None));
                }
                Self::Bedrock => match said {
                    Said::Thought(text) => pieces.push(frame(
                        "contentBlockDelta",
                        &json!({ "contentBlockIndex": index, "delta": { "reasoningContent": { "text": text } } }),
                    )),
                    Said::Text(text) => pieces.push(frame(
                        "contentBlockDelta",
                        &json!({ "contentBlockIndex": index, "delta": { "text": text } }),
                    )),
                    Said::Call(id, name, arguments) => {
                        let start = json!({ "toolUse": { "toolUseId": id, "name": name } });
                        pieces.push(frame(
                            "contentBlockStart",
                            &json!({ "contentBlockIndex": index, "start": start }),
                        ));
                        for part in halves(arguments) {
                            pieces.push(frame(
                                "contentBlockDelta",
                                &json!({ "contentBlockIndex": index, "delta": { "toolUse": { "input": part } } }),
                            ));
                        }
                        pieces.push(frame("contentBlockStop", &json!({ "contentBlockIndex": index })));
                    }
                },
            }
        }
        pieces
    }

    fn end(self, ended: Ended) -> Vec<Vec<u8>> {
        let name = |stop, calls, length| match ended {
            Ended::Stop => stop,
            Ended::Calls => calls,
            Ended::Length => length,
        };
        match self {
            Self::OpenAi | Self::Azure | Self::Mistral => {
                let usage = json!({
                    "prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17,
                    "prompt_tokens_details": { "cached_tokens": 4 },
                });
                vec![
                    openai(&json!({}), Some(name("stop", "tool_calls", "length"))),
                    event(&json!({ "id": "1", "object": "chat.completion.chunk", "choices": [], "usage": usage }))
                        .into_bytes(),
                    b"data: [DONE]\n\n".to_vec(),
                ]
            }
            Self::Anthropic => vec![
                anthropic(&json!({
                    "type": "message_delta",
                    "delta": { "stop_reason": name("end_turn", "tool_use", "max_tokens"), "stop_sequence": null },
                    "usage": { "output_tokens": 5 },
                })),
                anthropic(&json!({ "type": "message_stop" })),
            ],
            Self::Gemini | Self::Vertex => {
                vec![gemini(
                    &json!([{ "text": "" }]),
                    Some(name("STOP", "STOP", "MAX_TOKENS")),
                )]
            }
            Self::Bedrock => {
                let usage = json!({
                    "inputTokens": 8, "outputTokens": 5, "totalTokens": 17, "cacheReadInputTokens": 4,
                });
                vec![
                    frame(
                        "messageStop",
                        &json!({ "stopReason": name("end_turn", "tool_use", "max_tokens") }),
                    ),
                    frame("metadata", &json!({ "usage": usage, "metrics": { "latencyMs": 1 } })),
                ]
            }
        }
    }
}

/// A text in two parts, cut between two characters.
fn halves(text: &str) -> [&str; 2] {
    let middle = (text.len() / 2..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap();
    let (left, right) = text.split_at(middle);
    [left, right]
}

fn openai(delta: &Value, finish: Option<&str>) -> Vec<u8> {
    let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish });
    event(&json!({ "id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice] }))
        .into_bytes()
}

fn anthropic(data: &Value) -> Vec<u8> {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap()).into_bytes()
}

fn gemini(parts: &Value, finish: Option<&str>) -> Vec<u8> {
    let mut candidate = json!({ "content": { "parts": parts, "role": "model" }, "index": 0 });
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    let usage = json!({
        "promptTokenCount": 12, "candidatesTokenCount": 3, "thoughtsTokenCount": 2, "totalTokenCount": 17,
        "cachedContentTokenCount": 4,
    });
    let chunk = json!({ "candidates": [candidate], "usageMetadata": usage, "modelVersion": "m", "responseId": "r" });
    format!("data: {chunk}\r\n\r\n").into_bytes()
}

/// A frame of Amazon's event streams.
pub(crate) fn frame(kind: &str, payload: &Value) -> Vec<u8> {
    let message = if kind.ends_with("Exception") {
        [(":exception-type", kind), (":message-type", "exception")]
    } else {
        [(":event-type", kind), (":message-type", "event")]
    };
    let mut head = Vec::new();
    for (name, value) in message.into_iter().chain([(":content-type", "application/json")]) {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend(name.as_bytes());
        head.push(7);
        head.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        head.extend(value.as_bytes());
    }
    let payload = payload.to_string();
    let length = u32::try_from(12 + head.len() + payload.len() + 4).unwrap();
    let mut frame = length.to_be_bytes().to_vec();
    frame.extend(u32::try_from(head.len()).unwrap().to_be_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(head);
    frame.extend(payload.as_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}
