//! Headers for browsers.

use axum::body::Body;
use http::Request;

use crate::support::{app, get, post, request, send};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; \
                      connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'self'";

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = app(|handles| handles.http.hsts = true);
    for path in [
        "/",
        "/api/orders",
        "/nowhere",
        "/api/panic",
        "/health/live",
        "/api/docs",
        "/admin",
    ] {
        let answer = get(&app, path, &[]).await;

        assert_eq!(answer.header("content-security-policy"), POLICY, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
        assert_eq!(
            answer.header("strict-transport-security"),
            "max-age=63072000; includeSubDomains",
            "{path}"
        );
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn tls_is_not_insisted_on_without_being_told() {
    assert_eq!(
        get(&app(|_| ()), "/", &[]).await.header("strict-transport-security"),
        ""
    );
}

#[tokio::test]
async fn only_pages_that_say_so_may_stand_in_frames_of_the_configured_sites() {
    let sites = ["https://shop.example", "https://evil.example; script-src *"];
    let app = app(|handles| handles.http.cors_origins = sites.map(str::to_owned).to_vec());

    assert_eq!(get(&app, "/", &[]).await.header("content-security-policy"), POLICY);
    assert_eq!(
        get(&app, "/widget", &[]).await.header("content-security-policy"),
        format!("{POLICY} https://shop.example")
    );
}

#[tokio::test]
async fn other_sites_call_the_api_only_when_configured() {
    let app = app(|handles| handles.http.cors_origins = vec!["https://shop.example".to_owned()]);
    let preflight = |origin| {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        send(&app, request("OPTIONS", "/api/orders", &headers))
    };

    let shop = preflight("https://shop.example").await;
    assert_eq!(shop.header("access-control-allow-origin"), "https://shop.example");
    assert_eq!(shop.header("access-control-allow-credentials"), "true");
    assert_eq!(
        preflight("https://evil.example")
            .await
            .header("access-control-allow-origin"),
        ""
    );
}

#[tokio::test]
async fn any_site_may_call_without_credentials_when_all_are_allowed() {
    let app = app(|handles| handles.http.cors_origins = vec!["*".to_owned()]);

    let answer = get(&app, "/api/orders", &[("origin", "https://any.example")]).await;

    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

#[tokio::test]
async fn answers_of_the_api_are_not_stored_by_browsers() {
    assert_eq!(
        get(&app(|_| ()), "/api/orders", &[]).await.header("cache-control"),
        "no-store"
    );
}

#[tokio::test]
async fn long_answers_are_compressed_for_those_who_ask() {
    let app = app(|_| ());
    let body = format!(r#"{{"item":"{}","lines":[]}}"#, "x".repeat(2000));
    let long = Request::post("/api/orders")
        .header("content-type", "application/json")
        .header("accept-encoding", "br");

    let compressed = send(&app, long.body(Body::from(body.clone())).unwrap()).await;

    assert_eq!(compressed.header("content-encoding"), "br");
    assert!(compressed.body.len() < 500);
    assert_eq!(post(&app, "/api/orders", &body).await.header("content-encoding"), "");
}
