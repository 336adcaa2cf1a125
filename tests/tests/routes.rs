//! Who may call what: each documented route by everyone, compared with a committed table.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

use std::collections::BTreeMap;

use botserver_tests::client::Visitor;
use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup, http_client};
use serde_json::{Value, json};

/// A password that is allowed.
const PASSWORD: &str = "nine green kettles whistle";

/// Somebody with a name for the table.
struct Role {
    name: &'static str,
    token: Option<String>,
}

async fn call(server: &str, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> (u16, String) {
    let method = method.to_uppercase().parse().unwrap();
    let mut request = http_client().unwrap().request(method, format!("{server}{path}"));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The token behind the `#` of a one-time link.
fn claim_token(text: &str) -> String {
    let (_, rest) = text.split_once("#bl_").unwrap_or_else(|| panic!("no link in {text}"));
    let token = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c));
    format!("bl_{}", token.collect::<String>())
}

async fn claim(server: &str, link: &str) -> String {
    let body = json!({ "token": claim_token(link), "password": PASSWORD });
    let (status, text) = call(server, "post", "/api/auth/claim", None, Some(&body)).await;
    assert_eq!(status, 200, "{text}");
    parse(&text)["token"].as_str().unwrap().to_owned()
}

async fn invite(server: &str, admin: &str, role: &str) -> String {
    let body = json!({ "email": format!("{role}@example.org"), "name": role, "role": role });
    let (status, text) = call(server, "post", "/api/users", Some(admin), Some(&body)).await;
    assert_eq!(status, 201, "{text}");
    claim(server, &text).await
}

/// An administrator of another organisation than the server's own.
async fn stranger(server: &str, admin: &str) -> String {
    let body = json!({ "name": "Other", "slug": "other", "admin_email": "stranger@example.org" });
    let (status, text) = call(server, "post", "/api/organizations", Some(admin), Some(&body)).await;
    assert_eq!(status, 201, "{text}");
    let body = json!({ "token": invitation_token(&text), "password": PASSWORD });
    let (status, text) = call(server, "post", "/api/invitations/accept", None, Some(&body)).await;
    assert_eq!(status, 200, "{text}");
    parse(&text)["token"].as_str().unwrap().to_owned()
}

/// The token behind the `#` of an invitation.
fn invitation_token(text: &str) -> String {
    let (_, rest) = text
        .split_once("#bi_")
        .unwrap_or_else(|| panic!("no invitation in {text}"));
    let token = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c));
    format!("bi_{}", token.collect::<String>())
}

/// Nobody, a visitor, people of each role, and those who are not in: taken out, only invited, or of elsewhere.
async fn everyone(server: &Server) -> Vec<Role> {
    let url = server.url();
    let visitor = Visitor::arrive(&url, "shop").await.unwrap().token;
    let server_admin = claim(&url, &server.log()).await;
    let mut known = vec![("visitor", visitor)];
    for role in ["member", "operator", "manager", "admin"] {
        known.push((role, invite(&url, &server_admin, role).await));
    }
    let other = stranger(&url, &server_admin).await;
    let body = json!({ "email": "revoked@example.org", "name": "Revoked", "role": "admin" });
    let (_, text) = call(&url, "post", "/api/users", Some(&server_admin), Some(&body)).await;
    let revoked = claim(&url, &text).await;
    let path = format!("/api/members/{}", parse(&text)["person"]["id"].as_str().unwrap());
    assert_eq!(call(&url, "delete", &path, Some(&server_admin), None).await.0, 204);
    let body = json!({ "email": "invited@example.org", "role": "admin" });
    let (_, text) = call(&url, "post", "/api/invitations", Some(&server_admin), Some(&body)).await;
    known.extend([
        ("server admin", server_admin),
        ("revoked", revoked),
        ("invited", invitation_token(&text)),
        ("other organisation", other),
    ]);
    let known = known.into_iter().map(|(name, token)| Role {
        name,
        token: Some(token),
    });
    let nobody = Role {
        name: "nobody",
        token: None,
    };
    std::iter::once(nobody).chain(known).collect()
}

/// Every documented operation with its permission.
async fn operations(server: &str) -> BTreeMap<(String, String), String> {
    let (_, text) = call(server, "get", "/api/openapi.json", None, None).await;
    let document = parse(&text);
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(|(method, operation)| {
            let permission = operation["x-permission"]
                .as_str()
                .expect("each operation has a permission");
            ((path.clone(), method.clone()), permission.to_owned())
        })
    });
    operations.collect()
}

/// The path with something that is not there for each parameter.
fn absent(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        if part.starts_with('{') {
            "01890a5d-ac96-774b-bcce-b302099a8057"
        } else {
            part
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn each_route_lets_in_whom_the_table_says() {
    let packages = Packages::of_start("shop", "TALK \"Welcome\"");
    let setup = Setup::new().bots(packages.path()).env("BOTSERVER_DEFAULT_BOT", "shop");
    let server = setup.start().await.unwrap();
    let (url, roles) = (server.url(), everyone(&server).await);
    // What ends a session comes last.
    let mut operations: Vec<_> = operations(&url).await.into_iter().collect();
    operations.sort_by_key(|((path, _), _)| path.ends_with("/logout"));

    let mut table = BTreeMap::new();
    for ((path, method), permission) in operations {
        let mut cells = Vec::new();
        for role in &roles {
            let body = ["post", "put", "patch"].contains(&method.as_str()).then(|| json!({}));
            let (status, text) = call(&url, &method, &absent(&path), role.token.as_deref(), body.as_ref()).await;
            let cell = match status {
                401 if permission != "public" => "401",
                403 => "403",
                _ => "in",
            };
            assert!(status < 500, "{method} {path} as {}: {status} {text}", role.name);
            if status >= 400 {
                let problem = parse(&text);
                if path.starts_with("/v1/") {
                    // Clients of OpenAI's API read another form.
                    assert!(problem["error"]["message"].is_string(), "{method} {path}: {problem}");
                    cells.push(format!("{}: {cell}", role.name));
                    continue;
                }
                assert_eq!(problem["status"], status, "{method} {path}: {problem}");
                assert!(problem["type"].is_string() && problem["title"].is_string(), "{problem}");
            }
            cells.push(format!("{}: {cell}", role.name));
        }
        let line = format!(
            "{:6} {path}\n    {permission}: {}",
            method.to_uppercase(),
            cells.join(", ")
        );
        table.insert((path, method), line);
    }

    insta::assert_snapshot!(table.into_values().collect::<Vec<_>>().join("\n"));
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn wrong_and_revoked_credentials_are_refused_everywhere_alike() {
    let packages = Packages::of_start("shop", "TALK \"Welcome\"");
    let server = Setup::new().bots(packages.path()).start().await.unwrap();
    let url = server.url();
    let admin = claim(&url, &server.log()).await;
    let gone = invite(&url, &admin, "admin").await;
    assert_eq!(
        call(&url, "post", "/api/auth/logout", Some(&gone), None).await.0 / 100,
        2
    );

    for ((path, method), permission) in operations(&url).await {
        if permission == "public" {
            continue;
        }
        let body = ["post", "put", "patch"].contains(&method.as_str()).then(|| json!({}));
        let mut answers = Vec::new();
        for token in ["nonsense", "bs_nonsense", gone.as_str()] {
            let (status, text) = call(&url, &method, &absent(&path), Some(token), body.as_ref()).await;
            answers.push((status, parse(&text)["type"].clone()));
        }
        assert!(
            answers.iter().all(|answer| answer.0 == 401 && *answer == answers[0]),
            "{method} {path}: {answers:?}"
        );
    }
}
