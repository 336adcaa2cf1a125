//! Signing in and sessions.

use botlib::Role;
use botstate::event::{Event, Notice};
use chrono::TimeDelta;
use futures::StreamExt as _;
use http::{Method, header};
use serde_json::json;

use crate::support::{Call, PASSWORD, call, get, houses, houses_with, login, patch, post};

const ANA: &str = "ana@example.org";

fn me(token: &str) -> Call {
    get("/api/auth/me").bearer(token)
}

fn logout() -> Call {
    call(Method::POST, "/api/auth/logout")
}

#[tokio::test]
async fn person_signs_in_and_is_known_by_token_and_cookie() {
    for house in houses().await {
        house.person("ana", Role::Operator).await;

        let answer = house.send(login(" Ana@Example.org ", PASSWORD)).await;

        insta::allow_duplicates! {
        insta::assert_json_snapshot!(answer.body, { ".token" => "[token]", ".person.id" => "[uuid]" }, @r#"
        {
          "token": "[token]",
          "person": {
            "id": "[uuid]",
            "email": "ana@example.org",
            "name": "ana",
            "role": "operator",
            "permissions": [
              "chat.talk",
              "account.manage",
              "bots.read",
              "kb.read",
              "kb.manage",
              "usage.read",
              "monitoring.read"
            ],
            "disabled": false,
            "claimed": true,
            "created_at": "2027-01-15T08:00:00Z"
          },
          "expires_at": "2027-02-14T08:00:00Z"
        }
        "#);
        }
        let token = answer.text("/token");
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        assert_eq!(
            cookie,
            format!("botserver_session={token}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax")
        );
        assert_eq!(house.send(me(&token)).await.text("/email"), ANA);
        assert_eq!(house.send(get("/api/auth/me").cookie(&token)).await.text("/email"), ANA);
    }
}

#[tokio::test]
async fn cookie_is_for_tls_only_when_people_come_through_tls() {
    let behind_tls = houses_with(|config| config.http.public_url = Some("https://chat.example".parse().unwrap()));
    for house in behind_tls.await {
        house.person("ana", Role::Member).await;

        let answer = house.send(login(ANA, PASSWORD)).await;

        assert!(
            answer.headers[header::SET_COOKIE]
                .to_str()
                .unwrap()
                .ends_with("; Secure")
        );
    }
}

#[tokio::test]
async fn answer_does_not_tell_whether_an_account_exists() {
    for house in houses().await {
        let admin = house.admin().await;
        house.person("ana", Role::Member).await;
        house
            .auth
            .create_person("unclaimed@example.org", "Ben", Role::Member)
            .await
            .unwrap();
        house.person("shut", Role::Member).await;
        let shut = house.auth.find_person("shut@example.org").await.unwrap().unwrap();
        let change = patch(format!("/api/users/{}", shut.id), json!({ "disabled": true })).bearer(&admin);
        assert_eq!(house.send(change).await.status, 200);

        let mut answers = Vec::new();
        for (email, password) in [
            (ANA, "seven wooden forks"),
            ("nobody@example.org", PASSWORD),
            ("unclaimed@example.org", PASSWORD),
            ("shut@example.org", PASSWORD),
            ("no address", PASSWORD),
            (ANA, ""),
            (ANA, &"x".repeat(100_000)),
        ] {
            let answer = house.send(login(email, password)).await;
            assert!(!answer.headers.contains_key(header::SET_COOKIE));
            let mut body = answer.body;
            body.as_object_mut().unwrap().remove("instance");
            answers.push(body);
        }

        assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:#?}");
        insta::allow_duplicates! {
        insta::assert_json_snapshot!(answers[0], @r#"
        {
          "type": "auth/wrong-credentials",
          "title": "Signing in failed",
          "status": 401,
          "detail": "the mail address or the password is wrong"
        }
        "#);
        }
    }
}

#[tokio::test]
async fn no_account_can_be_tried_more_than_ten_times_in_a_quarter_of_an_hour() {
    for house in houses().await {
        house.person("ana", Role::Member).await;

        let mut tries = Vec::new();
        for second in (0..3600).step_by(30) {
            match house.send(login(ANA, "seven wooden forks")).await.outcome() {
                (401, "auth/wrong-credentials") => tries.push(second),
                (429, "auth/too-many-tries") => {}
                other => panic!("{other:?}"),
            }
            house.pass(TimeDelta::seconds(30));
        }

        assert!(tries.len() > 10, "tries come back: {tries:?}");
        for start in &tries {
            let window = tries.iter().filter(|at| (*start..start + 900).contains(*at)).count();
            assert!(window <= 10, "{window} tries from {start} on: {tries:?}");
        }
    }
}

#[tokio::test]
async fn guesses_from_elsewhere_lock_nobody_out() {
    for house in houses().await {
        house.person("ana", Role::Member).await;
        let guess = login(ANA, "seven wooden forks").from("198.51.100.7");
        while house.send(guess.clone()).await.status != 429 {}

        let refused = house.send(guess).await;
        let owner = house.send(login(ANA, PASSWORD)).await;

        assert!(
            refused.headers[header::RETRY_AFTER]
                .to_str()
                .unwrap()
                .parse::<u64>()
                .unwrap()
                <= 451
        );
        assert_eq!(owner.status, 200);
    }
}

#[tokio::test]
async fn one_address_cannot_try_many_accounts() {
    for house in houses().await {
        let mut tried = 0;
        while house
            .send(login(&format!("{tried}@example.org"), "seven wooden forks"))
            .await
            .status
            == 401
        {
            tried += 1;
        }

        assert_eq!(tried, 60);
        assert_eq!(
            house
                .send(login("x@example.org", "seven wooden forks").from("192.0.2.9"))
                .await
                .status,
            401
        );
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie_away() {
    for house in houses().await {
        let token = house.person("ana", Role::Member).await;

        let answer = house
            .send(logout().cookie(&token).header(header::ORIGIN, "http://localhost:8080"))
            .await;

        assert_eq!(answer.status, 204);
        assert_eq!(
            answer.headers[header::SET_COOKIE],
            "botserver_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
        assert_eq!(house.send(me(&token)).await.outcome(), (401, "auth/bad-token"));
        assert_eq!(
            house.send(get("/api/auth/me").cookie(&token)).await.outcome(),
            (401, "auth/bad-token")
        );
    }
}

#[tokio::test]
async fn pages_of_other_sites_cannot_spend_the_cookie() {
    let open = houses_with(|config| config.http.cors_origins = vec!["*".to_owned()]);
    for house in open.await {
        let token = house.person("ana", Role::Member).await;

        for origin in [
            "https://evil.example",
            "null",
            "http://localhost",
            "http://localhost:8080.evil.example",
        ] {
            let change = house.send(logout().cookie(&token).header(header::ORIGIN, origin)).await;
            let look = house
                .send(get("/api/auth/me").cookie(&token).header(header::ORIGIN, origin))
                .await;
            assert_eq!(change.outcome(), (401, "auth/cross-origin"), "{origin}");
            assert_eq!(look.outcome(), (401, "auth/cross-origin"), "{origin}");
        }
        let with_token = me(&token).header(header::ORIGIN, "https://partner.example");
        assert_eq!(house.send(with_token).await.status, 200);
    }
}

#[tokio::test]
async fn stale_cookie_does_not_keep_anybody_from_signing_in() {
    for house in houses().await {
        house.person("ana", Role::Member).await;

        let answer = house.send(login(ANA, PASSWORD).cookie("bs_stale")).await;

        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn sessions_are_listed_and_each_can_be_ended() {
    for house in houses().await {
        let first = house.person("ana", Role::Member).await;
        let phone = json!({ "email": ANA, "password": PASSWORD, "device": "phone" });
        let second = house.send(post("/api/auth/login", phone)).await.text("/token");
        let ben = house.person("ben", Role::Member).await;

        let page = house.send(get("/api/auth/sessions?limit=1").bearer(&second)).await;
        let next = page.text("/next");
        let rest = house
            .send(get(format!("/api/auth/sessions?limit=1&after={next}")).bearer(&second))
            .await;
        let item = &rest.body["items"][0];

        assert_eq!(page.body["items"][0]["is_current"], false);
        assert_eq!((&item["device"], &item["is_current"]), (&json!("phone"), &json!(true)));
        assert!(rest.body.get("next").is_none());

        let path = format!("/api/auth/sessions/{}", page.text("/items/0/id"));
        assert_eq!(house.send(call(Method::DELETE, &path).bearer(&ben)).await.status, 404);
        assert_eq!(house.send(me(&first)).await.status, 200);
        assert_eq!(
            house.send(call(Method::DELETE, &path).bearer(&second)).await.status,
            204
        );
        assert_eq!(house.send(me(&first)).await.status, 401);
        assert_eq!(
            house.send(call(Method::DELETE, &path).bearer(&second)).await.status,
            404
        );
        assert_eq!(house.send(me(&second)).await.status, 200);
    }
}

#[tokio::test]
async fn malformed_cursor_and_id_are_refused() {
    for house in houses().await {
        let token = house.person("ana", Role::Member).await;

        let cursor = house.send(get("/api/auth/sessions?after=x").bearer(&token)).await;
        let id = house
            .send(call(Method::DELETE, "/api/auth/sessions/x").bearer(&token))
            .await;

        assert_eq!(cursor.outcome(), (422, "request/invalid"));
        assert_eq!(id.status, 400);
    }
}

#[tokio::test]
async fn session_that_ends_on_one_node_is_refused_on_another_at_once() {
    for house in houses().await {
        let token = house.person("ana", Role::Member).await;
        let (_, other) = house.other_node().await;
        assert_eq!(me(&token).send(&other).await.status, 200);
        let mut heard = house.state.events.subscribe().await.unwrap();

        house.send(logout().bearer(&token)).await;

        assert_eq!(me(&token).send(&other).await.outcome(), (401, "auth/bad-token"));
        assert!(matches!(
            heard.next().await,
            Some(Notice::Event(Event::SessionEnded { .. }))
        ));
    }
}

#[tokio::test]
async fn session_ends_after_a_week_without_use() {
    for house in houses().await {
        let token = house.person("ana", Role::Member).await;

        for _ in 0..3 {
            house.pass(TimeDelta::days(6));
            assert_eq!(house.send(me(&token)).await.status, 200);
        }
        house.pass(TimeDelta::days(7));

        assert_eq!(house.send(me(&token)).await.status, 401);
    }
}

#[tokio::test]
async fn session_ends_after_a_month_however_much_it_is_used() {
    for house in houses().await {
        let token = house.person("ana", Role::Member).await;

        for _ in 0..29 {
            house.pass(TimeDelta::days(1));
            assert_eq!(house.send(me(&token)).await.status, 200);
        }
        house.pass(TimeDelta::days(1));

        assert_eq!(house.send(me(&token)).await.status, 401);
    }
}

#[tokio::test]
async fn last_use_is_noted_once_a_minute() {
    for house in houses().await {
        let token = house.person("ana", Role::Member).await;
        let seen = async || {
            house
                .send(get("/api/auth/sessions").bearer(&token))
                .await
                .text("/items/0/seen_at")
        };

        let at_first = seen().await;
        house.pass(TimeDelta::seconds(59));
        let within_the_minute = seen().await;
        house.pass(TimeDelta::seconds(1));
        let after_it = seen().await;

        assert_eq!(at_first, within_the_minute);
        assert!(after_it > at_first);
    }
}
