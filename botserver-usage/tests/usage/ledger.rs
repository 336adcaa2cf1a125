//! What is written down, and who sees it.

use std::sync::Arc;

use async_trait::async_trait;
use botserver_llm::scripted::{Reply, ScriptedModel};
use botstate::{
    dialog::Bot,
    embed::{Embedder, Embedders, Side},
    model::{Answerer, ModelError},
};
use chrono::TimeDelta;
use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::support::{House, Node, PRICE, houses, token};

fn answering() -> ScriptedModel {
    ScriptedModel::answering(|_| Reply::text(["Tea."]).usage(100, 50))
}

#[tokio::test]
async fn every_call_is_in_the_ledger_with_what_it_cost_to_the_last_digit() {
    for house in houses() {
        let model = answering();
        let node = house.open(&model).await;
        let (ann, visitor) = (node.person().await, node.visitor());

        for _ in 0..3 {
            node.answer(&ann).await.unwrap();
        }
        node.answer(&visitor).await.unwrap();

        let days = node.totals("by=day").await;
        assert_eq!(days.len(), 1, "{days:?}");
        assert_eq!(
            (&days[0]["key"], &days[0]["calls"], &days[0]["usd"]),
            (&json!("2026-01-20"), &json!(4), &json!("0.008"))
        );
        assert_eq!(
            (
                &days[0]["input_tokens"],
                &days[0]["output_tokens"],
                &days[0]["estimated_calls"]
            ),
            (&json!(400), &json!(200), &json!(0))
        );
        let models = node.totals("by=model").await;
        assert_eq!(models[0]["key"], "openai/gpt-tea");
        assert_eq!(node.totals("by=bot").await[0]["key"], "shop");
        let people = node.totals("by=person").await;
        let of_ann = people.iter().find(|one| one["calls"] == 3).unwrap();
        assert!(of_ann["key"].as_str().unwrap().starts_with("person:"), "{people:?}");
        assert!(
            people
                .iter()
                .any(|one| one["key"].as_str().unwrap().starts_with("visitor:"))
        );
    }
}

#[tokio::test]
async fn what_failed_cost_nothing_and_what_was_stopped_costs_what_had_come() {
    for house in houses() {
        let refused = ModelError::Unauthorized {
            url: "http://model".to_owned(),
        };
        let model = ScriptedModel::new([
            Reply::error(refused),
            Reply::text(["twelve letters and more"]).then_hang(),
            Reply::text(["no count"]),
        ]);
        let node = house.open(&model).await;
        let ann = node.person().await;

        assert!(node.ask(&ann).await.is_err());
        let mut stopped = node.ask(&ann).await.unwrap();
        assert!(stopped.next().await.is_some());
        drop(stopped);
        node.answer(&ann).await.unwrap();

        let outcomes = node.totals("by=outcome").await;
        let of = |name: &str| {
            outcomes
                .iter()
                .find(|one| one["key"] == name)
                .unwrap_or_else(|| panic!("{outcomes:?}"))
        };
        assert_eq!(
            (&of("failed")["usd"], &of("failed")["input_tokens"]),
            (&json!("0"), &json!(0))
        );
        // 400 letters of the prompt are taken for 100 tokens, 23 of the answer for 5.
        assert_eq!(
            (&of("cancelled")["input_tokens"], &of("cancelled")["output_tokens"]),
            (&json!(100), &json!(5))
        );
        assert_eq!(
            (&of("cancelled")["estimated_calls"], &of("answered")["estimated_calls"]),
            (&json!(1), &json!(1))
        );
    }
}

#[tokio::test]
async fn a_call_without_a_known_price_is_counted_as_such() {
    for house in houses() {
        let node = house.open(&answering()).await;
        let ann = node.person().await;

        node.answer(&ann).await.unwrap();
        let mut unpriced = node.ask_unpriced(&ann).await.unwrap();
        while unpriced.next().await.is_some() {}

        let days = node.totals("by=day").await;
        assert_eq!(
            (&days[0]["calls"], &days[0]["unpriced_calls"], &days[0]["usd"]),
            (&json!(2), &json!(1), &json!("0.002"))
        );
    }
}

#[tokio::test]
async fn a_clean_stop_loses_nothing() {
    for house in houses() {
        let model = answering();
        let node = house.open(&model).await;
        let ann = node.person().await;
        for _ in 0..250 {
            node.answer(&ann).await.unwrap();
        }

        assert!(node.state.lifecycle.shutdown(std::time::Duration::from_mins(1)).await);

        let again = house.open(&model).await;
        assert_eq!(again.totals("by=day").await[0]["calls"], 250);
    }
}

#[tokio::test]
async fn a_person_sees_what_was_used_for_himself_and_nobody_sees_other_organisations() {
    for house in houses() {
        let node = house.open(&answering()).await;
        let (ann, bob, visitor) = (node.person().await, node.person().await, node.visitor());
        node.answer(&ann).await.unwrap();
        node.answer(&visitor).await.unwrap();
        let own = async |who: &str| node.call("GET", "/api/usage/own", who, Value::Null).await;

        let (status, of_ann) = own(&token(&ann)).await;
        assert_eq!((status, &of_ann["items"][0]["calls"]), (200, &json!(1)));
        assert_eq!(own(&token(&visitor)).await.1["items"][0]["calls"], 1);
        assert_eq!(own(&token(&bob)).await, (200, json!({ "items": [] })));
        assert_eq!(own("nobody").await.0, 401);

        let all = async |who: &str| node.call("GET", "/api/usage", who, Value::Null).await;
        assert_eq!(all(&token(&ann)).await.0, 403);
        assert_eq!(all("stranger").await, (200, json!({ "items": [] })));
    }
}

#[tokio::test]
async fn totals_are_of_the_days_the_bot_and_the_person_that_are_asked_for() {
    for house in houses() {
        let node = house.open(&answering()).await;
        let (ann, bob) = (node.person().await, node.person().await);
        node.answer(&ann).await.unwrap();
        node.clock.advance(TimeDelta::days(3));
        node.answer(&ann).await.unwrap();
        node.answer(&bob).await.unwrap();

        let id = token(&bob).replace("person_", "");
        assert_eq!(node.totals("by=day").await.len(), 2);
        assert_eq!(node.totals("from=2026-01-21").await[0]["calls"], 2);
        assert_eq!(
            node.totals("to=2026-01-22&from=2026-01-01").await[0]["key"],
            "2026-01-20"
        );
        assert_eq!(node.totals(&format!("bot=shop&person={id}")).await[0]["calls"], 1);
        for query in [
            "from=2026-02-01&to=2026-01-01",
            "by=colour",
            "from=yesterday",
            "to=-262143-01-01",
        ] {
            let (status, problem) = node
                .call("GET", &format!("/api/usage?{query}"), "admin", Value::Null)
                .await;
            assert_eq!(status, 422, "{query}: {problem}");
        }
        let (status, _) = node.call("GET", "/api/usage?bot=other", "admin", Value::Null).await;
        assert_eq!(status, 404);
    }
}

#[tokio::test]
async fn old_calls_are_deleted_and_what_they_cost_is_forgotten() {
    for house in houses() {
        let house = house.config(|config| config.usage.keep = Some(std::time::Duration::from_hours(240)));
        let node = house.open(&answering()).await;
        let ann = node.person().await;
        node.answer(&ann).await.unwrap();
        node.clock.advance(TimeDelta::days(9));
        node.answer(&ann).await.unwrap();
        node.usage.flush().await.unwrap();
        node.clock.advance(TimeDelta::days(2));

        node.sweep().await;

        let days = node.totals("from=2026-01-01").await;
        assert_eq!((days.len(), &days[0]["key"]), (1, &json!("2026-01-29")));
    }
}

/// An embedder of a provider, which counts.
struct Far;

#[async_trait]
impl Embedder for Far {
    fn id(&self) -> &'static str {
        "far"
    }

    fn dimensions(&self) -> usize {
        1
    }

    fn max_tokens(&self) -> usize {
        10
    }

    async fn embed(&self, texts: &[String], side: Side) -> Result<Vec<Vec<f32>>, ModelError> {
        Ok(self.embed_counted(texts, side).await?.0)
    }

    fn provider(&self) -> Option<Answerer> {
        Some(Answerer {
            provider: "openai".into(),
            model: "embed-tea".into(),
            price: Some(PRICE),
        })
    }

    async fn embed_counted(&self, texts: &[String], _: Side) -> Result<(Vec<Vec<f32>>, Option<u32>), ModelError> {
        Ok((texts.iter().map(|_| vec![1.0]).collect(), Some(40)))
    }
}

struct Everywhere;

impl Embedders for Everywhere {
    fn for_bot(&self, _: &Bot) -> Arc<dyn Embedder> {
        Arc::new(Far)
    }
}

async fn embed(node: &Node, caller: &botlib::Caller) -> Result<(), ModelError> {
    let embedders = node.usage.embedders(Arc::new(Everywhere));
    let embedder = embedders.for_caller(&node.bot, caller);
    embedder.embed(&["green tea".to_owned()], Side::Query).await.map(|_| ())
}

#[tokio::test]
async fn embeddings_of_a_provider_are_counted_and_held_to_budgets() {
    for house in houses() {
        let house: House = house.setting("budget-person-day-tokens", "41");
        let node = house.open(&answering()).await;
        let ann = node.person().await;

        embed(&node, &ann).await.unwrap();
        node.usage.flush().await.unwrap();
        let second = embed(&node, &ann).await;

        assert!(matches!(second, Err(ModelError::Exhausted { .. })), "{second:?}");
        let models = node.totals("by=model").await;
        assert_eq!(
            (&models[0]["key"], &models[0]["usd"], &models[0]["refused_calls"]),
            (&json!("openai/embed-tea"), &json!("0.0004"), &json!(1))
        );
    }
}
