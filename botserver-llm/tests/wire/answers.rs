//! Answers as they come over the wire.

use botstate::{
    dialog::ToolSpec,
    model::{ChatRequest, Delta, Finish, ToolCall, Usage},
};
use serde_json::{Value, json};

use crate::{
    ask, hello, llm, model,
    peer::{Peer, Script, calls, content, delta, event, finish, role, usage},
    text,
};

fn call(id: &str, name: &str, arguments: &str) -> Delta {
    Delta::Call(ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        signature: None,
    })
}

fn end(finish: Finish) -> Delta {
    Delta::End {
        finish,
        usage: None,
        by: None,
    }
}

async fn answer(script: Script) -> Vec<Delta> {
    let peer = Peer::start([script]).await;
    nameless(ask(model(&llm(&peer)).as_ref(), hello()).await.unwrap())
}

/// An answer without a word about who gave it.
fn nameless(mut deltas: Vec<Delta>) -> Vec<Delta> {
    if let Some(Delta::End { by, .. }) = deltas.last_mut() {
        *by = None;
    }
    deltas
}

#[tokio::test]
async fn words_come_in_order_and_the_cost_with_the_end() {
    let script = Script::chunks([role(), content("Ol"), content("á 🎉"), finish("stop"), usage(12, 3)]).done();

    let deltas = answer(script).await;

    let usage = Some(Usage {
        input_tokens: 12,
        output_tokens: 3,
        ..Usage::default()
    });
    assert_eq!(
        deltas,
        [
            Delta::Text("Ol".to_owned()),
            Delta::Text("á 🎉".to_owned()),
            Delta::End {
                finish: Finish::Stop,
                usage,
                by: None,
            }
        ]
    );
}

#[tokio::test]
async fn a_stream_cut_at_any_byte_gives_the_same_answer() {
    let chunks = [
        content("é🎉\u{301}"),
        calls(&json!([{ "index": 0, "id": "c1", "function": { "name": "añadir", "arguments": "{\"q\":\"ü\"}" } }])),
        finish("tool_calls"),
    ];
    let mut body: Vec<u8> = "\u{feff}: keep-alive\r\n\r\n".into();
    body.extend(chunks.iter().flat_map(|chunk| event(chunk).into_bytes()));
    body.extend(b"data: [DONE]\n\n");
    let peer = Peer::start([]).await;
    let llm = llm(&peer);
    let expected = [
        Delta::Text("é🎉\u{301}".to_owned()),
        call("c1", "añadir", "{\"q\":\"ü\"}"),
        end(Finish::ToolCalls),
    ];

    for at in 1..body.len() {
        let (left, right) = body.split_at(at);
        peer.push(Script::raw([left, right]));

        let deltas = ask(model(&llm).as_ref(), hello()).await.unwrap();

        assert_eq!(nameless(deltas), expected, "split at {at}");
    }
    peer.push(Script::raw(body.iter().map(|byte| vec![*byte])));
    assert_eq!(nameless(ask(model(&llm).as_ref(), hello()).await.unwrap()), expected);
}

#[tokio::test]
async fn parallel_calls_are_put_together_from_their_fragments() {
    let fragments = [
        json!([{ "index": 0, "id": "a", "type": "function", "function": { "name": "one", "arguments": "" } }]),
        json!([{ "index": 0, "function": { "arguments": "{\"x\":" } }]),
        json!([{ "index": 1, "id": "b", "function": { "name": "two", "arguments": "{\"y\"" } }]),
        json!([{ "index": 1, "function": { "arguments": ":2}" } }, { "index": 0, "function": { "arguments": "1}" } }]),
        json!([{ "index": 2, "id": "c", "function": { "name": "three" } }]),
    ];
    let chunks = fragments.iter().map(calls).chain([finish("tool_calls")]);

    let deltas = answer(Script::chunks(chunks).done()).await;

    assert_eq!(
        deltas,
        [
            call("a", "one", r#"{"x":1}"#),
            call("b", "two", r#"{"y":2}"#),
            call("c", "three", "{}"),
            end(Finish::ToolCalls)
        ]
    );
}

#[tokio::test]
async fn calls_of_servers_that_count_badly_are_kept_apart() {
    // All of them number 0, whole, with arguments as an object, ended with "stop".
    let chunks = [
        calls(&json!([{ "index": 0, "id": "a", "function": { "name": "one", "arguments": { "x": 1 } } }])),
        calls(&json!([{ "index": 0, "id": "b", "function": { "name": "two", "arguments": "{}" } }])),
        calls(&json!([{ "id": "c", "function": { "name": "three", "arguments": null } }])),
        finish("stop"),
    ];

    let deltas = answer(Script::chunks(chunks).done()).await;

    assert_eq!(
        deltas,
        [
            call("a", "one", r#"{"x":1}"#),
            call("b", "two", "{}"),
            call("c", "three", "{}"),
            end(Finish::ToolCalls)
        ]
    );
}

#[tokio::test]
async fn a_call_without_an_id_gets_one() {
    let chunks = [
        calls(&json!([{ "index": 0, "function": { "name": "one", "arguments": "{}" } }])),
        finish("tool_calls"),
    ];

    let deltas = answer(Script::chunks(chunks).done()).await;

    assert!(
        matches!(&deltas[0], Delta::Call(call) if call.id.starts_with("call_")),
        "{deltas:?}"
    );
}

#[tokio::test]
async fn a_call_that_was_cut_short_is_not_given() {
    let chunks = [
        calls(&json!([{ "index": 0, "id": "a", "function": { "name": "one", "arguments": "{\"x" } }])),
        finish("length"),
    ];

    assert_eq!(answer(Script::chunks(chunks).done()).await, [end(Finish::Length)]);
}

#[tokio::test]
async fn names_of_tools_come_back_as_the_bot_spells_them() {
    let chunks = [
        calls(&json!([{ "index": 0, "id": "a", "function": { "name": "place_order", "arguments": "{}" } }])),
        finish("tool_calls"),
    ];
    let peer = Peer::start([Script::chunks(chunks).done()]).await;
    let tool = ToolSpec {
        name: "place order".to_owned(),
        description: "Orders".to_owned(),
        parameters: Value::Null,
    };

    let deltas = ask(
        model(&llm(&peer)).as_ref(),
        ChatRequest {
            tools: vec![tool],
            ..hello()
        },
    )
    .await
    .unwrap();

    assert_eq!(deltas[0], call("a", "place order", "{}"));
}

#[tokio::test]
async fn reasoning_is_kept_apart_from_the_answer() {
    let cases = [
        vec![delta(&json!({ "reasoning_content": "hm" })), content("yes")],
        vec![delta(&json!({ "reasoning": "hm", "content": null })), content("yes")],
        vec![
            delta(&json!({ "reasoning": "hm", "reasoning_content": "hm" })),
            content("yes"),
        ],
        vec![
            content("<thi"),
            content("nk>"),
            content("hm</th"),
            content("ink>\n\ny"),
            content("es"),
        ],
        vec![delta(&json!({ "content": [
            { "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] }, { "type": "text", "text": "yes" },
        ] }))],
    ];

    for chunks in cases {
        let deltas = answer(Script::chunks(chunks.clone().into_iter().chain([finish("stop")])).done()).await;

        let thought: String = deltas
            .iter()
            .filter_map(|delta| {
                if let Delta::Reasoning(text) = delta {
                    Some(text.as_str())
                } else {
                    None
                }
            })
            .collect();
        assert_eq!((thought.as_str(), text(&deltas).as_str()), ("hm", "yes"), "{chunks:?}");
    }
}

#[tokio::test]
async fn reasons_to_end_are_told_apart() {
    for (reason, expected) in [
        ("stop", Finish::Stop),
        ("length", Finish::Length),
        ("content_filter", Finish::Filtered),
        ("eos", Finish::Stop),
        ("tool_calls", Finish::Stop),
    ] {
        let deltas = answer(Script::chunks([content("a"), finish(reason)]).done()).await;

        assert_eq!(deltas.last(), Some(&end(expected)), "{reason}");
    }
}

#[tokio::test]
async fn a_missing_last_line_spoils_nothing() {
    let ended = answer(Script::chunks([content("a"), finish("stop")])).await;
    let cut = answer(Script::chunks([content("a"), finish("stop")]).cut()).await;

    assert_eq!(ended, [Delta::Text("a".to_owned()), end(Finish::Stop)]);
    assert_eq!(cut, ended);
}

#[tokio::test]
async fn an_answer_that_is_not_streamed_is_read_as_well() {
    let body = json!({
        "id": "1", "object": "chat.completion",
        "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": "all at once" } }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 3 },
    });

    let deltas = answer(Script::status(200, body.to_string())).await;

    let usage = Some(Usage {
        input_tokens: 1,
        output_tokens: 3,
        ..Usage::default()
    });
    assert_eq!(
        deltas,
        [
            Delta::Text("all at once".to_owned()),
            Delta::End {
                finish: Finish::Stop,
                usage,
                by: None,
            }
        ]
    );
}

#[tokio::test]
async fn a_connection_is_used_again_after_an_answer() {
    let peer = Peer::start([]).await;
    let llm = llm(&peer);

    for _ in 0..3 {
        ask(model(&llm).as_ref(), hello()).await.unwrap();
    }

    let asked = peer.asked();
    assert!(
        asked.iter().all(|one| one.from == asked[0].from),
        "{:?}",
        asked.iter().map(|a| a.from).collect::<Vec<_>>()
    );
}
