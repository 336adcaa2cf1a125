//! What is said when a budget is spent.

use botserver_llm::scripted::{Reply, ScriptedModel};
use botstate::model::ModelError;

use crate::support::{House, dialogs::say, events};

fn spent() -> ScriptedModel {
    ScriptedModel::answering(|_| {
        Reply::error(ModelError::Exhausted {
            budget: "the daily budget of the bot".to_owned(),
            renews_at: "2026-01-21T00:00:00Z".parse().unwrap(),
        })
    })
}

async fn said(house: House) -> Vec<String> {
    let server = house.open().await;
    let turn = server.visitor().connect().await.unwrap().say("Any tea?").await.unwrap();
    let log = events(&server).await.join("\n");
    assert!(log.contains("the daily budget of the bot is spent"), "{log}");
    turn.texts().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_spent_budget_is_told_in_a_plain_sentence_that_names_no_figures() {
    let house = House::new().model(&spent());

    assert_eq!(
        said(house).await,
        ["I cannot answer any more questions for now. Please come back later."]
    );
}

#[tokio::test]
async fn a_bot_has_a_text_of_its_own_for_a_spent_budget() {
    let house = House::new()
        .model(&spent())
        .settings([("budget-fallback-text", "Come by tomorrow.")]);

    assert_eq!(said(house).await, ["Come by tomorrow."]);
}

#[tokio::test]
async fn a_bot_has_a_dialog_of_its_own_for_a_spent_budget() {
    let house = House::new()
        .model(&spent())
        .script("closed", [say("The till is closed."), say("Write to us.")])
        .settings([
            ("budget-fallback-dialog", "closed.bas"),
            ("budget-fallback-text", "Come by tomorrow."),
        ]);

    assert_eq!(said(house).await, ["The till is closed.", "Write to us."]);
}
