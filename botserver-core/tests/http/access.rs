//! Who may enter.

use std::fmt::Write;

use botlib::{Access, Role};

use crate::support::{app, get, request, send};

#[tokio::test]
async fn nobody_gets_401_and_a_caller_without_the_permission_403() {
    let app = app(|_| ());
    for path in ["/api/secret", "/admin", "/metrics"] {
        let nobody = get(&app, path, &[]).await;
        let member = get(&app, path, &[("authorization", "Bearer member")]).await;
        let operator = get(&app, path, &[("authorization", "Bearer operator")]).await;

        assert_eq!(
            (nobody.status.as_u16(), nobody.problem()["type"].as_str()),
            (401, Some("auth/required"))
        );
        assert_eq!(nobody.header("www-authenticate"), "Bearer");
        assert_eq!(
            (member.status.as_u16(), member.problem()["type"].as_str()),
            (403, Some("auth/forbidden"))
        );
        assert_eq!(operator.status, 200, "{path}");
    }
}

#[tokio::test]
async fn bad_bearer_token_is_refused_on_public_api_routes_too() {
    let app = app(|_| ());
    let forged = [("authorization", "Bearer forged")];

    assert_eq!(
        get(&app, "/api/orders", &forged).await.problem()["type"],
        "auth/invalid"
    );
    assert_eq!(get(&app, "/", &forged).await.status, 200);
}

#[tokio::test]
async fn stale_cookie_locks_nobody_out_of_public_routes() {
    let app = app(|_| ());
    let stale = [("cookie", "role=old")];

    assert_eq!(get(&app, "/api/orders", &stale).await.status, 200);
    assert_eq!(get(&app, "/api/secret", &stale).await.problem()["type"], "auth/invalid");
}

#[tokio::test]
async fn authenticator_that_fails_lets_nobody_in() {
    let app = app(|_| ());
    let broken = [("authorization", "Bearer broken")];

    assert_eq!(get(&app, "/api/secret", &broken).await.status, 503);
    assert_eq!(get(&app, "/api/orders", &broken).await.status, 503);
}

#[tokio::test]
async fn metrics_token_reads_the_metrics_and_nothing_else() {
    let app = app(|handles| handles.http.metrics_token = Some(botlib::Secret::new("scrape-me")));
    let token = [("authorization", "Bearer scrape-me")];

    assert_eq!(get(&app, "/metrics", &token).await.status, 200);
    assert_eq!(get(&app, "/api/secret", &token).await.status, 403);
    assert_eq!(
        get(&app, "/metrics", &[("authorization", "Bearer scrape-m")])
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn pages_of_other_sites_cannot_act_with_a_cookie() {
    let app = app(|handles| handles.http.cors_origins = vec!["https://shop.example".to_owned()]);
    let post = |origin| {
        let headers = [("host", "bots.example"), ("cookie", "role=member"), ("origin", origin)];
        send(&app, request("POST", "/api/orders", &headers))
    };

    assert_eq!(
        post("https://evil.example").await.problem()["type"],
        "http/origin-refused"
    );
    assert_eq!(post("https://shop.example").await.status, 415);
    assert_eq!(post("https://bots.example").await.status, 415);
}

#[tokio::test]
async fn every_route_is_listed_and_behaves_as_listed_for_every_role() {
    let app = app(|_| ());
    let mut matrix = String::new();
    for entry in &app.entries {
        let (method, path) = (
            entry.method.as_str(),
            entry.path.replace("{id}", "1").replace("{ms}", "0"),
        );
        let nobody = send(&app, request(method, &path, &[])).await.status;
        let member = send(&app, request(method, &path, &[("authorization", "Bearer member")]))
            .await
            .status;
        let operator = send(&app, request(method, &path, &[("authorization", "Bearer operator")]))
            .await
            .status;
        let needs = |role: Role| match entry.access {
            Access::Public => true,
            Access::Needs(permission) => role.permissions().contains(&permission),
        };
        assert_eq!(nobody == 401, entry.access != Access::Public, "{method} {path}");
        assert_eq!(member == 403, !needs(Role::Member), "{method} {path}");
        assert_eq!(operator == 403, !needs(Role::Operator), "{method} {path}");
        writeln!(matrix, "{method:<5}{:<24}{}", entry.path, entry.access.name()).unwrap();
    }

    insta::assert_snapshot!("matrix", matrix);
}
