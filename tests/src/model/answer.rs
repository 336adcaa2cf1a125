//! From a request and its directives to an answer.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::NAME;

/// What is answered, and how it goes wrong.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) text: String,
    /// Names and arguments (JSON as text) of tools to call.
    pub(super) calls: Vec<(String, String)>,
    pub(super) status: Option<StatusCode>,
    pub(super) hangs: bool,
    pub(super) is_cut: bool,
    pub(super) is_garbage: bool,
    pub(super) pause: Duration,
    pub(super) first_pause: Duration,
    /// Makes ids of calls unique within a conversation.
    round: usize,
    prompt_tokens: usize,
}

impl Answer {
    /// The answer to a request's body, or what is wrong with that.
    pub(super) fn to(body: &Value, obeys: bool) -> Result<Self, String> {
        let messages = body
            .get("messages")
            .and_then(Value::as_array)
            .ok_or("messages are missing")?;
        check(messages)?;
        let asked = messages.iter().rposition(|message| role(message) == "user");
        let (until, after) = messages.split_at(asked.map_or(messages.len(), |index| index + 1));
        let user = until.last().filter(|_| asked.is_some()).map(text).unwrap_or_default();
        let results: Vec<_> = after
            .iter()
            .filter(|message| role(message) == "tool")
            .map(text)
            .collect();

        let mut answer = Self {
            round: messages.len(),
            ..Self::default()
        };
        answer.prompt_tokens = messages.iter().map(|message| text(message).len().div_ceil(4) + 4).sum();
        let mut is_loop = false;
        let mut said = None;
        for line in user.lines().map(str::trim) {
            if let Some(call) = line.strip_prefix("call:") {
                answer.calls.push(split_call(call));
            } else if let Some(text) = line.strip_prefix("say:") {
                said.get_or_insert_with(Vec::new).push(text);
            } else if let Some(directive) = line.strip_prefix("mock:") {
                is_loop |= directive == "loop";
                answer.obey(directive)?;
            }
        }
        if !results.is_empty() && !is_loop {
            answer.calls.clear();
        }
        if obeys && answer.calls.is_empty() && !is_loop {
            // Once a call has its result only what that says can order another one.
            let told = results.last().cloned();
            answer.calls = match told {
                Some(told) => ordered(&told),
                None => messages.iter().flat_map(|message| ordered(&text(message))).collect(),
            };
            answer.calls.truncate(1);
        }
        if let Some(tool) = forced(body).filter(|_| answer.calls.is_empty()) {
            answer.calls.push((tool, "{}".to_owned()));
            said = None;
        }
        answer.text = match said {
            Some(lines) => lines.join("\n"),
            None if !answer.calls.is_empty() => String::new(),
            None if !results.is_empty() => format!("results: {}", results.join(" | ")),
            None => format!("echo: {user}"),
        };
        Ok(answer)
    }

    fn obey(&mut self, directive: &str) -> Result<(), String> {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let number = value.parse::<u16>();
        match (name, number) {
            ("loop", _) => {}
            ("hang", _) => self.hangs = true,
            ("cut", _) => self.is_cut = true,
            ("garbage", _) => self.is_garbage = true,
            ("status", Ok(number)) => {
                self.status = Some(StatusCode::from_u16(number).map_err(|error| error.to_string())?);
            }
            ("pause", Ok(number)) => self.pause = Duration::from_millis(number.into()),
            ("tps", Ok(number)) => self.pause = Duration::from_secs(1) / u32::from(number.max(1)),
            ("ttft", Ok(number)) => self.first_pause = Duration::from_millis(number.into()),
            _ => return Err(format!("mock:{directive} is not a directive")),
        }
        Ok(())
    }

    /// The answer in one piece.
    pub(super) fn whole(&self) -> Value {
        let calls: Vec<_> = (0..self.calls.len()).filter_map(|index| self.call(index)).collect();
        let message = if calls.is_empty() {
            json!({ "role": "assistant", "content": self.text })
        } else {
            json!({ "role": "assistant", "content": self.text, "tool_calls": calls })
        };
        let choice = json!({ "index": 0, "message": message, "finish_reason": self.finish_reason() });
        json!({
            "id": "chatcmpl-mock", "object": "chat.completion", "created": 1_767_225_600, "model": NAME,
            "choices": [choice], "usage": self.usage(),
        })
    }

    /// One call of a tool, in the form of the protocol.
    pub(super) fn call(&self, index: usize) -> Option<Value> {
        let (name, arguments) = self.calls.get(index)?;
        let function = json!({ "name": name, "arguments": arguments });
        Some(json!({ "id": self.call_id(index), "type": "function", "function": function }))
    }

    pub(super) fn call_id(&self, index: usize) -> String {
        format!("call_{}_{index}", self.round)
    }

    pub(super) fn finish_reason(&self) -> &'static str {
        if self.calls.is_empty() { "stop" } else { "tool_calls" }
    }

    /// Tokens, at four bytes each.
    pub(super) fn usage(&self) -> Value {
        let answered = self.text.len()
            + self
                .calls
                .iter()
                .map(|(name, json)| name.len() + json.len())
                .sum::<usize>();
        let completion = answered.div_ceil(4);
        let total = self.prompt_tokens + completion;
        json!({ "prompt_tokens": self.prompt_tokens, "completion_tokens": completion, "total_tokens": total })
    }
}

/// Calls that a text orders anywhere in it, as `call:NAME{…}`.
fn ordered(text: &str) -> Vec<(String, String)> {
    text.split("call:")
        .skip(1)
        .filter_map(|order| {
            let (name, rest) = order.split_once('{')?;
            let json = format!("{{{rest}");
            let mut values = serde_json::Deserializer::from_str(&json).into_iter::<Value>();
            let arguments = values.next()?.ok()?;
            Some((name.trim().to_owned(), arguments.to_string()))
        })
        .collect()
}

/// The tool that the request does not leave to the model: the one that it names, or the first one.
fn forced(body: &Value) -> Option<String> {
    let choice = body.get("tool_choice")?;
    let named = choice.pointer("/function/name");
    let first = body
        .pointer("/tools/0/function/name")
        .filter(|_| choice.as_str() == Some("required"));
    named.or(first)?.as_str().map(str::to_owned)
}

/// Refuses what real providers refuse: results without their calls, calls without their results.
fn check(messages: &[Value]) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        match role(message) {
            "tool" => {
                let id = message.get("tool_call_id").and_then(Value::as_str).unwrap_or_default();
                let Some(index) = open.iter().position(|known| *known == id) else {
                    return Err(format!("the result of {id:?} follows no call of it"));
                };
                open.remove(index);
            }
            "system" | "developer" | "user" | "assistant" => {
                if let Some(id) = open.first() {
                    return Err(format!("the call {id:?} has no result"));
                }
                let calls = message.get("tool_calls").and_then(Value::as_array);
                open.extend(calls.into_iter().flatten().filter_map(|call| call.get("id")?.as_str()));
            }
            other => return Err(format!("the role {other:?} is unknown")),
        }
    }
    open.first()
        .map_or(Ok(()), |id| Err(format!("the call {id:?} has no result")))
}

fn role(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

/// The text of a message, whether it is a string or a list of parts.
fn text(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .filter_map(|part| part.get("text")?.as_str())
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    }
}

/// `name{json}` in its two parts; no arguments are an empty object.
fn split_call(call: &str) -> (String, String) {
    match call.find('{').and_then(|brace| call.split_at_checked(brace)) {
        Some((name, arguments)) => (name.trim().to_owned(), arguments.trim().to_owned()),
        None => (call.trim().to_owned(), "{}".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> Value {
        json!({ "role": "user", "content": text })
    }

    #[test]
    fn directives_of_the_last_user_message_count() {
        let body = json!({ "messages": [user("say:old"), user("say:a\nsay:b\nmock:pause=5")] });

        let answer = Answer::to(&body, false).unwrap();

        assert_eq!((answer.text.as_str(), answer.pause), ("a\nb", Duration::from_millis(5)));
    }

    #[test]
    fn calls_are_made_once_and_their_results_repeated() {
        let mut messages = vec![user("call:price{\"sku\": \"A\"}\ncall:stock")];
        let first = Answer::to(&json!({ "messages": messages }), false).unwrap();
        messages.push(json!({ "role": "assistant", "tool_calls": [first.call(0), first.call(1)] }));
        for (index, content) in ["9.90", "3"].into_iter().enumerate() {
            let id = first.call(index).unwrap()["id"].clone();
            messages.push(json!({ "role": "tool", "tool_call_id": id, "content": content }));
        }

        let second = Answer::to(&json!({ "messages": messages }), false).unwrap();

        let calls = [
            ("price".to_owned(), "{\"sku\": \"A\"}".to_owned()),
            ("stock".to_owned(), "{}".to_owned()),
        ];
        assert_eq!(first.calls, calls);
        assert_eq!((second.calls.len(), second.text.as_str()), (0, "results: 9.90 | 3"));
    }

    #[test]
    fn what_providers_refuse_is_refused() {
        let call = json!({ "role": "assistant", "tool_calls": [{ "id": "c1" }] });
        let result = json!({ "role": "tool", "tool_call_id": "c2", "content": "" });
        for messages in [
            vec![call.clone()],
            vec![call.clone(), user("x")],
            vec![call, result.clone()],
            vec![result],
        ] {
            assert!(
                Answer::to(&json!({ "messages": messages }), false).is_err(),
                "{messages:?}"
            );
        }
    }
}
