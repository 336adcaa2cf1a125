//! `/api/auth/keys`.

use botlib::Role;
use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, House, call, get, houses, post};

async fn make(house: &House, token: &str, body: Value) -> Answer {
    house.send(post("/api/auth/keys", body).bearer(token)).await
}

async fn status(house: &House, path: &str, token: &str) -> u16 {
    house.send(get(path).bearer(token)).await.status.as_u16()
}

async fn names(house: &House, token: &str) -> Vec<String> {
    let answer = house.send(get("/api/auth/keys").bearer(token)).await;
    let items = answer.body["items"].as_array().cloned().unwrap_or_default();
    assert!(!answer.body.to_string().contains("bk_"), "{}", answer.body);
    let mut names: Vec<String> = items
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_key_does_what_it_may_until_it_expires() {
    for house in houses().await {
        let admin = house.admin().await;
        let made = make(
            &house,
            &admin,
            json!({ "name": "nightly", "permissions": ["users.read"], "bots": ["shop"], "days": 2 }),
        )
        .await;
        assert_eq!(made.status.as_u16(), 201, "{}", made.body);
        let key = made.text("/token");

        assert_eq!(status(&house, "/api/users", &key).await, 200);
        assert_eq!(status(&house, "/api/auth/keys", &key).await, 403);
        let listed = house.send(get("/api/auth/keys").bearer(&admin)).await;
        let item = &listed.body["items"][0];
        assert_eq!(
            (&item["name"], &item["permissions"]),
            (&json!("nightly"), &json!(["users.read"]))
        );
        assert!(item["seen_at"].is_string() && item.get("token").is_none(), "{item}");
        assert_eq!(item["bots"].as_array().unwrap().len(), 1);

        house.pass(TimeDelta::days(1));
        assert_eq!(status(&house, "/api/users", &key).await, 200);
        house.pass(TimeDelta::days(1) + TimeDelta::minutes(1));
        assert_eq!(status(&house, "/api/users", &key).await, 401);
    }
}

#[tokio::test]
async fn keys_belong_to_their_person_who_alone_sees_and_revokes_them() {
    for house in houses().await {
        let admin = house.admin().await;
        let ana = house.person("ana", Role::Member).await;
        let first = make(&house, &ana, json!({ "name": "first" })).await;
        let second = make(&house, &ana, json!({ "name": "second" })).await;
        let path = format!("/api/auth/keys/{}", first.text("/id"));

        assert_eq!(names(&house, &ana).await, ["first", "second"]);
        assert!(names(&house, &admin).await.is_empty());
        let foreign = house.send(call(Method::DELETE, path.clone()).bearer(&admin)).await;
        assert_eq!(foreign.status.as_u16(), 404);
        // A key never does more than its person may.
        assert_eq!(status(&house, "/api/users", &first.text("/token")).await, 403);
        let more = make(&house, &ana, json!({ "name": "more", "permissions": ["users.write"] })).await;
        assert_eq!(more.status.as_u16(), 403, "{}", more.body);

        let revoked = house.send(call(Method::DELETE, path).bearer(&ana)).await;

        assert_eq!(revoked.status.as_u16(), 204);
        assert_eq!(names(&house, &ana).await, ["second"]);
        assert_eq!(status(&house, "/api/users", &first.text("/token")).await, 401);
        assert_eq!(status(&house, "/api/users", &second.text("/token")).await, 403);
    }
}

#[tokio::test]
async fn another_node_knows_a_key_and_its_end() {
    for house in houses().await {
        let admin = house.admin().await;
        let (_, other) = house.other_node().await;
        let made = make(&house, &admin, json!({ "name": "both", "permissions": ["users.read"] })).await;
        let key = made.text("/token");
        let asked = async || get("/api/users").bearer(&key).send(&other).await.status.as_u16();
        assert_eq!(asked().await, 200);

        let path = format!("/api/auth/keys/{}", made.text("/id"));
        house.send(call(Method::DELETE, path).bearer(&admin)).await;
        // What a node remembers of a credential is short-lived.
        house.pass(TimeDelta::minutes(10));

        assert_eq!(asked().await, 401);
    }
}
