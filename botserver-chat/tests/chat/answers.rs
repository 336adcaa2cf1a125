//! Answers that were given before are given again, and only to those who may have them.

use std::{sync::Arc, time::Duration};

use botlib::{ConversationId, PersonId};
use botserver_llm::scripted::{Reply, ScriptedModel};
use botserver_tests::client::Visitor;
use botstate::usage::Outcome;
use tokio::time::timeout;

use crate::support::{House, Server, log, remember, shelf::Shelf};

const ON: (&str, &str) = ("llm-cache", "true");
const SEMANTIC: (&str, &str) = ("llm-cache-semantic", "true");

fn shop() -> Shelf {
    Shelf::of([
        ("hours.md", "The shop opens at nine and closes at six."),
        ("tea.pdf", "Green tea from Japan costs three."),
    ])
}

/// A model whose every answer is another.
fn counting() -> ScriptedModel {
    let count = Arc::new(std::sync::atomic::AtomicU32::new(0));
    ScriptedModel::answering(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        Reply::text([format!("Answer {number} ["), "1].".to_owned()]).usage(10, 5)
    })
}

/// A person with these groups, in a conversation of his own.
fn person(server: &Server, id: PersonId, groups: &str) -> Visitor {
    Visitor {
        token: format!("person_{id}{groups}"),
        session_id: ConversationId::new().to_string(),
        ..server.visitor()
    }
}

async fn ask(who: &Visitor, question: &str) -> String {
    let turn = who.connect().await.unwrap().say(question).await.unwrap();
    turn.texts().join("")
}

#[tokio::test]
async fn the_same_question_is_answered_again_with_its_sources_and_at_no_cost() {
    let model = counting();
    let house = House::new().shelf(shop()).model(&model).settings([ON]);
    let server = house.open().await;
    let (ann, bob) = (server.visitor(), server.visitor());

    let first = ask(&ann, "When does the shop open?").await;
    let again = ask(&bob, "  When does the  shop open? ").await;

    assert_eq!((first.as_str(), again.as_str()), ("Answer 1 [1].", "Answer 1 [1]."));
    assert_eq!(model.asked().len(), 1);
    let (of_ann, of_bob) = (log(&ann).await, log(&bob).await);
    assert_eq!(of_bob[1]["payload"]["citations"], of_ann[1]["payload"]["citations"]);
    assert_eq!(of_bob[1]["payload"]["citations"][0]["document"], "hours.md");
    let usage = |log: &[serde_json::Value]| log.last().unwrap()["payload"]["usage"].clone();
    assert_eq!(usage(&of_bob)["cached"], true, "{of_bob:?}");
    assert_eq!(
        (&usage(&of_bob)["input_tokens"], &usage(&of_bob)["output_tokens"]),
        (&0.into(), &0.into())
    );
    assert!(usage(&of_ann)["cached"].is_null());
    let calls = house.ledger.calls();
    assert_eq!((calls.len(), calls[0].outcome), (1, Outcome::Cached));
    assert_eq!(calls[0].asker.visitor.unwrap().to_string(), bob.user_id);
}

#[tokio::test]
async fn nothing_is_kept_unless_the_bot_says_so() {
    let model = counting();
    let server = House::new().shelf(shop()).model(&model).open().await;

    ask(&server.visitor(), "When does the shop open?").await;
    ask(&server.visitor(), "When does the shop open?").await;

    assert_eq!(model.asked().len(), 2);
}

#[tokio::test]
async fn readers_with_other_groups_never_share_an_answer() {
    let model = counting();
    let house = House::new()
        .shelf(shop())
        .model(&model)
        .settings([ON, SEMANTIC, ("llm-cache-threshold", "0.01")]);
    let server = house.open().await;
    let question = "When does the shop open?";
    let ann = PersonId::new();

    let mut answers = Vec::new();
    for who in [
        person(&server, ann, ""),
        person(&server, ann, "_sales"),
        person(&server, ann, "_sales_board"),
        person(&server, PersonId::new(), "_sales"),
        server.visitor(),
    ] {
        answers.push(ask(&who, question).await);
    }
    let same = ask(&person(&server, ann, "_sales"), question).await;

    let all: std::collections::BTreeSet<_> = answers.iter().collect();
    assert_eq!(all.len(), 5, "{answers:?}");
    assert_eq!(same, answers[1]);
}

#[tokio::test]
async fn a_change_of_the_documents_makes_every_answer_from_them_unfit() {
    let model = counting();
    let house = House::new()
        .shelf(shop())
        .model(&model)
        .settings([ON, SEMANTIC, ("llm-cache-threshold", "0.01")]);
    let server = house.open().await;

    let before = ask(&server.visitor(), "When does the shop open?").await;
    house.shelf.as_ref().unwrap().change();
    let after = ask(&server.visitor(), "When does the shop open?").await;

    assert_eq!((before.as_str(), after.as_str()), ("Answer 1 [1].", "Answer 2 [1]."));
}

#[tokio::test]
async fn answers_are_removed_soon_after_their_documents_have_changed() {
    let model = counting();
    let house = House::new().shelf(shop()).model(&model).settings([ON]);
    let server = house.open().await;
    let shelf = house.shelf.as_ref().unwrap();
    ask(&server.visitor(), "When does the shop open?").await;
    shelf.change();
    let mut emptied = house.emptied.clone();
    let removed = emptied.wait_for(|emptied| *emptied > 0);
    let is_removed = timeout(Duration::from_mins(1), removed).await.is_ok();
    assert!(is_removed, "the answers are still there");
    // Once they are gone they stay away, even where the documents look as they did before.
    shelf.change_back();

    assert_eq!(
        ask(&server.visitor(), "When does the shop open?").await,
        "Answer 2 [1]."
    );
}

#[tokio::test]
async fn words_that_mean_the_same_find_the_answer_where_the_bot_lets_them() {
    let model = counting();
    let rows = [ON, SEMANTIC, ("llm-cache-threshold", "0.6")];
    let house = House::new().shelf(shop()).model(&model).settings(rows);
    let server = house.open().await;

    let first = ask(&server.visitor(), "When does the shop open today?").await;
    let near = ask(&server.visitor(), "When does the shop open today, please?").await;
    let figure = ask(&server.visitor(), "When does the shop open today, 24 December?").await;
    let far = ask(&server.visitor(), "What does green tea cost?").await;

    assert_eq!(near, first);
    assert_eq!((figure.as_str(), far.as_str()), ("Answer 2 [1].", "Answer 3 [1]."));
}

#[tokio::test]
async fn what_was_said_before_and_what_is_known_of_a_person_keep_an_answer_apart() {
    let model = counting();
    let house = House::new().shelf(shop()).model(&model).settings([ON]);
    let server = house.open().await;
    let question = "When does the shop open?";
    let mut chat = server.visitor().connect().await.unwrap();
    chat.say("Do you sell bread?").await.unwrap();
    let ann = server.visitor();
    remember(&server, &format!("visitor:{}", ann.user_id), "fact", "diet", "vegan").await;

    let fresh = ask(&server.visitor(), question).await;
    let later = chat.say(question).await.unwrap().texts().join("");
    let personal = ask(&ann, question).await;
    let again = ask(&server.visitor(), question).await;

    assert_eq!(fresh, "Answer 2 [1].");
    assert_eq!((later.as_str(), personal.as_str()), ("Answer 3 [1].", "Answer 4 [1]."));
    assert_eq!(again, fresh, "what is personal replaced nothing");
}

#[tokio::test]
async fn an_answer_that_a_tool_had_a_part_in_is_not_kept() {
    let model = ScriptedModel::new([
        Reply::call("stock", "{}"),
        Reply::text(["Seven."]),
        Reply::call("stock", "{}"),
        Reply::text(["Six."]),
    ]);
    let house = House::new()
        .tool("stock", [], [crate::support::dialogs::say("looking")])
        .model(&model)
        .settings([ON]);
    let server = house.open().await;

    ask(&server.visitor(), "How many boxes are there?").await;
    let again = ask(&server.visitor(), "How many boxes are there?").await;

    assert!(again.ends_with("Six."), "{again}");
}
