//! `GET /api/auth`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use botlib::{Permission, RequestId, Role, Subject};
use botserver_core::Authenticator as _;
use botstate::identity::Visitors as _;
use chrono::TimeDelta;
use http::{HeaderMap, header};
use serde_json::json;

use crate::support::{Answer, House, call, get, houses};

async fn visit(house: &House, bot: &str, token: Option<&str>) -> Answer {
    let call = get(format!("/api/auth?bot_name={bot}"));
    house
        .send(match token {
            Some(token) => call.bearer(token),
            None => call,
        })
        .await
}

#[tokio::test]
async fn new_visitor_gets_ids_and_the_token_that_proves_them() {
    for house in houses().await {
        let answer = visit(&house, "SHOP", None).await;

        insta::allow_duplicates! {
        insta::assert_json_snapshot!(answer.body, {
            ".user_id" => "[uuid]", ".session_id" => "[uuid]", ".bot_id" => "[uuid]", ".token" => "[token]"
        }, @r#"
        {
          "user_id": "[uuid]",
          "session_id": "[uuid]",
          "bot_id": "[uuid]",
          "bot_name": "shop",
          "status": "anonymous",
          "token": "[token]",
          "expires_at": "2027-02-14T08:00:00Z"
        }
        "#);
        }
        assert_eq!(answer.text("/token").split('.').count(), 3);
    }
}

#[tokio::test]
async fn default_bot_is_visited_when_none_is_named() {
    for house in houses().await {
        let answer = house.send(get("/api/auth")).await;

        assert_eq!(answer.text("/bot_name"), "default");
    }
}

#[tokio::test]
async fn visitors_token_brings_the_same_conversation_back_with_a_fresh_token() {
    for house in houses().await {
        let first = visit(&house, "shop", None).await;
        house.pass(TimeDelta::days(1));

        let again = visit(&house, "shop", Some(&first.text("/token"))).await;

        assert_eq!(again.text("/user_id"), first.text("/user_id"));
        assert_eq!(again.text("/session_id"), first.text("/session_id"));
        assert!(again.text("/expires_at") > first.text("/expires_at"));
        assert_ne!(again.text("/token"), first.text("/token"));
    }
}

#[tokio::test]
async fn ids_without_a_token_are_not_believed() {
    for house in houses().await {
        let first = visit(&house, "shop", None).await;
        let claimed = format!(
            "/api/auth?bot_name=shop&user_id={}&session_id={}",
            first.text("/user_id"),
            first.text("/session_id")
        );

        let again = house.send(get(claimed)).await;
        let nonsense = house.send(get("/api/auth?user_id=%27--&session_id=1")).await;

        assert_ne!(again.text("/user_id"), first.text("/user_id"));
        assert_ne!(again.text("/session_id"), first.text("/session_id"));
        assert_eq!(nonsense.status, 200);
    }
}

#[tokio::test]
async fn token_for_another_bot_makes_a_new_visitor() {
    for house in houses().await {
        let first = visit(&house, "shop", None).await;

        let other = visit(&house, "default", Some(&first.text("/token"))).await;

        assert_ne!(other.text("/session_id"), first.text("/session_id"));
        assert_ne!(other.text("/user_id"), first.text("/user_id"));
    }
}

#[tokio::test]
async fn token_whose_time_is_over_makes_its_bearer_nobody() {
    for house in houses().await {
        let first = visit(&house, "shop", None).await;
        house.pass(TimeDelta::seconds(2_592_000));

        let again = visit(&house, "shop", Some(&first.text("/token"))).await;
        let refused = house.send(get("/api/users").bearer(&first.text("/token"))).await;

        assert_eq!(again.status, 200);
        assert_ne!(again.text("/user_id"), first.text("/user_id"));
        assert_eq!(refused.outcome(), (401, "auth/required"));
    }
}

#[tokio::test]
async fn forged_tokens_are_refused_everywhere() {
    for house in houses().await {
        let token = visit(&house, "shop", None).await.text("/token");
        let parts: Vec<&str> = token.split('.').collect();
        let header = |header: serde_json::Value| BASE64.encode(header.to_string());
        let typ = "botserver-visitor+jwt";
        let forged = [
            format!("{}.{}.", header(json!({ "typ": typ, "alg": "none" })), parts[1]),
            format!(
                "{}.{}.{}",
                header(json!({ "typ": typ, "alg": "HS512" })),
                parts[1],
                parts[2]
            ),
            format!(
                "{}.{}.{}",
                header(json!({ "typ": "botserver-ticket+jwt", "alg": "HS256" })),
                parts[1],
                parts[2]
            ),
            format!(
                "{}.{}.{}",
                parts[0],
                BASE64.encode(r#"{"aud":"botserver.visitor"}"#),
                parts[2]
            ),
            format!("{}.{}.{}x", parts[0], parts[1], parts[2]),
            "bs_".to_owned(),
            format!("bs_{}", "A".repeat(43)),
            "nonsense".to_owned(),
        ];

        for token in forged {
            for path in ["/api/auth", "/api/auth/me", "/api/users"] {
                let answer = house.send(get(path).bearer(&token)).await;
                assert_eq!(answer.outcome(), (401, "auth/bad-token"), "{path} {token}");
            }
        }
    }
}

#[tokio::test]
async fn unknown_bot_is_not_found() {
    for house in houses().await {
        assert_eq!(visit(&house, "nobody", None).await.outcome(), (404, "chat/unknown-bot"));
    }
}

#[tokio::test]
async fn bot_that_is_not_public_wants_people() {
    for house in houses().await {
        let visitor = visit(&house, "shop", None).await.text("/token");
        let member = house.person("ana", Role::Member).await;

        assert_eq!(
            visit(&house, "staff", None).await.outcome(),
            (401, "auth/bot-not-public")
        );
        assert_eq!(
            visit(&house, "staff", Some(&visitor)).await.outcome(),
            (401, "auth/bot-not-public")
        );
        assert_eq!(visit(&house, "staff", Some(&member)).await.text("/status"), "signed_in");
    }
}

#[tokio::test]
async fn person_has_one_conversation_with_a_bot_on_every_device() {
    for house in houses().await {
        let ana = house.person("ana", Role::Member).await;
        let ben = house.person("ben", Role::Member).await;
        let me = house.send(get("/api/auth/me").bearer(&ana)).await;

        let by_token = visit(&house, "shop", Some(&ana)).await;
        let by_cookie = house.send(get("/api/auth?bot_name=shop").cookie(&ana)).await;
        let of_ben = visit(&house, "shop", Some(&ben)).await;

        assert_eq!(by_token.text("/user_id"), me.text("/id"));
        assert_eq!(by_token.text("/session_id"), by_cookie.text("/session_id"));
        assert_ne!(by_token.text("/session_id"), of_ben.text("/session_id"));
    }
}

#[tokio::test]
async fn cookie_of_a_person_counts_more_than_a_visitors_token() {
    for house in houses().await {
        let visitor = visit(&house, "shop", None).await.text("/token");
        let ana = house.person("ana", Role::Member).await;
        let page = get("/api/auth?bot_name=shop").bearer(&visitor);

        let signed_in = house.send(page.clone().cookie(&ana)).await;
        let stale = house.send(page.clone().cookie("bs_stale")).await;
        let framed = house
            .send(page.cookie(&ana).header(header::ORIGIN, "https://evil.example"))
            .await;

        assert_eq!(signed_in.text("/status"), "signed_in");
        assert_eq!(stale.text("/status"), "anonymous");
        assert_eq!(framed.text("/status"), "anonymous");
    }
}

#[tokio::test]
async fn ticket_talks_in_a_persons_name_and_does_nothing_else() {
    for house in houses().await {
        let admin = house.admin().await;
        let ticket = visit(&house, "shop", Some(&admin)).await.text("/token");

        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, format!("Bearer {ticket}").parse().unwrap())]);
        let proved = house
            .auth
            .authenticate(&headers, house.state.org, RequestId::new())
            .await
            .unwrap();
        let again = visit(&house, "shop", Some(&ticket)).await;

        assert_eq!(again.text("/status"), "signed_in");
        assert_eq!(proved.visit.unwrap().1.to_string(), again.text("/session_id"));
        assert!(matches!(proved.subject, Subject::Person(_)) && proved.permissions.iter().eq([&Permission::ChatTalk]));
        for path in ["/api/auth/me", "/api/auth/sessions", "/api/users"] {
            assert_eq!(
                house.send(get(path).bearer(&ticket)).await.outcome(),
                (403, "auth/forbidden"),
                "{path}"
            );
        }
        let logout = call(http::Method::POST, "/api/auth/logout");
        assert_eq!(house.send(logout.clone().bearer(&ticket)).await.status, 403);

        house.send(logout.bearer(&admin)).await;
        assert_eq!(visit(&house, "shop", Some(&ticket)).await.text("/status"), "anonymous");
    }
}

#[tokio::test]
async fn socket_without_a_token_is_let_in_as_a_new_visitor_of_public_bots_only() {
    for house in houses().await {
        let bots = house.state.ports.bots.clone().unwrap();
        let request = RequestId::new();

        let (caller, token) = house.auth.admit(&bots.find("shop").unwrap(), request).await.unwrap();
        let refused = house.auth.admit(&bots.find("staff").unwrap(), request).await;

        assert!(refused.is_none());
        let protocol = format!("botserver.v1, token.{token}");
        let headers = HeaderMap::from_iter([(header::SEC_WEBSOCKET_PROTOCOL, protocol.parse().unwrap())]);
        let proved = house
            .auth
            .authenticate(&headers, house.state.org, request)
            .await
            .unwrap();
        assert_eq!(proved, caller);
        let again = visit(&house, "shop", Some(&token)).await;
        assert_eq!(again.text("/session_id"), caller.visit.unwrap().1.to_string());
    }
}
