//! An answer as server-sent events, in uneven pieces.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Bytes;
use futures::Stream;
use serde_json::{Value, json};

use super::answer::Answer;
use super::{NAME, Seen};

/// Characters in a piece of text: short, so that words are cut.
const PIECE: usize = 5;

/// What is still to be sent.
struct Sending {
    steps: VecDeque<Step>,
    watch: Watch,
}

enum Step {
    Wait(Duration),
    Send(Bytes),
    Break,
    Hang,
}

/// Notices an answer that nobody waits for any more.
struct Watch {
    seen: Arc<Seen>,
    is_done: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.is_done {
            self.seen.cancelled.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The events of `answer`, with its usage in the last one when that was asked for.
pub(super) fn events(
    answer: &Answer,
    with_usage: bool,
    seen: Arc<Seen>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    let sending = Sending {
        steps: steps(answer, with_usage),
        watch: Watch { seen, is_done: false },
    };
    futures::stream::unfold(sending, async |mut sending| {
        loop {
            match sending.steps.pop_front() {
                Some(Step::Wait(pause)) => tokio::time::sleep(pause).await,
                Some(Step::Send(bytes)) => return Some((Ok(bytes), sending)),
                Some(Step::Hang) => std::future::pending().await,
                Some(Step::Break) => {
                    sending.watch.is_done = true;
                    return Some((Err(io::Error::other("cut as the test asked")), sending));
                }
                None => {
                    sending.watch.is_done = true;
                    return None;
                }
            }
        }
    })
}

fn steps(answer: &Answer, with_usage: bool) -> VecDeque<Step> {
    let mut steps = VecDeque::from([Step::Wait(answer.first_pause)]);
    if answer.hangs {
        steps.push_back(Step::Hang);
    }
    let mut pieces: Vec<Value> = vec![json!({ "role": "assistant", "content": "" })];
    let letters: Vec<char> = answer.text.chars().collect();
    pieces.extend(
        letters
            .chunks(PIECE)
            .map(|piece| json!({ "content": piece.iter().collect::<String>() })),
    );
    pieces.extend((0..answer.calls.len()).flat_map(|index| call_pieces(answer, index)));
    let broken = answer.is_cut || answer.is_garbage;
    let count = if broken { pieces.len().div_ceil(2) } else { pieces.len() };
    for (number, delta) in pieces.into_iter().take(count).enumerate() {
        steps.push_back(Step::Wait(answer.pause));
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": null });
        send(&mut steps, number, &chunk(&[choice], &Value::Null));
    }
    if answer.is_garbage {
        steps.push_back(Step::Send(Bytes::from_static(b"data: {\"choices\": [{\"delta\"\n\n")));
    }
    if broken {
        steps.push_back(Step::Break);
        return steps;
    }
    let end = json!({ "index": 0, "delta": {}, "finish_reason": answer.finish_reason() });
    send(&mut steps, 0, &chunk(&[end], &Value::Null));
    if with_usage {
        send(&mut steps, 0, &chunk(&[], &answer.usage()));
    }
    steps.push_back(Step::Send(Bytes::from_static(b"data: [DONE]\n\n")));
    steps
}

/// A call comes as its name first and its arguments in two pieces.
fn call_pieces(answer: &Answer, index: usize) -> Vec<Value> {
    let Some((name, arguments)) = answer.calls.get(index) else {
        return Vec::new();
    };
    let function = json!({ "name": name, "arguments": "" });
    let mut calls =
        vec![json!({ "index": index, "id": answer.call_id(index), "type": "function", "function": function })];
    let letters: Vec<char> = arguments.chars().collect();
    let (first, second) = letters.split_at(letters.len() / 2);
    for half in [first, second] {
        calls.push(json!({ "index": index, "function": { "arguments": half.iter().collect::<String>() } }));
    }
    calls.into_iter().map(|call| json!({ "tool_calls": [call] })).collect()
}

/// The content of an event.
fn chunk(choices: &[Value], usage: &Value) -> Value {
    json!({
        "id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1_767_225_600, "model": NAME,
        "choices": choices, "usage": usage,
    })
}

/// Adds an event; each third one is cut in two, because networks do that.
fn send(steps: &mut VecDeque<Step>, number: usize, event: &Value) {
    let mut first = Bytes::from(format!("data: {event}\n\n"));
    if number % 3 == 2 {
        let second = first.split_off(first.len() / 2);
        steps.extend([
            Step::Send(first),
            Step::Wait(Duration::from_millis(1)),
            Step::Send(second),
        ]);
    } else {
        steps.push_back(Step::Send(first));
    }
}
