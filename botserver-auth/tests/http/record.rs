//! What goes on record of accounts and sessions.

use botlib::Role;
use botstate::{
    db::{self, audit_acts},
    on_each,
};
use diesel::prelude::*;
use http::{Method, StatusCode};
use serde_json::json;

use crate::support::{House, PASSWORD, call, houses, login, post};

/// Actor's kind, action, object's kind, outcome and detail of every act.
async fn acts(house: &House) -> Vec<String> {
    type Row = (String, String, String, String, String);
    let rows: Vec<Row> = house
        .state
        .db
        .read(|conn| {
            on_each!(conn, |conn| audit_acts::table
                .order((audit_acts::at, audit_acts::id))
                .select((
                    audit_acts::actor,
                    audit_acts::action,
                    audit_acts::object,
                    audit_acts::outcome,
                    audit_acts::detail
                ))
                .load(conn))
            .map_err(db::Error::from)
        })
        .await
        .unwrap();
    let kind = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
    rows.iter()
        .map(|(actor, action, object, outcome, detail)| {
            format!("{} {action} {} {outcome} {detail}", kind(actor), kind(object))
        })
        .collect()
}

#[tokio::test]
async fn signing_in_and_being_refused_go_on_record_without_the_password() {
    for house in houses().await {
        house.person("ann", Role::Member).await;
        let before = acts(&house).await.len();

        let good = house.send(login("ann@example.org", PASSWORD)).await;
        let bad = house.send(login("ann@example.org", "a guess that is wrong")).await;
        let unknown = house.send(login("eve@example.org", PASSWORD)).await;

        assert_eq!(
            [good.status, bad.status, unknown.status],
            [StatusCode::OK, StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED]
        );
        let noted = acts(&house).await.split_off(before);
        let told: Vec<_> = noted.iter().map(|act| act.split('{').next().unwrap().trim()).collect();
        assert_eq!(
            told,
            [
                "person auth.sign-in session done",
                "nobody auth.sign-in  refused",
                "nobody auth.sign-in  refused"
            ]
        );
        assert!(noted[2].contains("eve@example.org"), "{noted:?}");
        assert!(
            noted
                .iter()
                .all(|act| !act.contains(PASSWORD) && !act.contains("guess")),
            "{noted:?}"
        );
    }
}

#[tokio::test]
async fn keys_and_sessions_go_on_record_and_what_was_refused_does_not_look_done() {
    for house in houses().await {
        let token = house.person("ann", Role::Member).await;
        let before = acts(&house).await.len();

        let key = house
            .send(post("/api/auth/keys", json!({ "name": "script" })).bearer(&token))
            .await;
        assert_eq!(key.status, StatusCode::CREATED, "{}", key.body);
        let id = key.text("/id");
        let path = format!("/api/auth/keys/{id}");
        assert_eq!(
            house.send(call(Method::DELETE, &path).bearer(&token)).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            house.send(call(Method::DELETE, &path).bearer(&token)).await.status,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            house
                .send(post("/api/auth/logout", json!({})).bearer(&token))
                .await
                .status,
            StatusCode::NO_CONTENT
        );

        let noted = acts(&house).await.split_off(before);
        let told: Vec<_> = noted.iter().map(|act| act.split('{').next().unwrap().trim()).collect();
        assert_eq!(
            told,
            [
                "person keys.create key done",
                "person keys.revoke key done",
                "person auth.end-session session done"
            ]
        );
    }
}
