//! SET BOT MEMORY and GET BOT MEMORY.

use botlib::{Caller, ConversationId, RequestId, VisitorId, value::Map};
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

const PERSON: &str = "SET USER MEMORY \"city\", \"Lisbon\"\nTALK GET USER MEMORY \"city\"\n\
                      TALK \"[\" + GET USER MEMORY(\"none\") + \"]\"\nSET USER FACT \"diet\" AS \"vegan\"\n\
                      REMEMBER USER FACT \"pet\", \"cat\"\nfacts = USER FACTS()\nTALK TOJSON(facts)\n\
                      REMEMBER \"cart\", [1, 2]\nTALK TOJSON(RECALL \"cart\")\nREMEMBER \"gone\", 1, 0\n\
                      TALK (RECALL \"gone\") IS NULL\nREMEMBER \"soon\", 1, \"2 hours\"\nTALK RECALL \"soon\"\n\
                      REMEMBER \"ever\", 1, \"forever\"\nTALK RECALL \"ever\"\nREMEMBER topic = \"tea\"\nTALK RECALL topic\n\
                      REMEMBER \"later\", 5, 3 days\nTALK RECALL \"later\"\nCLEAR USER MEMORY\n\
                      TALK \"[\" + GET USER MEMORY(\"city\") + \"]\"\nTALK (RECALL \"cart\") IS NULL";

#[tokio::test]
async fn a_persons_memory_facts_and_spans_are_kept_and_cleared() {
    for house in houses(&[("a.gbai/start.bas", PERSON)]).await {
        assert_eq!(
            house.said("a", "start").await,
            [
                "Lisbon",
                "[]",
                r#"{"diet":"vegan","pet":"cat"}"#,
                "[1,2]",
                "true",
                "1",
                "1",
                "tea",
                "5",
                "[]",
                "true"
            ]
        );
    }
}

#[tokio::test]
async fn a_person_is_remembered_by_all_bots_and_what_a_bot_recalls_is_its_own() {
    let files = [
        (
            "a.gbai/write.bas",
            "SET USER MEMORY \"city\", \"Porto\"\nREMEMBER \"cart\", 1",
        ),
        (
            "b.gbai/read.bas",
            "TALK GET USER MEMORY \"city\"\nTALK (RECALL \"cart\") IS NULL",
        ),
    ];
    for house in houses(&files).await {
        let person = Caller::visitor(
            house.state.org,
            VisitorId::new(),
            house.bot("a").id,
            ConversationId::new(),
            RequestId::new(),
        );
        house
            .visitor_as("a", person.clone())
            .run("write", Map::new(), &[])
            .await
            .unwrap();
        let mut reader = house.visitor_as("b", person);
        reader.run("read", Map::new(), &[]).await.unwrap();
        let mut stranger = house.visitor_as(
            "b",
            Caller::visitor(
                house.state.org,
                VisitorId::new(),
                house.bot("b").id,
                ConversationId::new(),
                RequestId::new(),
            ),
        );
        stranger.run("read", Map::new(), &[]).await.unwrap();

        assert_eq!(reader.heard, ["Porto", "true"]);
        assert_eq!(stranger.heard, ["", "true"]);
    }
}

#[tokio::test]
async fn more_keys_than_the_bot_allows_and_spans_that_are_none_are_faults() {
    let files = [
        ("a.gbai/a.gbot/config.csv", "name,value\nuser-memory-max-keys,2\n"),
        (
            "a.gbai/many.bas",
            "FOR i = 1 TO 3\n  SET USER MEMORY \"k\" + i, i\nNEXT",
        ),
        ("a.gbai/span.bas", "REMEMBER \"k\", 1, \"3 moons\""),
    ];
    for house in houses(&files).await {
        let kind = async |script: &str| house.visitor("a").run(script, Map::new(), &[]).await.unwrap_err().kind;

        assert_eq!(kind("many").await, FaultKind::Limit);
        assert_eq!(kind("span").await, FaultKind::Argument);
    }
}

#[tokio::test]
async fn the_cache_keeps_values_for_a_while() {
    let script = "CACHE SET \"rate\", { usd: 1.08 }, 600\nrate = CACHE GET \"rate\"\nTALK rate.usd\n\
                  CACHE SET \"rate\", NULL\nTALK (CACHE GET \"rate\") IS NULL\nTRY\n  CACHE SET \"a\", 1, 0\n\
                  CATCH e\n  TALK \"refused\"\nEND TRY";
    for house in houses(&[("a.gbai/start.bas", script)]).await {
        assert_eq!(house.said("a", "start").await, ["1.08", "true", "refused"]);
    }
}

#[tokio::test]
async fn a_conversation_keeps_values_under_every_spelling() {
    let script = "SET SESSION \"table\", 7\nTALK GET SESSION \"table\"\nSET \"session.guests\", 2\n\
                  TALK GET SESSION \"guests\"\nrole = \"waiter\"\nSET role, role\nTALK GET SESSION \"role\"\n\
                  SET SESSION \"table\", NULL\nTALK (GET SESSION \"table\") IS NULL\nTRY\n  \
                  SET SESSION \"id\", 1\nCATCH problem\n  TALK problem.message\nEND TRY";
    let house = crate::support::House::new(&[("a.gbai/start.bas", script)]).await;

    assert_eq!(
        house.said("a", "start").await,
        ["7", "2", "waiter", "true", "session.id is set by the server"]
    );
}
