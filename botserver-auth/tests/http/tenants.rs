//! Organisations, members, groups, roles, grants, invitations, and who may talk to which bot.

use std::time::{Duration, Instant};

use botlib::{Permission, Role};
use botserver_core::Composed;
use botstate::event::{Event, Notice};
use chrono::TimeDelta;
use futures::StreamExt as _;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Call, House, PASSWORD, call, get, houses, login, patch, post};

fn delete(path: impl Into<String>) -> Call {
    call(Method::DELETE, path)
}

fn put(path: impl Into<String>, body: Value) -> Call {
    call(Method::PUT, path).body(body)
}

/// What stands behind `#` in the address of an invitation.
fn token_in(answer: &Answer, pointer: &str) -> String {
    answer.text(pointer).split_once('#').unwrap().1.to_owned()
}

fn accept(token: &str, password: &str) -> Call {
    post(
        "/api/invitations/accept",
        json!({ "token": token, "password": password }),
    )
}

/// A new organisation, and the token of its administrator `<slug>-admin@example.org`.
async fn other_organization(house: &House, server_admin: &str, slug: &str) -> (String, String) {
    let body = json!({
        "name": slug, "slug": slug, "plan": "enterprise", "admin_email": format!("{slug}-admin@example.org"),
    });
    let made = house.send(post("/api/organizations", body).bearer(server_admin)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let joined = house.send(accept(&token_in(&made, "/invitation/url"), PASSWORD)).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
    (made.text("/organization/id"), joined.text("/token"))
}

async fn id_of(house: &House, name: &str) -> String {
    let found = house.auth.find_person(&format!("{name}@example.org")).await;
    found.unwrap().unwrap().id.to_string()
}

async fn group(house: &House, admin: &str, name: &str, parent: Option<&str>) -> String {
    let body = json!({ "name": name, "parent_id": parent });
    let made = house.send(post("/api/groups", body).bearer(admin)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.text("/id")
}

async fn grant(house: &House, admin: &str, role: &str, kind: &str, id: &str) -> Answer {
    let body = json!({ "role": role, "subject_kind": kind, "subject_id": id });
    house.send(post("/api/grants", body).bearer(admin)).await
}

async fn permissions(composed: &Composed, token: &str) -> Vec<String> {
    let answer = get("/api/auth/whoami").bearer(token).send(composed).await;
    let all = answer.body["permissions"].as_array().cloned().unwrap_or_default();
    all.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

async fn may(composed: &Composed, token: &str, permission: Permission) -> bool {
    permissions(composed, token)
        .await
        .iter()
        .any(|name| name == permission.name())
}

#[tokio::test]
async fn invitation_makes_an_account_once_and_for_its_address_only() {
    for house in houses().await {
        let admin = house.admin().await;
        let body = json!({ "email": " Ana@Example.org", "role": "manager", "days": 2 });
        let sent = house.send(post("/api/invitations", body).bearer(&admin)).await;
        let token = token_in(&sent, "/url");
        assert!(token.starts_with("bi_"), "{token}");

        let seen = house
            .send(post("/api/invitations/validate", json!({ "token": token })))
            .await;
        let weak = house.send(accept(&token, "short")).await;
        let joined = house.send(accept(&token, PASSWORD)).await;
        let again = house.send(accept(&token, PASSWORD)).await;

        assert_eq!(
            (seen.text("/email"), seen.text("/organization"), seen.text("/role")),
            ("ana@example.org".to_owned(), "Default".to_owned(), "manager".to_owned())
        );
        assert_eq!(seen.body["has_account"], false);
        assert_eq!(weak.outcome(), (422, "auth/weak-password"));
        assert_eq!(joined.text("/person/role"), "manager");
        assert_eq!(again.outcome(), (404, "auth/unknown-invitation"));
        assert_eq!(house.send(login("ana@example.org", PASSWORD)).await.status, 200);
        let twice = json!({ "email": "ana@example.org", "role": "member" });
        let twice = house.send(post("/api/invitations", twice).bearer(&admin)).await;
        assert_eq!(twice.outcome(), (409, "auth/already-member"));
        let open = house.send(get("/api/invitations").bearer(&admin)).await;
        assert_eq!(open.body["items"], json!([]));
    }
}

#[tokio::test]
async fn invitation_dies_of_age_of_a_newer_one_and_by_hand() {
    for house in houses().await {
        let admin = house.admin().await;
        let invite = async || {
            let body = json!({ "email": "ana@example.org", "role": "member" });
            house.send(post("/api/invitations", body).bearer(&admin)).await
        };
        let first = token_in(&invite().await, "/url");
        let second = invite().await;
        let id = second.text("/invitation/id");
        let renewed = post(format!("/api/invitations/{id}/link"), json!({})).bearer(&admin);
        let renewed = house.send(renewed).await;
        let fresh = token_in(&renewed, "/url");

        for dead in [first, token_in(&second, "/url")] {
            assert_eq!(house.send(accept(&dead, PASSWORD)).await.status, 404);
        }
        let revoke = delete(format!("/api/invitations/{id}")).bearer(&admin);
        assert_eq!(house.send(revoke.clone()).await.status, 204);
        assert_eq!(house.send(revoke).await.status, 404);
        assert_eq!(house.send(accept(&fresh, PASSWORD)).await.status, 404);

        let declined = token_in(&invite().await, "/url");
        let decline = post("/api/invitations/decline", json!({ "token": declined }));
        assert_eq!(house.send(decline).await.status, 204);
        assert_eq!(house.send(accept(&declined, PASSWORD)).await.status, 404);

        let old = token_in(&invite().await, "/url");
        house.pass(TimeDelta::days(7));
        assert_eq!(house.send(accept(&old, PASSWORD)).await.status, 404);
    }
}

#[tokio::test]
async fn person_belongs_to_two_organisations_and_each_session_works_in_one() {
    for house in houses().await {
        let server_admin = house.admin().await;
        let ana = house.person("ana", Role::Operator).await;
        let (other, other_admin) = other_organization(&house, &server_admin, "other").await;
        let body = json!({ "email": "ana@example.org", "role": "member" });
        let sent = house.send(post("/api/invitations", body).bearer(&other_admin)).await;
        let token = token_in(&sent, "/url");

        let wrong = house.send(accept(&token, "seven wooden forks")).await;
        let foreign = post("/api/invitations/accept", json!({ "token": token })).bearer(&server_admin);
        let foreign = house.send(foreign).await;
        let joined = post("/api/invitations/accept", json!({ "token": token })).bearer(&ana);
        let joined = house.send(joined).await;

        assert_eq!(wrong.outcome(), (401, "auth/wrong-credentials"));
        assert_eq!(foreign.outcome(), (401, "auth/wrong-credentials"));
        let there = joined.text("/token");
        let whoami = house.send(get("/api/auth/whoami").bearer(&there)).await;
        assert_eq!(whoami.text("/organization_id"), other);
        assert_eq!(whoami.body["roles"], json!(["member"]));
        assert!(
            may(house.composed(), &ana, Permission::BotsRead).await,
            "the first session goes on at home"
        );
        let own = house.send(get("/api/organizations").bearer(&ana)).await;
        assert_eq!(own.body["items"].as_array().unwrap().len(), 2);

        let switch = |to: &str| post("/api/auth/organization", json!({ "organization_id": to })).bearer(&ana);
        assert_eq!(house.send(switch(&other)).await.text("/slug"), "other");
        assert!(!may(house.composed(), &ana, Permission::BotsRead).await);
        let home = house.state.org.to_string();
        assert_eq!(house.send(switch(&home)).await.text("/slug"), "default");
        assert!(may(house.composed(), &ana, Permission::BotsRead).await);
        let nowhere = house.send(switch(&botlib::OrgId::new().to_string())).await;
        assert_eq!(nowhere.status, 404);
    }
}

#[tokio::test]
async fn administrator_of_a_guest_s_organisation_cannot_touch_the_account() {
    for house in houses().await {
        let server_admin = house.admin().await;
        let ana = house.person("ana", Role::Member).await;
        let id = id_of(&house, "ana").await;
        let (_, other_admin) = other_organization(&house, &server_admin, "other").await;
        let body = json!({ "email": "ana@example.org", "role": "member" });
        let sent = house.send(post("/api/invitations", body).bearer(&other_admin)).await;
        let joined = post("/api/invitations/accept", json!({ "token": token_in(&sent, "/url") })).bearer(&ana);
        assert_eq!(house.send(joined).await.status, 200);

        let link = post(format!("/api/users/{id}/link"), json!({})).bearer(&other_admin);
        let shut = patch(format!("/api/users/{id}"), json!({ "disabled": true })).bearer(&other_admin);
        let rename = patch(format!("/api/users/{id}"), json!({ "name": "Eve" })).bearer(&other_admin);
        for call in [link, shut, rename] {
            assert_eq!(house.send(call).await.outcome(), (403, "auth/foreign-account"));
        }
        let promote = patch(format!("/api/members/{id}"), json!({ "role": "manager" })).bearer(&other_admin);
        assert_eq!(house.send(promote).await.text("/role"), "manager");
        let at_home = house
            .send(get(format!("/api/members/{id}")).bearer(&server_admin))
            .await;
        assert_eq!(at_home.text("/role"), "member");
        let removed = delete(format!("/api/members/{id}")).bearer(&other_admin);
        assert_eq!(house.send(removed).await.status, 204);
        assert_eq!(house.send(get("/api/auth/me").bearer(&ana)).await.status, 200);
    }
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    for house in houses().await {
        let server_admin = house.admin().await;
        let admin = house.person("boss", Role::Admin).await;
        let manager = house.person("manager", Role::Manager).await;
        house.person("ana", Role::Member).await;
        let (ana, boss) = (id_of(&house, "ana").await, id_of(&house, "boss").await);
        let (own, chief) = (id_of(&house, "manager").await, {
            let chief = house.auth.find_person("admin@localhost").await.unwrap().unwrap();
            chief.id.to_string()
        });
        let powerful = group(&house, &admin, "powerful", None).await;
        assert_eq!(grant(&house, &admin, "admin", "group", &powerful).await.status, 201);
        let role = json!({ "name": "auditor", "permissions": ["audit.read"] });
        assert_eq!(house.send(post("/api/roles", role).bearer(&admin)).await.status, 201);

        let refused = [
            patch(format!("/api/members/{own}"), json!({ "role": "admin" })),
            patch(format!("/api/members/{ana}"), json!({ "role": "operator" })),
            patch(format!("/api/members/{boss}"), json!({ "role": "member" })),
            delete(format!("/api/members/{boss}")),
            patch(format!("/api/users/{boss}"), json!({ "disabled": true })),
            post(format!("/api/users/{boss}/link"), json!({})),
            post("/api/invitations", json!({ "email": "x@example.org", "role": "admin" })),
            post(
                "/api/users",
                json!({ "email": "x@example.org", "name": "X", "role": "admin" }),
            ),
            put(format!("/api/groups/{powerful}/members/{own}"), json!(null)),
            post("/api/groups", json!({ "name": "inner", "parent_id": powerful })),
            post(
                "/api/grants",
                json!({ "role": "auditor", "subject_kind": "person", "subject_id": own }),
            ),
        ];
        for call in refused {
            let answer = house.send(call.bearer(&manager)).await;
            assert_eq!(answer.outcome(), (403, "auth/forbidden"), "{}", answer.body);
        }
        let over = patch(format!("/api/members/{chief}"), json!({ "role": "member" })).bearer(&admin);
        assert_eq!(house.send(over).await.outcome(), (403, "auth/forbidden"));
        let own_server = patch(format!("/api/members/{boss}"), json!({ "role": "server_admin" })).bearer(&admin);
        assert_eq!(house.send(own_server).await.outcome(), (403, "auth/forbidden"));
        let granted = grant(&house, &server_admin, "server_admin", "person", &boss).await;
        assert_eq!(granted.status, 404, "the server's own role is not granted");
        let fine = patch(format!("/api/members/{ana}"), json!({ "role": "manager" })).bearer(&manager);
        assert_eq!(house.send(fine).await.status, 200);
    }
}

#[tokio::test]
async fn grants_reach_people_through_nested_groups_and_run_out() {
    for house in houses().await {
        let admin = house.admin().await;
        let ana = house.person("ana", Role::Member).await;
        let id = id_of(&house, "ana").await;
        let outer = group(&house, &admin, "outer", None).await;
        let inner = group(&house, &admin, "inner", Some(&outer)).await;
        let role = json!({ "name": "auditor", "permissions": ["audit.read", "audit.export"] });
        house.send(post("/api/roles", role).bearer(&admin)).await;
        let grant = json!({ "role": "auditor", "subject_kind": "group", "subject_id": outer, "days": 1 });
        assert_eq!(house.send(post("/api/grants", grant).bearer(&admin)).await.status, 201);
        assert!(!may(house.composed(), &ana, Permission::AuditRead).await);

        let member = put(format!("/api/groups/{inner}/members/{id}"), json!(null)).bearer(&admin);
        assert_eq!(house.send(member).await.status, 204);

        let whoami = house.send(get("/api/auth/whoami").bearer(&ana)).await;
        assert_eq!(whoami.body["groups"], json!(["inner", "outer"]));
        assert_eq!(whoami.body["roles"], json!(["auditor", "member"]));
        assert!(may(house.composed(), &ana, Permission::AuditRead).await);
        let less = patch("/api/roles/auditor", json!({ "permissions": ["audit.export"] })).bearer(&admin);
        assert_eq!(house.send(less).await.status, 200);
        assert!(!may(house.composed(), &ana, Permission::AuditRead).await);
        assert!(may(house.composed(), &ana, Permission::AuditExport).await);
        house.pass(TimeDelta::days(1));
        assert!(
            !may(house.composed(), &ana, Permission::AuditExport).await,
            "the grant has run out"
        );
    }
}

#[tokio::test]
async fn groups_do_not_lie_inside_themselves_and_keep_their_names_apart() {
    for house in houses().await {
        let admin = house.admin().await;
        let one = group(&house, &admin, "one", None).await;
        let two = group(&house, &admin, "two", Some(&one)).await;
        let three = group(&house, &admin, "three", Some(&two)).await;

        for inner in [&one, &two, &three] {
            let circle = patch(format!("/api/groups/{one}"), json!({ "parent_id": inner })).bearer(&admin);
            assert_eq!(house.send(circle).await.outcome(), (409, "auth/group-circle"));
        }
        let taken = patch(format!("/api/groups/{one}"), json!({ "name": "two" })).bearer(&admin);
        assert_eq!(house.send(taken).await.outcome(), (409, "auth/name-taken"));
        let again = post("/api/groups", json!({ "name": "two" })).bearer(&admin);
        assert_eq!(house.send(again).await.outcome(), (409, "auth/name-taken"));
        assert_eq!(
            house
                .send(delete(format!("/api/groups/{two}")).bearer(&admin))
                .await
                .status,
            204
        );
        let lifted = house.send(get(format!("/api/groups/{three}")).bearer(&admin)).await;
        assert_eq!(lifted.text("/parent_id"), one);
        let out = patch(format!("/api/groups/{three}"), json!({ "parent_id": null })).bearer(&admin);
        assert!(house.send(out).await.body.get("parent_id").is_none());
    }
}

#[tokio::test]
async fn what_is_lost_on_one_node_is_lost_on_another_at_once() {
    for house in houses().await {
        let admin = house.admin().await;
        let ana = house.person("ana", Role::Manager).await;
        let id = id_of(&house, "ana").await;
        let key = json!({ "name": "robot", "permissions": ["users.read"] });
        let key = house
            .send(post("/api/auth/keys", key).bearer(&ana))
            .await
            .text("/token");
        let (_, other) = house.other_node().await;
        for token in [&ana, &key] {
            assert_eq!(get("/api/members").bearer(token).send(&other).await.status, 200);
        }
        let mut heard = house.state.events.subscribe().await.unwrap();

        let demote = patch(format!("/api/members/{id}"), json!({ "role": "member" })).bearer(&admin);
        assert_eq!(house.send(demote).await.status, 200);

        assert_eq!(get("/api/members").bearer(&ana).send(&other).await.status, 403);
        let expected = Event::AccessChanged {
            org: house.state.org,
            person: Some(id.parse().unwrap()),
        };
        assert_eq!(heard.next().await, Some(Notice::Event(expected)));
        until(async || get("/api/members").bearer(&key).send(&other).await.status == 403).await;
        let removed = delete(format!("/api/members/{id}")).bearer(&admin);
        assert_eq!(house.send(removed).await.status, 204);
        let answer = get("/api/auth/me").bearer(&ana).send(&other).await;
        assert_eq!(answer.outcome(), (401, "auth/bad-token"));
        until(async || get("/api/members").bearer(&key).send(&other).await.status == 401).await;
        assert_eq!(house.send(login("ana@example.org", PASSWORD)).await.status, 401);
    }
}

/// Waits for what another node hears a moment later.
async fn until(is_so: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so().await {
        assert!(Instant::now() < deadline, "another node has not heard of it");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn somebody_who_comes_back_has_nothing_of_what_they_had() {
    for house in houses().await {
        let admin = house.admin().await;
        house.person("ana", Role::Manager).await;
        let id = id_of(&house, "ana").await;
        let sales = group(&house, &admin, "sales", None).await;
        house
            .send(put(format!("/api/groups/{sales}/members/{id}"), json!(null)).bearer(&admin))
            .await;
        assert_eq!(grant(&house, &admin, "operator", "person", &id).await.status, 201);
        let restricted = json!({ "visibility": "restricted", "people": [id] });
        house
            .send(put("/api/bots/shop/access", restricted).bearer(&admin))
            .await;
        house.send(delete(format!("/api/members/{id}")).bearer(&admin)).await;

        let body = json!({ "email": "ana@example.org", "role": "member" });
        let sent = house.send(post("/api/invitations", body).bearer(&admin)).await;
        let back = house
            .send(accept(&token_in(&sent, "/url"), PASSWORD))
            .await
            .text("/token");

        let whoami = house.send(get("/api/auth/whoami").bearer(&back)).await;
        assert_eq!(
            (&whoami.body["roles"], &whoami.body["groups"]),
            (&json!(["member"]), &json!([]))
        );
        let visit = house.send(get("/api/auth?bot_name=shop").bearer(&back)).await;
        assert_eq!(visit.status, 404);
    }
}

#[tokio::test]
async fn bots_talk_to_everybody_to_the_organisation_or_to_some() {
    for house in houses().await {
        let admin = house.admin().await;
        let ana = house.person("ana", Role::Member).await;
        let ben = house.person("ben", Role::Member).await;
        let id = id_of(&house, "ana").await;
        let sales = group(&house, &admin, "sales", None).await;
        house
            .send(put(format!("/api/groups/{sales}/members/{id}"), json!(null)).bearer(&admin))
            .await;
        let visit = |token: Option<&str>| {
            let call = get("/api/auth?bot_name=shop");
            token.map_or(call.clone(), |token| call.bearer(token))
        };
        let visitor = house.send(visit(None)).await.text("/token");
        let outcomes = async || {
            let mut seen = Vec::new();
            for token in [None, Some(visitor.as_str()), Some(ana.as_str()), Some(ben.as_str())] {
                seen.push(house.send(visit(token)).await.status.as_u16());
            }
            seen
        };
        let set = async |body: Value| house.send(put("/api/bots/shop/access", body).bearer(&admin)).await;

        assert_eq!(outcomes().await, [200, 200, 200, 200]);
        assert_eq!(set(json!({ "visibility": "organization" })).await.status, 200);
        assert_eq!(outcomes().await, [401, 401, 200, 200]);
        let some = set(json!({ "visibility": "restricted", "groups": [sales] })).await;
        assert_eq!(
            some.body,
            json!({ "visibility": "restricted", "groups": [sales], "people": [] })
        );
        assert_eq!(outcomes().await, [401, 401, 200, 404]);
        assert_eq!(set(json!({ "visibility": "public" })).await.status, 200);
        assert_eq!(outcomes().await, [200, 200, 200, 200]);
        let unknown = set(json!({ "visibility": "restricted", "groups": [botlib::GroupId::new()] })).await;
        assert_eq!(unknown.status, 404);
        let staff = house.send(get("/api/bots/staff/access").bearer(&admin)).await;
        assert_eq!(
            staff.text("/visibility"),
            "organization",
            "its package closes it to visitors"
        );
    }
}

#[tokio::test]
async fn plan_and_mail_domains_decide_who_comes_in() {
    for house in houses().await {
        let server_admin = house.admin().await;
        let (id, admin) = other_organization(&house, &server_admin, "small").await;
        let change = |token: &str, body: Value| patch(format!("/api/organizations/{id}"), body).bearer(token);
        let domains = json!({ "settings": { "email_domains": ["Example.com"] } });

        assert_eq!(house.send(change(&admin, json!({ "plan": "free" }))).await.status, 403);
        let changed = house.send(change(&admin, domains)).await;
        assert_eq!(changed.body["settings"]["email_domains"], json!(["example.com"]));
        let invite = async |email: &str| {
            let body = json!({ "email": email, "role": "member" });
            house.send(post("/api/invitations", body).bearer(&admin)).await
        };
        assert_eq!(invite("ana@example.org").await.outcome(), (409, "auth/domain-refused"));
        assert_eq!(
            house
                .send(change(&server_admin, json!({ "plan": "free" })))
                .await
                .status,
            200
        );
        for number in 0..4 {
            let sent = invite(&format!("p{number}@example.com")).await;
            assert_eq!(house.send(accept(&token_in(&sent, "/url"), PASSWORD)).await.status, 200);
        }
        assert_eq!(invite("p5@example.com").await.outcome(), (409, "auth/plan-full"));
    }
}

#[tokio::test]
async fn server_wide_permissions_count_where_the_server_belongs_only() {
    for house in houses().await {
        let server_admin = house.admin().await;
        let (_, admin) = other_organization(&house, &server_admin, "other").await;

        for permission in permissions(house.composed(), &admin).await {
            let permission = Permission::named(&permission).unwrap();
            assert!(!permission.is_server_wide(), "{permission:?}");
        }
        assert_eq!(house.send(get("/metrics").bearer(&admin)).await.status, 403);
        let promote = json!({ "email": "x@example.org", "role": "server_admin" });
        let promote = house.send(post("/api/invitations", promote).bearer(&admin)).await;
        assert_eq!(promote.outcome(), (422, "request/invalid"));
        let operator = json!({ "email": "y@example.org", "role": "operator" });
        let sent = house.send(post("/api/invitations", operator).bearer(&admin)).await;
        let operator = house
            .send(accept(&token_in(&sent, "/url"), PASSWORD))
            .await
            .text("/token");
        assert!(!may(house.composed(), &operator, Permission::MonitoringRead).await);
        assert!(may(house.composed(), &operator, Permission::BotsRead).await);
    }
}

#[tokio::test]
async fn unknown_permissions_make_no_role_and_built_in_roles_stay() {
    for house in houses().await {
        let admin = house.admin().await;
        let unknown = json!({ "name": "x", "permissions": ["moon.land"] });
        assert_eq!(house.send(post("/api/roles", unknown).bearer(&admin)).await.status, 422);
        let taken = json!({ "name": "manager", "permissions": [] });
        assert_eq!(
            house.send(post("/api/roles", taken).bearer(&admin)).await.outcome(),
            (409, "auth/name-taken")
        );
        for call in [patch("/api/roles/admin", json!({})), delete("/api/roles/admin")] {
            assert_eq!(
                house.send(call.bearer(&admin)).await.outcome(),
                (409, "auth/built-in-role")
            );
        }
        let all = house.send(get("/api/permissions").bearer(&admin)).await;
        assert_eq!(all.body["items"].as_array().unwrap().len(), Permission::ALL.len());
    }
}
