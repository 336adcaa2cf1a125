//! Requests to the API of a running server.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::process::{Server, http_client};

/// The password of administrators whose accounts were [claimed](claim).
pub const PASSWORD: &str = "nine green kettles whistle";

/// Status and body of an answer; a body that is no JSON as a text. An empty `token` is none, `null` no body.
///
/// # Errors
/// When the server cannot be reached.
pub async fn call(
    server: &Server,
    method: &str,
    path: &str,
    token: &str,
    body: &Value,
) -> anyhow::Result<(u16, Value)> {
    let url = format!("{}{path}", server.url());
    let mut request = http_client()?.request(method.parse()?, url);
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if !body.is_null() {
        request = request
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let text = answer.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

/// Claims the administrator's account, whose link stands in the log, with [`PASSWORD`]; what the server answers: the
/// `token` and the `person`.
///
/// # Errors
/// When there is no link, or it does not open the account.
pub async fn claim(server: &Server) -> anyhow::Result<Value> {
    let log = server.log();
    let link = log
        .split("/claim#")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next());
    let body = json!({ "token": link.context("no link in the log")?, "password": PASSWORD });
    let (status, answer) = call(server, "POST", "/api/auth/claim", "", &body).await?;
    anyhow::ensure!(status == 200, "the account cannot be claimed: {status} {answer}");
    Ok(answer)
}
