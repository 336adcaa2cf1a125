//! Who may do what to what: every route of the domain by every kind of caller on every kind of object, compared with a
//! committed table. A route without an object to try it on fails.

use std::collections::BTreeMap;

use botlib::{GrantId, Role};
use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Call, House, PASSWORD, call, get, houses, login, post};

/// Stands in everything that the other organisation has.
const CANARY: &str = "canary";
/// Stands in everything that the first organisation has.
const PIGEON: &str = "pigeon";
const ABSENT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const PREFIXES: [&str; 10] = [
    "/api/auth",
    "/api/users",
    "/api/organizations",
    "/api/members",
    "/api/groups",
    "/api/permissions",
    "/api/roles",
    "/api/grants",
    "/api/invitations",
    "/api/bots",
];

struct Someone {
    name: &'static str,
    token: Option<String>,
    email: Option<String>,
}

/// Everything that is needed to make objects.
struct World {
    house: House,
    server_admin: String,
    other_admin: String,
    other_org: String,
    /// Somebody in each organisation whose sessions and keys others try.
    victims: [String; 2],
    count: usize,
}

impl World {
    fn fresh(&mut self, word: &str) -> String {
        self.count += 1;
        format!("{word}-{}", self.count)
    }

    async fn send(&self, call: Call) -> Answer {
        // Limits on tries are in the way here.
        self.house.pass(TimeDelta::seconds(20));
        self.house.send(call).await
    }

    async fn made(&mut self, token: &str, path: &str, body: Value, pointer: &str) -> String {
        let answer = self.send(post(path, body).bearer(token)).await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.body);
        answer.text(pointer)
    }

    /// The path with an object of an organisation in it, made by its administrator; nothing where there is no such one.
    async fn object(&mut self, path: &str, token: &str, word: &str) -> Option<String> {
        let name = self.fresh(word);
        let person = json!({ "email": format!("{name}@{word}.example"), "name": name, "role": "member" });
        let group = json!({ "name": name });
        let is_other = word == CANARY;
        let id = match path {
            "/api/organizations/{id}" if is_other => self.other_org.clone(),
            "/api/organizations/{id}" => self.house.state.org.to_string(),
            "/api/users/{id}" | "/api/users/{id}/link" | "/api/members/{id}" => {
                self.made(token, "/api/users", person, "/person/id").await
            }
            "/api/groups/{id}" | "/api/groups/{id}/members" => self.made(token, "/api/groups", group, "/id").await,
            "/api/groups/{id}/members/{person}" => {
                let person = self.made(token, "/api/users", person, "/person/id").await;
                let group = self.made(token, "/api/groups", group, "/id").await;
                let path = format!("/api/groups/{group}/members/{person}");
                let added = self.send(call(Method::PUT, path.clone()).bearer(token)).await;
                assert_eq!(added.status, 204);
                return Some(path);
            }
            "/api/roles/{name}" => {
                let role = json!({ "name": name, "permissions": ["chat.talk"] });
                self.made(token, "/api/roles", role, "/name").await
            }
            "/api/grants/{id}" => {
                let group = self.made(token, "/api/groups", group, "/id").await;
                let grant = json!({ "role": "member", "subject_kind": "group", "subject_id": group });
                self.made(token, "/api/grants", grant, "/id").await
            }
            "/api/invitations/{id}" | "/api/invitations/{id}/link" => {
                let invitation = json!({ "email": format!("{name}@{word}.example"), "role": "member" });
                self.made(token, "/api/invitations", invitation, "/invitation/id").await
            }
            "/api/auth/keys/{id}" => {
                let (key, victim) = (json!({ "name": name }), self.victims[usize::from(is_other)].clone());
                self.made(&victim, "/api/auth/keys", key, "/id").await
            }
            "/api/auth/sessions/{id}" => {
                let victim = self.victims[usize::from(is_other)].clone();
                let sessions = self.send(get("/api/auth/sessions").bearer(&victim)).await;
                sessions.text("/items/0/id")
            }
            // Packages belong to the organisation that the server belongs to.
            "/api/bots/{bot}/access" if is_other => return None,
            "/api/bots/{bot}/access" => "shop".to_owned(),
            other => panic!("{other} has no object: add one"),
        };
        Some(filled(path, &id))
    }

    /// The path with something in it that belongs to the caller alone.
    async fn own(&mut self, path: &str, who: &Someone) -> Option<String> {
        let (token, email) = (who.token.as_ref()?, who.email.as_ref()?);
        let id = match path {
            "/api/auth/keys/{id}" => {
                let name = self.fresh("own");
                self.made(token, "/api/auth/keys", json!({ "name": name }), "/id").await
            }
            "/api/auth/sessions/{id}" => {
                self.house.pass(TimeDelta::minutes(8));
                let fresh = self.send(login(email, PASSWORD)).await.text("/token");
                let sessions = self.send(get("/api/auth/sessions?limit=200").bearer(&fresh)).await;
                let all = sessions.body["items"].as_array().unwrap();
                let current = all.iter().find(|session| session["is_current"] == true).unwrap();
                current["id"].as_str().unwrap().to_owned()
            }
            "/api/users/{id}" | "/api/members/{id}" => self.send(get("/api/auth/me").bearer(token)).await.text("/id"),
            _ => return None,
        };
        Some(filled(path, &id))
    }

    fn body(&mut self, method: &Method, path: &str) -> Option<Value> {
        let name = self.fresh(PIGEON);
        let email = format!("{name}@{PIGEON}.example");
        Some(match (method.as_str(), path) {
            ("POST", "/api/users") => json!({ "email": email, "name": name, "role": "member" }),
            ("POST", "/api/organizations") => json!({ "name": name, "slug": name, "admin_email": email }),
            ("POST", "/api/groups" | "/api/auth/keys") => json!({ "name": name }),
            ("POST", "/api/roles") => json!({ "name": name, "permissions": ["chat.talk"] }),
            ("POST", "/api/grants") => json!({ "role": "member", "subject_kind": "person", "subject_id": ABSENT }),
            ("POST", "/api/invitations") => json!({ "email": email, "role": "member" }),
            ("POST", "/api/auth/login") => json!({ "email": email, "password": PASSWORD }),
            ("POST", "/api/auth/password") => json!({ "current": "not the password", "new": PASSWORD }),
            ("POST", "/api/auth/organization") => json!({ "organization_id": ABSENT }),
            ("POST", _) if path.starts_with("/api/invitations/") && !path.contains('{') => json!({ "token": "bi_x" }),
            ("POST", "/api/auth/claim") => json!({ "token": "bl_x", "password": PASSWORD }),
            ("PUT", "/api/bots/{bot}/access") => json!({ "visibility": "public" }),
            ("POST" | "PATCH" | "PUT", _) => json!({}),
            _ => return None,
        })
    }
}

fn filled(path: &str, id: &str) -> String {
    let parts = path
        .split('/')
        .map(|part| if part.starts_with('{') { id } else { part });
    parts.collect::<Vec<_>>().join("/")
}

async fn world(house: House) -> (World, Vec<Someone>) {
    let server_admin = house.admin().await;
    let admin_email = format!("{CANARY}-admin@{CANARY}.example");
    let body = json!({ "name": "Other", "slug": "other", "plan": "enterprise", "admin_email": admin_email });
    let made = house.send(post("/api/organizations", body).bearer(&server_admin)).await;
    let token = made.text("/invitation/url").split_once('#').unwrap().1.to_owned();
    let joined = post(
        "/api/invitations/accept",
        json!({ "token": token, "password": PASSWORD, "name": CANARY }),
    );
    let other_admin = house.send(joined).await.text("/token");
    let mut world = World {
        house,
        server_admin: server_admin.clone(),
        other_admin: other_admin.clone(),
        other_org: made.text("/organization/id"),
        victims: [String::new(), String::new()],
        count: 0,
    };
    world.victims[0] = world.house.person(&format!("{PIGEON}-victim"), Role::Member).await;
    let body = json!({ "email": format!("victim@{CANARY}.example"), "role": "member" });
    let url = world.made(&other_admin, "/api/invitations", body, "/url").await;
    let token = url.split_once('#').unwrap().1;
    let joined = post(
        "/api/invitations/accept",
        json!({ "token": token, "password": PASSWORD, "name": CANARY }),
    );
    world.victims[1] = world.send(joined).await.text("/token");
    let visitor = world.send(get("/api/auth")).await.text("/token");
    let someone = |name, token: Option<String>, email: Option<String>| Someone { name, token, email };
    let mut all = vec![someone("none", None, None), someone("visitor", Some(visitor), None)];
    for (name, role) in [
        ("member", Role::Member),
        ("operator", Role::Operator),
        ("manager", Role::Manager),
        ("admin", Role::Admin),
    ] {
        let token = world.house.person(&format!("{PIGEON}-{name}"), role).await;
        all.push(someone(name, Some(token), Some(format!("{PIGEON}-{name}@example.org"))));
    }
    let address = Some("admin@localhost".to_owned());
    all.push(someone("server admin", Some(server_admin), address));
    let revoked = world.house.person("revoked", Role::Admin).await;
    let id = world
        .house
        .auth
        .find_person("revoked@example.org")
        .await
        .unwrap()
        .unwrap()
        .id;
    let path = format!("/api/members/{id}");
    let removed = world.send(call(Method::DELETE, path).bearer(&world.server_admin)).await;
    assert_eq!(removed.status, 204);
    all.push(someone("revoked", Some(revoked), None));
    let invitation = json!({ "email": "invited@example.org", "role": "admin" });
    let admin = world.server_admin.clone();
    let url = world.made(&admin, "/api/invitations", invitation, "/url").await;
    let invited = url.split_once('#').unwrap().1.to_owned();
    all.push(someone("invited", Some(invited), None));
    all.push(someone("other organisation", Some(other_admin), None));
    (world, all)
}

#[tokio::test]
async fn every_route_answers_every_caller_on_every_object_as_the_table_says() {
    for house in houses().await {
        let (mut world, everyone) = world(house).await;
        let entries = world.house.composed().entries.clone();
        let mut routes: Vec<(Method, String)> = entries
            .into_iter()
            .filter(|entry| entry.is_documented && PREFIXES.iter().any(|prefix| entry.path.starts_with(prefix)))
            .map(|entry| (entry.method, entry.path))
            .collect();
        // What ends sessions or takes members out comes last.
        routes.sort_by_key(|(method, path)| {
            (
                path.ends_with("/logout"),
                *method == Method::DELETE && path == "/api/members/{id}",
            )
        });
        let mut table = BTreeMap::new();
        for (method, path) in routes {
            let mut lines = Vec::new();
            let classes: &[&str] = if path.contains('{') {
                &["same", "foreign", "absent", "own"]
            } else {
                &["-"]
            };
            for class in classes {
                let mut cells = Vec::new();
                for who in &everyone {
                    let (server_admin, other_admin) = (world.server_admin.clone(), world.other_admin.clone());
                    let target = match *class {
                        "-" => Some(path.clone()),
                        "absent" if path.contains("grants") => Some(filled(&path, &GrantId::new().to_string())),
                        "absent" => Some(filled(&path, ABSENT)),
                        "same" => world.object(&path, &server_admin, PIGEON).await,
                        "foreign" => world.object(&path, &other_admin, CANARY).await,
                        _ => world.own(&path, who).await,
                    };
                    let Some(target) = target else { continue };
                    let mut call = call(method.clone(), target.clone());
                    if let Some(body) = world.body(&method, &path) {
                        call = call.body(body);
                    }
                    if let Some(token) = &who.token {
                        call = call.bearer(token);
                    }
                    let answer = world.send(call).await;
                    let (text, is_other) = (answer.body.to_string(), who.name == "other organisation");
                    let foreign = if is_other { PIGEON } else { CANARY };
                    // What one sent oneself may be said again.
                    let is_echo = is_other && method != Method::GET;
                    assert!(
                        is_echo || !text.contains(foreign),
                        "{method} {target} as {}: {text}",
                        who.name
                    );
                    assert!(
                        !answer.status.is_server_error(),
                        "{method} {target} as {}: {text}",
                        who.name
                    );
                    cells.push(format!("{} {}", who.name, answer.status.as_u16()));
                }
                if !cells.is_empty() {
                    lines.push(format!("    {class}: {}", cells.join(", ")));
                }
            }
            table.insert(
                (path.clone(), method.to_string()),
                format!("{method} {path}\n{}", lines.join("\n")),
            );
        }

        let table: Vec<String> = table.into_values().collect();
        insta::assert_snapshot!("matrix", table.join("\n"));
    }
}
