//! The outside: answers as the test has them, and every request that was made.

use async_trait::async_trait;
use botserver_core::outbound::Transport;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use parking_lot::Mutex;
use serde_json::Value;

use super::{file::HttpAnswer, outcome::Fetched, pattern::fits};

/// Answers requests as the test has written down. It outlives the server, as the true outside does.
#[derive(Debug)]
pub(crate) struct Outside(Mutex<State>);

#[derive(Debug)]
struct State {
    /// The answers, and how often each was given.
    answers: Vec<(HttpAnswer, u32)>,
    calls: Vec<Fetched>,
    /// Requests without an answer.
    unanswered: Vec<String>,
}

impl Outside {
    pub(crate) fn new(answers: &[HttpAnswer]) -> Self {
        Self(Mutex::new(State {
            answers: answers.iter().map(|answer| (answer.clone(), 0)).collect(),
            calls: Vec::new(),
            unanswered: Vec::new(),
        }))
    }

    /// The requests since the last time, and those among them that nothing answers.
    pub(crate) fn take(&self) -> (Vec<Fetched>, Vec<String>) {
        let mut state = self.0.lock();
        (std::mem::take(&mut state.calls), std::mem::take(&mut state.unanswered))
    }
}

#[async_trait]
impl Transport for Outside {
    async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        let call = fetched(&request);
        let mut state = self.0.lock();
        let found = state.answers.iter_mut().find(|(answer, given)| {
            let method = answer.method.as_ref();
            method.is_none_or(|method| method.eq_ignore_ascii_case(&call.method))
                && fits(&answer.url, &call.url)
                && answer.times.is_none_or(|times| *given < times)
        });
        let response = found.map(|(answer, given)| {
            *given += 1;
            response(answer)
        });
        let shown = call.to_string();
        state.calls.push(call);
        response.unwrap_or_else(|| {
            state.unanswered.push(shown.clone());
            Err(format!("the test has no answer under `http` to {shown}"))
        })
    }
}

fn fetched(request: &Request<Bytes>) -> Fetched {
    let text = String::from_utf8_lossy(request.body());
    let body = match text.as_ref() {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    };
    let headers = request.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Fetched {
        method: request.method().to_string(),
        url: request.uri().to_string(),
        headers: headers.collect(),
        body,
    }
}

fn response(answer: &HttpAnswer) -> Result<Response<Bytes>, String> {
    let (mime, body) = match &answer.body {
        Value::Null => (None, String::new()),
        Value::String(text) => (Some("text/plain; charset=utf-8"), text.clone()),
        json => (Some("application/json"), json.to_string()),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status)
        .map_err(|_invalid| format!("the test answers with the status {}, which is none", answer.status))?;
    if let Some(mime) = mime {
        let mime = HeaderValue::from_static(mime);
        response.headers_mut().insert(header::CONTENT_TYPE, mime);
    }
    for (name, value) in &answer.headers {
        let wrong = || format!("the test answers with the header {name}: {value}, which is none");
        let name: HeaderName = name.parse().map_err(|_invalid| wrong())?;
        let value = HeaderValue::from_str(value).map_err(|_invalid| wrong())?;
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}
