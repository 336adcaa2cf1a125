//! What models cost, by the doors of the whole server: the ledger, budgets that stop calls, and answers that are given
//! again.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

use std::time::Duration;

use botserver_tests::{
    api,
    client::Chat,
    model::{Model, NAME},
    packages::Packages,
    process::{Server, Setup},
    servers::{Postgres, Redis},
};
use serde_json::{Value, json};

/// Longer than anything takes on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(1);

async fn call(server: &Server, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    api::call(server, method, path, token, body).await.unwrap()
}

/// The token of the administrator, whose account is claimed now.
async fn claim(server: &Server) -> String {
    api::claim(server).await.unwrap()["token"].as_str().unwrap().to_owned()
}

/// A shop whose model costs ten dollars a million tokens of prompts and twenty of answers.
fn shop(rows: &[(&str, &str)]) -> Packages {
    let packages = Packages::new();
    let prices = [("llm-price-input", "10"), ("llm-price-output", "20")];
    packages.settings("shop", &[&prices, rows].concat());
    packages
}

fn completion(question: &str) -> Value {
    json!({ "model": "shop", "messages": [{ "role": "user", "content": question }] })
}

#[tokio::test]
async fn what_clients_of_openai_ask_is_in_the_ledger_and_a_spent_budget_is_their_insufficient_quota() {
    let model = Model::start().await.unwrap();
    let packages = shop(&[("llm-cache", "true")]);
    let setup = Setup::new().bots(packages.path()).env("BOTSERVER_DEFAULT_BOT", "shop");
    let mut server = setup.model(&model).start().await.unwrap();
    let admin = claim(&server).await;
    let ask = async |text: &str| call(&server, "POST", "/v1/chat/completions", &admin, &completion(text)).await;

    let (status, answer) = ask("say:Green tea").await;
    assert_eq!(
        (status, &answer["choices"][0]["message"]["content"]),
        (200, &json!("Green tea"))
    );
    let tokens = answer["usage"]["total_tokens"].as_i64().unwrap();
    let (status, again) = ask("say:Green tea").await;
    assert_eq!((status, &again["choices"]), (200, &answer["choices"]));
    assert_eq!(
        (&again["usage"]["cached"], &again["usage"]["total_tokens"]),
        (&json!(true), &json!(0))
    );
    let (_, me) = call(&server, "GET", "/api/auth/me", &admin, &Value::Null).await;
    let person = me["id"]
        .as_str()
        .or(me["person"]["id"].as_str())
        .unwrap_or_else(|| panic!("{me}"));
    let budget = json!({ "person": person, "period": "day", "tokens": tokens });
    let (status, answer) = call(&server, "POST", "/api/usage/budgets", &admin, &budget).await;
    assert_eq!(status, 201, "{answer}");

    let (status, answer) = ask("say:Black tea").await;

    assert_eq!(status, 429, "{answer}");
    assert_eq!(
        (&answer["error"]["code"], &answer["error"]["type"]),
        (&json!("insufficient_quota"), &json!("insufficient_quota"))
    );
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("the daily budget of this person")
    );
    assert_eq!(model.requests().len(), 1, "the provider was not asked again");
    let mut other = Chat::start(&server.url(), "shop").await.unwrap().1;
    assert_eq!(other.say("say:Still here").await.unwrap().texts(), ["Still here"]);

    server.terminate(PATIENCE).unwrap();
    server.restart().await.unwrap();

    let (status, own) = call(&server, "GET", "/api/usage/own?by=model", &admin, &Value::Null).await;
    assert_eq!(status, 200, "{own}");
    let of_model: i64 = own["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["calls"].as_i64().unwrap())
        .sum();
    assert_eq!(of_model, 3, "{own}");
    let (_, all) = call(&server, "GET", "/api/usage?by=outcome&bot=shop", &admin, &Value::Null).await;
    let of = |name: &str| {
        all["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["key"] == name)
            .cloned()
    };
    let answered = of("answered").unwrap_or_else(|| panic!("{all}"));
    assert_eq!(
        (&answered["calls"], &answered["unpriced_calls"]),
        (&json!(2), &json!(0))
    );
    assert_ne!(answered["usd"], "0");
    assert_eq!(
        (&of("refused").unwrap()["calls"], &of("cached").unwrap()["usd"]),
        (&json!(1), &json!("0"))
    );
    let (_, models) = call(&server, "GET", "/api/usage?by=model", &admin, &Value::Null).await;
    assert!(models["items"].to_string().contains(NAME), "{models}");
}

#[tokio::test]
async fn two_nodes_give_each_others_answers_again() {
    let (Some(postgres), Some(redis)) = (Postgres::shared(), Redis::shared()) else {
        return;
    };
    let (database, model) = (postgres.database(), Model::start().await.unwrap());
    let packages = shop(&[("llm-cache", "true")]);
    let setup = || {
        let setup = Setup::new().bots(packages.path()).model(&model);
        setup.env("DATABASE_URL", &database.url).env("REDIS_URL", &redis.url)
    };
    let (one, two) = futures::join!(setup().start(), setup().start());
    let (one, two) = (one.unwrap(), two.unwrap());
    let question = "say:We open at nine";

    let first = Chat::start(&one.url(), "shop")
        .await
        .unwrap()
        .1
        .say(question)
        .await
        .unwrap();
    let second = Chat::start(&two.url(), "shop")
        .await
        .unwrap()
        .1
        .say(question)
        .await
        .unwrap();

    assert_eq!(
        (first.texts(), second.texts()),
        (vec!["We open at nine"], vec!["We open at nine"])
    );
    assert_eq!(model.requests().len(), 1, "the second node asked nobody");
}
