//! SET BOT MEMORY and GET BOT MEMORY.

use botlib::value::Map;
use botstate::dialog::FaultKind;

use crate::support::houses;

const SHAPES: &str = "SET BOT MEMORY \"a\", 1\nSET BOT MEMORY \"b\" AS \"two\"\nid = 7\n\
                      SET BOT MEMORY \"lead_\" + id, { name: \"Ana\", tags: [1, 2] }\n\
                      TALK GET BOT MEMORY(\"a\") + 1\nTALK GET BOT MEMORY \"b\"\nlead = GET BOT MEMORY \"lead_\" + id\n\
                      TALK lead.name + lead.tags[1]\nkey = \"b\"\nTALK GET BOT MEMORY key";

#[tokio::test]
async fn every_shape_writes_and_reads_what_was_written() {
    for house in houses(&[("a.gbai/start.bas", SHAPES)]).await {
        assert_eq!(house.said("a", "start").await, ["2", "two", "Ana2", "two"]);
    }
}

#[tokio::test]
async fn memory_outlives_conversations_and_restarts_and_belongs_to_one_bot() {
    let read = "SET BOT MEMORY \"gone\", NULL\nx = GET BOT MEMORY \"kept\"\nTALK \"[${x}]\"\nTALK TYPEOF(GET BOT MEMORY \"gone\")";
    let files = [
        (
            "a.gbai/write.bas",
            "SET BOT MEMORY \"kept\", \"tea\"\nSET BOT MEMORY \"kept\", \"cake\"\nSET BOT MEMORY \"gone\", 1",
        ),
        ("a.gbai/read.bas", read),
        ("b.gbai/read.bas", read),
    ];
    for house in houses(&files).await {
        house.said("a", "write").await;

        let house = house.restart().await;

        assert_eq!(house.said("a", "read").await, ["[cake]", "text"]);
        assert_eq!(
            house.said("b", "read").await,
            ["[]", "text"],
            "a missing value is an empty text"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_remembered_is_a_fault() {
    let files = [
        ("a.gbai/large.bas", "x = REPEAT(\"x\", 70000)\nSET BOT MEMORY \"k\", x"),
        ("a.gbai/secret.bas", "HEAR x AS PASSWORD\nSET BOT MEMORY \"k\", x"),
        ("a.gbai/nameless.bas", "SET BOT MEMORY \" \", 1"),
    ];
    for house in houses(&files).await {
        let run = async |script: &str, answers: &[&str]| {
            house
                .visitor("a")
                .run(script, Map::new(), answers)
                .await
                .unwrap_err()
                .kind
        };

        assert_eq!(run("large", &[]).await, FaultKind::Limit);
        assert_eq!(run("secret", &["correct horse"]).await, FaultKind::Argument);
        assert_eq!(run("nameless", &[]).await, FaultKind::Argument);
    }
}
