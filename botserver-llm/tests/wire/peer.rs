//! A provider for tests: it speaks the wire protocol, follows a script and remembers what it was asked.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use futures::stream;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, time::sleep};

/// What the peer does with one request.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    status: u16,
    headers: Vec<(&'static str, String)>,
    before_head: Duration,
    acts: VecDeque<Act>,
}

#[derive(Debug, Clone)]
enum Act {
    Send(Vec<u8>),
    Pause(Duration),
    Hang,
    Cut,
}

/// What the peer was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    /// Null where it is not JSON.
    pub(crate) body: Value,
    bytes: Vec<u8>,
    pub(crate) from: SocketAddr,
}

impl Asked {
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.bytes).unwrap()
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        self.headers.get("authorization").map(|value| value.to_str().unwrap())
    }
}

#[derive(Clone)]
pub(crate) struct Peer {
    addr: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    scripts: Mutex<VecDeque<Script>>,
    asked: Mutex<Vec<Asked>>,
    /// Requests whose client left before the script ended.
    left: watch::Sender<usize>,
}

impl Script {
    /// A response of that status with a body, not streamed.
    pub(crate) fn status(status: u16, body: impl Into<String>) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        let acts = [Act::Send(body.into().into_bytes())].into();
        Self {
            status,
            headers,
            before_head: Duration::ZERO,
            acts,
        }
    }

    /// An event stream of raw bytes, sent piece by piece.
    pub(crate) fn raw<B: Into<Vec<u8>>>(pieces: impl IntoIterator<Item = B>) -> Self {
        let headers = vec![("content-type", "text/event-stream; charset=utf-8".to_owned())];
        let acts = pieces.into_iter().map(|piece| Act::Send(piece.into())).collect();
        Self {
            status: 200,
            headers,
            before_head: Duration::ZERO,
            acts,
        }
    }

    /// An event stream of these chunks, without the last line.
    pub(crate) fn chunks(chunks: impl IntoIterator<Item = Value>) -> Self {
        Self::raw(chunks.into_iter().map(|chunk| event(&chunk)))
    }

    /// A whole answer of one text.
    pub(crate) fn text(text: &str) -> Self {
        Self::chunks([role(), content(text), finish("stop")]).done()
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn before_head(mut self, pause: Duration) -> Self {
        self.before_head = pause;
        self
    }

    pub(crate) fn done(self) -> Self {
        self.act(Act::Send(b"data: [DONE]\n\n".to_vec()))
    }

    pub(crate) fn pause(self, pause: Duration) -> Self {
        self.act(Act::Pause(pause))
    }

    pub(crate) fn hang(self) -> Self {
        self.act(Act::Hang)
    }

    pub(crate) fn cut(self) -> Self {
        self.act(Act::Cut)
    }

    pub(crate) fn then(self, chunk: &Value) -> Self {
        self.act(Act::Send(event(chunk).into_bytes()))
    }

    fn act(mut self, act: Act) -> Self {
        self.acts.push_back(act);
        self
    }
}

impl Peer {
    /// A provider on a free port that follows one script per request and then answers `ok`.
    pub(crate) async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            scripts: Mutex::new(scripts.into_iter().collect()),
            asked: Mutex::default(),
            left: watch::Sender::new(0),
        });
        let app = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        tokio::spawn(async move {
            axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
                .await
                .unwrap();
        });
        Self { addr, inner }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub(crate) fn push(&self, script: Script) {
        self.inner.scripts.lock().unwrap().push_back(script);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().unwrap().clone()
    }

    /// Waits until `count` clients have left before their answer ended.
    pub(crate) async fn wait_left(&self, count: usize, limit: Duration) -> bool {
        let mut left = self.inner.left.subscribe();
        tokio::time::timeout(limit, left.wait_for(|left| *left >= count))
            .await
            .is_ok()
    }
}

async fn answer(
    State(inner): State<Arc<Inner>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
) -> Result<Response, Infallible> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    inner.asked.lock().unwrap().push(Asked {
        path: parts.uri.to_string(),
        headers: parts.headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
        bytes: body.to_vec(),
        from,
    });
    let script = inner
        .scripts
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or_else(|| Script::text("ok"));
    let guard = Guard {
        inner: Arc::clone(&inner),
        ended: false,
    };
    sleep(script.before_head).await;

    let body = stream::unfold((script.acts, guard), |(mut acts, mut guard)| async move {
        loop {
            match acts.pop_front() {
                Some(Act::Send(bytes)) => return Some((Ok::<_, io::Error>(bytes), (acts, guard))),
                Some(Act::Pause(pause)) => sleep(pause).await,
                Some(Act::Hang) => std::future::pending().await,
                Some(Act::Cut) => {
                    // Let what was sent before leave the machine first.
                    sleep(Duration::from_millis(50)).await;
                    guard.ended = true;
                    return Some((Err(io::Error::other("cut")), (acts, guard)));
                }
                None => {
                    guard.ended = true;
                    drop(guard);
                    return None;
                }
            }
        }
    });
    let mut response = Response::new(Body::from_stream(body));
    *response.status_mut() = StatusCode::from_u16(script.status).unwrap();
    for (name, value) in script.headers {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
    }
    Ok(response)
}

struct Guard {
    inner: Arc<Inner>,
    ended: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.ended {
            self.inner.left.send_modify(|left| *left += 1);
        }
    }
}

/// A chunk with that delta.
pub(crate) fn delta(delta: &Value) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null }], "usage": null,
    })
}

pub(crate) fn role() -> Value {
    delta(&json!({ "role": "assistant", "content": "" }))
}

pub(crate) fn content(text: &str) -> Value {
    delta(&json!({ "content": text }))
}

pub(crate) fn calls(fragments: &Value) -> Value {
    delta(&json!({ "tool_calls": fragments }))
}

pub(crate) fn finish(reason: &str) -> Value {
    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] })
}

pub(crate) fn usage(input: u32, output: u32) -> Value {
    json!({ "choices": [], "usage": { "prompt_tokens": input, "completion_tokens": output, "total_tokens": 0 } })
}

pub(crate) fn event(chunk: &Value) -> String {
    format!("data: {chunk}\n\n")
}
