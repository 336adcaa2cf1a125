//! The pages through their router.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use axum::{body::Body, response::Response};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

async fn get(path: &str, known: Option<&str>) -> Response {
    let mut request = Request::get(path);
    if let Some(etag) = known {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    let router = botserver_ui::routes().build(Vec::new()).router;
    router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn header_of(response: &Response, name: header::HeaderName) -> String {
    response.headers()[name].to_str().unwrap().to_owned()
}

/// The address of the chat's module as the page names it.
async fn module() -> String {
    let page = text(get("/", None).await).await;
    page.split('"')
        .find(|word| word.ends_with("/chat.js"))
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn the_chat_page_is_the_same_for_every_bot() {
    let default = text(get("/", None).await).await;
    let named = text(get("/shop", None).await).await;

    assert!(default.contains("<chat-composer"));
    assert_eq!(default, named);
}

#[tokio::test]
async fn a_page_that_is_known_is_not_sent_again() {
    for path in [
        "/",
        "/shop",
        "/claim",
        "/admin",
        "/api/docs",
        "/embed.js",
        "/assets/base.css",
    ] {
        let first = get(path, None).await;
        assert_eq!(
            (first.status(), header_of(&first, header::CACHE_CONTROL).as_str()),
            (StatusCode::OK, "no-cache"),
            "{path}"
        );
        let etag = header_of(&first, header::ETAG);

        let second = get(path, Some(&format!("\"other\", {etag}"))).await;

        assert_eq!(second.status(), StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(header_of(&second, header::ETAG), etag);
        assert!(text(second).await.is_empty());
        assert_eq!(get(path, Some("\"other\"")).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn assets_of_the_present_version_are_kept() {
    let response = get(&module().await, None).await;

    assert_eq!(
        header_of(&response, header::CONTENT_TYPE),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(
        header_of(&response, header::CACHE_CONTROL),
        "public, max-age=31536000, immutable"
    );
}

#[tokio::test]
async fn a_page_from_before_an_upgrade_still_finds_its_assets() {
    let response = get("/assets/v.0123456789abcdef/markdown/inline.js", None).await;

    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header_of(&response, header::CACHE_CONTROL), "no-cache");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    for path in [
        "/robots.txt",
        "/assets/none.js",
        "/assets/../Cargo.toml",
        "/assets/v.0123456789abcdef/none.js",
        "/assets/",
    ] {
        assert_eq!(get(path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn every_page_is_public_and_out_of_the_api() {
    let built = botserver_ui::routes().build(Vec::new());

    let list: Vec<String> = built
        .entries
        .iter()
        .map(|entry| format!("{} {} {:?}", entry.method, entry.path, entry.access))
        .collect();

    insta::assert_snapshot!(list.join("\n"), @r"
    GET / Public
    GET /admin Public
    GET /api/docs Public
    GET /assets/{*path} Public
    GET /claim Public
    GET /embed.js Public
    GET /favicon.ico Public
    GET /{bot} Public
    ");
}
