//! Every class of error is a problem document.

use std::{fmt::Write, time::Duration};

use axum::body::Body;

use crate::support::{Answer, app, get, post, request, send};

/// `status type: title | detail | fields`, one line for each class.
fn line(answer: &Answer) -> String {
    let problem = answer.problem();
    let mut line = format!("{} {}: {}", problem["status"], problem["type"], problem["title"]);
    for part in ["detail", "errors", "retry_after"] {
        if !problem[part].is_null() {
            write!(line, " | {part} {}", problem[part]).unwrap();
        }
    }
    line.replace('"', "'")
}

#[tokio::test]
async fn every_error_class_has_its_document() {
    let app = app(|handles| {
        handles.http.body_limit_bytes = 64;
        handles.http.request_timeout = Duration::from_secs(1);
    });
    let long = format!(r#"{{"item":"{}","lines":[]}}"#, "x".repeat(100));
    let mut untyped = request("POST", "/api/orders", &[]);
    *untyped.body_mut() = Body::from(r#"{"item":"a","lines":[]}"#);
    let answers = [
        get(&app, "/api/nowhere", &[]).await,
        get(&app, "/nowhere", &[]).await,
        send(&app, request("DELETE", "/api/orders", &[])).await,
        post(&app, "/api/orders", "{").await,
        post(&app, "/api/orders", "{} {}").await,
        post(&app, "/api/orders", "").await,
        post(&app, "/api/orders", r#"{"item":"a","lines":[{"count":-1}]}"#).await,
        post(&app, "/api/orders", r#"{"item":"a"}"#).await,
        post(&app, "/api/orders", &long).await,
        send(&app, untyped).await,
        get(&app, "/api/orders/abc", &[]).await,
        get(&app, "/api/orders/%ff", &[]).await,
        get(&app, "/api/orders?limit=many", &[]).await,
        get(&app, "/api/secret", &[]).await,
        get(&app, "/api/secret", &[("authorization", "Bearer member")]).await,
        get(&app, "/api/secret", &[("authorization", "Bearer forged")]).await,
        get(&app, "/api/secret", &[("authorization", "Bearer broken")]).await,
        get(&app, "/api/fault", &[]).await,
        get(&app, "/api/panic", &[]).await,
        get(&app, "/api/sleep/5000", &[]).await,
    ];

    let table = answers.iter().map(line).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!("error_classes", table);
}

#[tokio::test]
async fn wrong_method_is_told_the_right_ones() {
    let answer = send(&app(|_| ()), request("DELETE", "/api/orders", &[])).await;

    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), "POST,GET,HEAD");
}

#[tokio::test]
async fn server_faults_tell_clients_nothing_of_the_inside() {
    let app = app(|_| ());
    for path in ["/api/fault", "/api/panic"] {
        let answer = get(&app, path, &[]).await;

        assert_eq!(answer.status, 500);
        assert!(
            !answer.body.contains("secret") && !answer.body.contains("disk"),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn server_answers_after_a_panic() {
    let app = app(|_| ());

    assert_eq!(get(&app, "/api/panic", &[]).await.status, 500);
    assert_eq!(get(&app, "/api/orders/7", &[]).await.body, "7");
}

#[tokio::test]
async fn whole_numbers_may_be_written_with_a_fraction_of_zero() {
    let app = app(|_| ());

    let whole = post(
        &app,
        "/api/orders",
        r#"{"item":"a","lines":[{"count":5.0},{"count":2}]}"#,
    )
    .await;
    assert_eq!(whole.body, r#"{"item":"a","lines":[{"count":5},{"count":2}]}"#);
    for broken in ["5.5", "-5.0", "1e300"] {
        let body = format!(r#"{{"item":"a","lines":[{{"count":{broken}}}]}}"#);
        assert_eq!(post(&app, "/api/orders", &body).await.status, 422, "{broken}");
    }
}
