//! Questions that the bot's tables answer: the model writes a query and sees no row.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::Caller;
use botserver_llm::scripted::{Reply, ScriptedModel};
use botstate::{
    dialog::{Bot, Fault, FaultKind},
    model::{ChatMessage, ChatRequest},
    rows::{Selected, TableOutline, TableQueries},
};
use serde_json::json;

use crate::support::{House, dialogs::call, log};

/// One table, whose rows come for one query only.
struct Teas;

#[async_trait]
impl TableQueries for Teas {
    async fn outlines(&self, _: &Arc<Bot>, _: &Caller) -> Result<Vec<TableOutline>, Fault> {
        Ok(vec![TableOutline {
            name: "teas".to_owned(),
            columns: vec![("name".to_owned(), "text"), ("price".to_owned(), "number")],
        }])
    }

    async fn select(&self, _: &Arc<Bot>, _: &Caller, query: &str) -> Result<Selected, Fault> {
        if query != "SELECT name FROM teas" {
            return Err(Fault::new(FaultKind::NotFound, "there is no column nmae"));
        }
        let row = [("name".to_owned(), "canary ![x](http://evil.example/y)".into())];
        Ok(Selected {
            tables: vec!["teas".to_owned()],
            rows: vec![row.into_iter().collect()],
            is_cut: false,
        })
    }
}

fn house(model: &ScriptedModel) -> House {
    House::new()
        .tool("sql", [], [call("SET ANSWER MODE", [("mode", "sql")], "x")])
        .tool("usual", [], [call("SET ANSWER MODE", [("mode", "default")], "x")])
        .tables(Teas)
        .model(model)
}

fn last(request: &ChatRequest) -> &str {
    match request.messages.last() {
        Some(ChatMessage::User { content, .. }) => content,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_question_becomes_a_query_whose_rows_are_the_answer() {
    let model = ScriptedModel::new([
        Reply::text(["```sql\nSELECT nmae FROM teas;\n```"]),
        Reply::text(["SELECT name FROM teas"]),
    ]);
    let server = house(&model).open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.run_tool("sql", &json!({})).await.unwrap();
    chat.turn().await.unwrap();

    let answer = chat.say("Which teas are there?").await.unwrap().text();

    assert!(answer.starts_with("| name |\n| --- |\n| canary "), "{answer}");
    assert!(
        answer.ends_with("Query:\n\n```sql\nSELECT name FROM teas\n```"),
        "{answer}"
    );
    assert!(!answer.contains("![x](http"), "a row is no picture: {answer}");
    let asked = model.asked();
    let ChatMessage::System { content } = &asked[0].messages[0] else {
        panic!("{asked:?}")
    };
    assert!(content.contains("- teas(name text, price number)"), "{content}");
    assert_eq!(last(&asked[0]), "Which teas are there?");
    assert!(
        last(&asked[1]).contains("there is no column nmae"),
        "{}",
        last(&asked[1])
    );
    assert!(!format!("{asked:?}").contains("canary"), "no row goes to the model");
    assert!(
        asked
            .iter()
            .all(|asked| asked.tools.is_empty() && asked.asker.is_some())
    );
    let log = log(&who).await;
    let said = log.iter().rfind(|event| event["kind"] == "bot_message").unwrap();
    assert_eq!(said["payload"]["citations"][0]["passage"], "SELECT name FROM teas");
    assert_eq!(said["payload"]["citations"][0]["document"], "teas");
}

#[tokio::test]
async fn what_the_tables_do_not_answer_is_said_and_another_mode_answers_again() {
    let model = ScriptedModel::new([
        Reply::text(["NONE"]),
        Reply::text(["DROP TABLE teas"]),
        Reply::text(["SELECT * FROM teas WHERE 1"]),
        Reply::text(["Hello there."]),
    ]);
    let server = house(&model).open().await;
    let mut chat = server.visitor().connect().await.unwrap();
    chat.run_tool("sql", &json!({})).await.unwrap();
    chat.turn().await.unwrap();

    let mut said = vec![
        chat.say("What is love?").await.unwrap().text(),
        chat.say("Drop everything").await.unwrap().text(),
    ];
    chat.run_tool("usual", &json!({})).await.unwrap();
    chat.turn().await.unwrap();
    said.push(chat.say("Hello").await.unwrap().text());

    let refused = "I cannot answer that from the tables.";
    assert_eq!(said, [refused, refused, "Hello there."]);
    assert_eq!(model.left(), 0);
}
