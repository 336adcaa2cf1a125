//! `/api/users`.

use botlib::Role;
use botstate::event::{Event, Notice};
use futures::{StreamExt as _, future::join};
use http::header;
use serde_json::json;

use crate::support::{Answer, Call, House, PASSWORD, claim, get, houses, login, patch, post, token_of};

async fn invite(house: &House, token: &str, email: &str, role: &str) -> Answer {
    let body = json!({ "email": email, "name": "Ana Souza", "role": role });
    house.send(post("/api/users", body).bearer(token)).await
}

#[tokio::test]
async fn every_route_declares_who_may_enter() {
    for house in houses().await {
        let table: Vec<String> = house
            .composed()
            .entries
            .iter()
            .filter(|entry| entry.path.starts_with("/api/auth") || entry.path.starts_with("/api/users"))
            .map(|entry| {
                format!(
                    "{:<6} {:<26} {}",
                    entry.method.as_str(),
                    entry.path,
                    entry.access.name()
                )
            })
            .collect();

        insta::allow_duplicates! {
        insta::assert_snapshot!(table.join("\n"), @r#"
        GET    /api/auth                  public
        POST   /api/auth/claim            public
        GET    /api/auth/keys             account.manage
        POST   /api/auth/keys             account.manage
        DELETE /api/auth/keys/{id}        account.manage
        POST   /api/auth/login            public
        POST   /api/auth/logout           account.manage
        GET    /api/auth/me               account.manage
        POST   /api/auth/organization     account.manage
        POST   /api/auth/password         account.manage
        GET    /api/auth/sessions         account.manage
        DELETE /api/auth/sessions/{id}    account.manage
        GET    /api/auth/whoami           public
        GET    /api/users                 users.read
        POST   /api/users                 users.write
        GET    /api/users/{id}            users.read
        PATCH  /api/users/{id}            users.write
        POST   /api/users/{id}/link       users.write
        "#);
        }
    }
}

#[tokio::test]
async fn people_are_looked_after_by_administrators_only() {
    for house in houses().await {
        let visitor = house.send(get("/api/auth")).await.text("/token");
        let member = house.person("member", Role::Member).await;
        let operator = house.person("operator", Role::Operator).await;
        let id = house.auth.find_person("member@example.org").await.unwrap().unwrap().id;
        let calls: [Call; 5] = [
            get("/api/users"),
            get(format!("/api/users/{id}")),
            post(
                "/api/users",
                json!({ "email": "x@example.org", "name": "X", "role": "admin" }),
            ),
            patch(format!("/api/users/{id}"), json!({ "role": "admin" })),
            post(format!("/api/users/{id}/link"), json!({})),
        ];

        for call in calls {
            assert_eq!(house.send(call.clone()).await.outcome(), (401, "auth/required"));
            for token in [&visitor, &member, &operator] {
                assert_eq!(
                    house.send(call.clone().bearer(token)).await.outcome(),
                    (403, "auth/forbidden")
                );
            }
        }
    }
}

#[tokio::test]
async fn invited_person_claims_the_account_and_signs_in() {
    for house in houses().await {
        let admin = house.admin().await;

        let invited = invite(&house, &admin, " Ana@Example.org", "member").await;
        let link = invited.text("/claim/url");
        let claimed = house.send(claim(link.split_once('#').unwrap().1, PASSWORD)).await;

        assert_eq!(invited.status, 201);
        insta::allow_duplicates! {
        insta::assert_json_snapshot!(invited.body, { ".person.id" => "[uuid]", ".claim.url" => "[link]" }, @r#"
        {
          "person": {
            "id": "[uuid]",
            "email": "ana@example.org",
            "name": "Ana Souza",
            "role": "member",
            "permissions": [
              "chat.talk",
              "account.manage",
              "kb.read"
            ],
            "disabled": false,
            "claimed": false,
            "created_at": "2027-01-15T08:00:00Z"
          },
          "claim": {
            "url": "[link]",
            "expires_at": "2027-01-16T08:00:00Z"
          }
        }
        "#);
        }
        let location = invited.headers[header::LOCATION].to_str().unwrap();
        let seen = house.send(get(location).bearer(&admin)).await;
        assert_eq!(
            (seen.text("/email"), &seen.body["claimed"]),
            ("ana@example.org".to_owned(), &json!(true))
        );
        assert_eq!(claimed.text("/person/id"), seen.text("/id"));
        assert_eq!(house.send(login("ana@example.org", PASSWORD)).await.status, 200);
    }
}

#[tokio::test]
async fn mail_address_belongs_to_one_account() {
    for house in houses().await {
        let admin = house.admin().await;
        invite(&house, &admin, "ana@example.org", "member").await;

        let again = invite(&house, &admin, "ANA@example.org ", "member").await;

        assert_eq!(again.outcome(), (409, "auth/email-taken"));
        let by_hand = house.auth.create_person("ana@example.org", "Ana", Role::Member).await;
        assert!(by_hand.is_err());
    }
}

#[tokio::test]
async fn values_that_do_not_fit_are_named() {
    for house in houses().await {
        let admin = house.admin().await;

        for (body, field) in [
            (json!({ "email": "ana", "name": "Ana", "role": "member" }), "/email"),
            (
                json!({ "email": "ana@example.org", "name": " ", "role": "member" }),
                "/name",
            ),
            (
                json!({ "email": "ana@example.org", "name": "Ana", "role": "visitor" }),
                "/role",
            ),
        ] {
            let answer = house.send(post("/api/users", body).bearer(&admin)).await;
            assert_eq!(answer.outcome(), (422, "request/invalid"));
            assert_eq!(answer.text("/errors/0/field"), field);
        }
    }
}

#[tokio::test]
async fn people_are_listed_page_by_page() {
    for house in houses().await {
        let admin = house.admin().await;
        for name in ["a", "b", "c"] {
            invite(&house, &admin, &format!("{name}@example.org"), "member").await;
        }

        let first = house.send(get("/api/users?limit=3").bearer(&admin)).await;
        let second = house
            .send(get(format!("/api/users?limit=3&after={}", first.text("/next"))).bearer(&admin))
            .await;

        let emails = |answer: &Answer| -> Vec<String> {
            let items = answer.body["items"].as_array().unwrap();
            items
                .iter()
                .map(|item| item["email"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(emails(&first), ["admin@localhost", "a@example.org", "b@example.org"]);
        assert_eq!(emails(&second), ["c@example.org"]);
        assert!(second.body.get("next").is_none());
    }
}

#[tokio::test]
async fn disabled_person_is_shut_out_at_once_and_may_come_back() {
    for house in houses().await {
        let admin = house.admin().await;
        let ana = house.person("ana", Role::Member).await;
        let ticket = house.send(get("/api/auth").bearer(&ana)).await.text("/token");
        let id = house.auth.find_person("ana@example.org").await.unwrap().unwrap().id;
        let link = house
            .auth
            .renew_link(&botlib::Caller::system(house.state.org), id)
            .await
            .unwrap();
        let (_, other) = house.other_node().await;
        let mut heard = house.state.events.subscribe().await.unwrap();
        let set = |disabled: bool| patch(format!("/api/users/{id}"), json!({ "disabled": disabled })).bearer(&admin);

        let answer = house.send(set(true)).await;

        assert_eq!(answer.body["disabled"], true);
        assert_eq!(
            heard.next().await,
            Some(Notice::Event(Event::PersonRefused { person: id }))
        );
        assert_eq!(
            get("/api/auth/me").bearer(&ana).send(&other).await.outcome(),
            (401, "auth/bad-token")
        );
        assert_eq!(
            house.send(get("/api/auth").bearer(&ticket)).await.text("/status"),
            "anonymous"
        );
        assert_eq!(house.send(login("ana@example.org", PASSWORD)).await.status, 401);
        assert_eq!(house.send(claim(&token_of(&link), PASSWORD)).await.status, 404);
        let renewed = post(format!("/api/users/{id}/link"), json!({})).bearer(&admin);
        assert_eq!(house.send(renewed).await.status, 404);

        assert_eq!(house.send(set(false)).await.body["disabled"], false);
        assert_eq!(
            house.send(get("/api/auth/me").bearer(&ana)).await.status,
            401,
            "old sessions stay ended"
        );
        assert_eq!(house.send(login("ana@example.org", PASSWORD)).await.status, 200);
    }
}

#[tokio::test]
async fn role_that_is_lost_is_lost_at_once() {
    for house in houses().await {
        let admin = house.admin().await;
        let second = house.person("second", Role::Admin).await;
        let id = house.auth.find_person("second@example.org").await.unwrap().unwrap().id;
        assert_eq!(house.send(get("/api/users").bearer(&second)).await.status, 200);

        let change = patch(
            format!("/api/users/{id}"),
            json!({ "role": "member", "name": "Second" }),
        );
        let answer = house.send(change.bearer(&admin)).await;

        assert_eq!(
            (answer.text("/role"), answer.text("/name")),
            ("member".to_owned(), "Second".to_owned())
        );
        assert_eq!(
            house.send(get("/api/users").bearer(&second)).await.outcome(),
            (403, "auth/forbidden")
        );
    }
}

#[tokio::test]
async fn last_administrator_remains_one() {
    for house in houses().await {
        let admin = house.admin().await;
        let id = house.auth.find_person("admin@localhost").await.unwrap().unwrap().id;
        // An administrator who has not claimed the account is no help.
        house
            .auth
            .create_person("second@example.org", "Second", Role::Admin)
            .await
            .unwrap();

        for change in [json!({ "role": "member" }), json!({ "disabled": true })] {
            let answer = house
                .send(patch(format!("/api/users/{id}"), change).bearer(&admin))
                .await;
            assert_eq!(answer.outcome(), (409, "auth/last-admin"));
        }
        let name = patch(format!("/api/users/{id}"), json!({ "name": "Chief" })).bearer(&admin);
        assert_eq!(house.send(name).await.text("/name"), "Chief");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_administrators_who_demote_each_other_one_remains() {
    for house in houses().await {
        let one = house.admin().await;
        let two = house.person("two", Role::ServerAdmin).await;
        let id = async |email: &str| house.auth.find_person(email).await.unwrap().unwrap().id;
        let (id_one, id_two) = (id("admin@localhost").await, id("two@example.org").await);
        let demote = |id, token: &str| patch(format!("/api/users/{id}"), json!({ "role": "member" })).bearer(token);

        join(house.send(demote(id_two, &one)), house.send(demote(id_one, &two))).await;

        let mut admins = 0;
        for email in ["admin@localhost", "two@example.org"] {
            let person = house.auth.find_person(email).await.unwrap().unwrap();
            admins += usize::from(person.role == Role::ServerAdmin);
        }
        assert_eq!(admins, 1);
    }
}

#[tokio::test]
async fn unknown_person_is_not_found() {
    for house in houses().await {
        let admin = house.admin().await;
        let path = format!("/api/users/{}", botlib::PersonId::new());

        assert_eq!(house.send(get(&path).bearer(&admin)).await.status, 404);
        assert_eq!(house.send(patch(&path, json!({})).bearer(&admin)).await.status, 404);
        assert_eq!(house.send(get("/api/users/x").bearer(&admin)).await.status, 400);
    }
}
