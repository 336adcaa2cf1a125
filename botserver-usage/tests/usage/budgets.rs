//! Budgets stop calls before they happen.

use std::{sync::Arc, time::Duration};

use botserver_llm::scripted::{Reply, ScriptedModel};
use botstate::{model::ModelError, money::Money};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{houses, token};

/// An answer costs a fifth of a cent; before it is known, 100 tokens of prompt and 50 of answer are reserved.
fn answering() -> ScriptedModel {
    ScriptedModel::answering(|_| Reply::text(["Tea."]).usage(100, 50))
}

fn refusal(result: Result<impl Sized, ModelError>) -> String {
    match result {
        Err(error @ ModelError::Exhausted { .. }) => error.to_string(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the call was made"),
    }
}

#[tokio::test]
async fn a_spent_budget_stops_the_next_call_until_its_period_is_over() {
    for house in houses() {
        let model = answering();
        let node = house.open(&model).await;
        let ann = node.person().await;
        node.budget(json!({ "period": "day", "usd": "0.005" })).await;

        node.answer(&ann).await.unwrap();
        node.answer(&ann).await.unwrap();
        node.usage.flush().await.unwrap();
        let third = refusal(node.answer(&ann).await);

        assert_eq!(
            third,
            "the daily budget of the organisation is spent: it is renewed at 2026-01-21 00:00 UTC"
        );
        assert_eq!(model.asked().len(), 2, "nobody was asked a third time");
        let outcomes = node.totals("by=outcome").await;
        let refused = outcomes.iter().find(|one| one["key"] == "refused").unwrap();
        assert_eq!((&refused["calls"], &refused["usd"]), (&json!(1), &json!("0")));
        node.clock.advance(TimeDelta::days(1));
        node.answer(&ann).await.unwrap();
    }
}

#[tokio::test]
async fn each_kind_of_budget_holds_for_its_own_and_for_nobody_else() {
    for house in houses() {
        let model = answering();
        let node = house.open(&model).await;
        let (ann, bob) = (node.person().await, node.person().await);
        let id = token(&ann).replace("person_", "");

        let of_ann = node
            .budget(json!({ "person": id, "period": "month", "tokens": 200 }))
            .await;
        node.answer(&ann).await.unwrap();
        node.usage.flush().await.unwrap();
        assert!(refusal(node.answer(&ann).await).starts_with("the monthly budget of this person is spent"));
        node.answer(&bob).await.unwrap();

        let (status, listed) = node.call("GET", "/api/usage/budgets", "admin", Value::Null).await;
        assert_eq!((status, &listed["items"][0]["spent_tokens"]), (200, &json!(150)));
        let path = format!("/api/usage/budgets/{of_ann}");
        assert_eq!(node.call("DELETE", &path, "stranger", Value::Null).await.0, 404);
        assert_eq!(node.call("DELETE", &path, "admin", Value::Null).await.0, 204);
        node.answer(&ann).await.unwrap();

        node.budget(json!({ "bot": "shop", "period": "day", "tokens": 1 }))
            .await;
        assert!(refusal(node.answer(&bob).await).starts_with("the daily budget of the bot is spent"));
    }
}

#[tokio::test]
async fn settings_of_the_server_and_of_the_bot_are_budgets_too() {
    for house in houses() {
        let house = house
            .config(|config| config.usage.person.day_tokens = Some(160))
            .setting("budget-month-usd", "0.007");
        let model = answering();
        let node = house.open(&model).await;
        let (ann, bob, visitor) = (node.person().await, node.person().await, node.visitor());

        for who in [&ann, &bob, &visitor] {
            node.answer(who).await.unwrap();
            node.usage.flush().await.unwrap();
        }

        // Both are spent for Ann; each is as good a reason.
        let reason = refusal(node.answer(&ann).await);
        assert!(reason.contains("budget of"), "{reason}");
        let reason = refusal(node.answer(&node.visitor()).await);
        assert!(reason.starts_with("the monthly budget of the bot"), "{reason}");
        node.clock.advance(TimeDelta::days(20));
        node.answer(&visitor).await.unwrap();
        node.usage.flush().await.unwrap();
        let reason = refusal(node.answer(&visitor).await);
        assert!(reason.starts_with("the daily budget of this person"), "{reason}");
    }
}

#[tokio::test]
async fn a_budget_that_cannot_be_read_lets_nothing_through() {
    let house = houses().remove(0).setting("budget-day-usd", "much");
    let model = answering();
    let node = house.open(&model).await;

    let error = node.answer(&node.visitor()).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "the model cannot be asked: budget-day-usd in config.csv must be an amount such as 12.50"
    );
    assert!(model.asked().is_empty());
}

#[tokio::test]
async fn two_nodes_cannot_both_take_the_last_of_a_budget() {
    for house in houses() {
        // Six calls fit when each is believed to cost what it reserves.
        let house = house.config(|config| {
            config.usage.organization.day_money = Some("0.0135".parse::<Money>().unwrap());
        });
        let model = ScriptedModel::answering(|_| Reply::text(["Tea."]).then_hang());
        let (one, two) = (Arc::new(house.open(&model).await), Arc::new(house.open(&model).await));
        let ann = one.person().await;

        let calls = (0..40).map(|number| {
            let node = if number % 2 == 0 { &one } else { &two };
            node.ask(&ann)
        });
        let made: Vec<_> = join_all(calls).await.into_iter().filter_map(Result::ok).collect();

        assert_eq!((made.len(), model.asked().len()), (6, 6));
        // Those that are stopped give back what they did not use.
        drop(made);
        one.usage.flush().await.unwrap();
        two.usage.flush().await.unwrap();
        assert!(one.ask(&ann).await.is_ok());
    }
}

#[tokio::test]
async fn what_a_dead_node_had_reserved_comes_back() {
    for house in houses() {
        let house = house.config(|config| config.usage.organization.day_tokens = Some(200));
        let model = ScriptedModel::answering(|_| Reply::text(["Tea."]).usage(100, 50));
        let node = house.open(&model).await;
        let ann = node.person().await;
        // A call that nobody ends, as when its process is gone.
        std::mem::forget(node.ask(&ann).await.unwrap());
        refusal(node.answer(&ann).await);

        node.clock.advance(TimeDelta::hours(2));
        let other = house.open(&model).await;

        let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
        while let Err(error) = other.answer(&ann).await {
            assert!(tokio::time::Instant::now() < deadline, "{error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn budgets_are_set_by_whoever_may_and_refused_where_they_make_no_sense() {
    for house in houses() {
        let node = house.open(&answering()).await;
        let ann = node.person().await;
        let nobody = botlib::PersonId::new().to_string();
        let create = async |who: &str, body: Value| node.call("POST", "/api/usage/budgets", who, body).await.0;

        assert_eq!(create(&token(&ann), json!({ "period": "day", "tokens": 1 })).await, 403);
        for body in [
            json!({ "period": "day" }),
            json!({ "period": "year", "tokens": 1 }),
            json!({ "period": "day", "usd": "-1" }),
            json!({ "period": "day", "usd": "9000000" }),
            json!({ "period": "day", "tokens": -1 }),
        ] {
            assert_eq!(create("admin", body.clone()).await, 422, "{body}");
        }
        assert_eq!(
            create("admin", json!({ "period": "day", "tokens": 1, "bot": "other" })).await,
            404
        );
        assert_eq!(
            create("admin", json!({ "period": "day", "tokens": 1, "person": nobody })).await,
            404
        );
        assert_eq!(
            create("stranger", json!({ "period": "day", "tokens": 1, "bot": "shop" })).await,
            404
        );
        let (_, listed) = node.call("GET", "/api/usage/budgets", "stranger", Value::Null).await;
        assert_eq!(listed, json!({ "items": [] }));
    }
}
