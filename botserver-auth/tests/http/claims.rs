//! The first start and one-time links.

use botlib::Role;
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;

use crate::support::{PASSWORD, claim, get, houses, login, post, token_of};

#[tokio::test]
async fn every_start_gives_a_fresh_link_until_the_administrator_has_claimed() {
    for house in houses().await {
        let first = house.auth.ensure_first_admin().await.unwrap().unwrap();
        let second = house.auth.ensure_first_admin().await.unwrap().unwrap();
        assert_eq!(first.email, "admin@localhost");
        assert!(
            second.url.expose().starts_with("http://localhost:0/claim#bl_"),
            "{}",
            second.url.expose()
        );

        let old = house.send(claim(&token_of(&first), PASSWORD)).await;
        let new = house.send(claim(&token_of(&second), PASSWORD)).await;

        assert_eq!(old.outcome(), (404, "auth/unknown-link"));
        assert_eq!(new.text("/person/role"), "server_admin");
        assert!(house.auth.ensure_first_admin().await.unwrap().is_none());
        assert_eq!(
            house.send(get("/api/users").bearer(&new.text("/token"))).await.status,
            200
        );
        assert_eq!(house.send(login("admin@localhost", PASSWORD)).await.status, 200);
    }
}

#[tokio::test]
async fn nodes_that_start_at_once_make_one_administrator() {
    for house in houses().await {
        let (other, _) = house.other_node().await;

        let links = join_all((0..6).map(|node| {
            let auth = if node % 2 == 0 {
                house.auth.clone()
            } else {
                other.clone()
            };
            async move { auth.ensure_first_admin().await.unwrap().unwrap() }
        }))
        .await;

        let mut working = 0;
        for link in &links {
            working += usize::from(house.send(claim(&token_of(link), PASSWORD)).await.status == 200);
        }
        assert_eq!(working, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn link_that_ten_use_at_once_lets_one_in() {
    for house in houses().await {
        let link = house
            .auth
            .create_person("ana@example.org", "Ana", Role::Member)
            .await
            .unwrap();
        let token = token_of(&link);

        let answers = join_all((0..10).map(|number| {
            let password = format!("{number} seven wooden spoons");
            let house = &house;
            let token = &token;
            async move { (house.send(claim(token, &password)).await, password) }
        }))
        .await;

        let winners: Vec<_> = answers.iter().filter(|(answer, _)| answer.status == 200).collect();
        assert_eq!(winners.len(), 1);
        assert!(
            answers
                .iter()
                .all(|(answer, _)| matches!(answer.status.as_u16(), 200 | 404))
        );
        assert_eq!(house.send(login("ana@example.org", &winners[0].1)).await.status, 200);
    }
}

#[tokio::test]
async fn link_works_for_a_day() {
    for house in houses().await {
        let ana = house
            .auth
            .create_person("ana@example.org", "Ana", Role::Member)
            .await
            .unwrap();
        house.pass(TimeDelta::hours(1));
        let ben = house
            .auth
            .create_person("ben@example.org", "Ben", Role::Member)
            .await
            .unwrap();
        house.pass(TimeDelta::hours(23));

        assert_eq!(
            house.send(claim(&token_of(&ana), PASSWORD)).await.outcome(),
            (404, "auth/unknown-link")
        );
        assert_eq!(house.send(claim(&token_of(&ben), PASSWORD)).await.status, 200);
    }
}

#[tokio::test]
async fn weak_password_leaves_the_link_in_force() {
    for house in houses().await {
        let link = house
            .auth
            .create_person("maria.silveira@example.org", "Maria", Role::Member)
            .await
            .unwrap();
        let token = token_of(&link);

        let short = house.send(claim(&token, "spoons")).await;
        let own = house.send(claim(&token, "maria.silveira.1")).await;
        let body = json!({ "token": token, "password": PASSWORD, "name": " Maria S. " });
        let good = house.send(post("/api/auth/claim", body)).await;

        insta::allow_duplicates! {
        insta::assert_json_snapshot!(short.body, { ".instance" => "[uuid]" }, @r#"
        {
          "type": "auth/weak-password",
          "title": "The password may not be used",
          "status": 422,
          "detail": "has fewer than 15 characters: three or four unrelated words make a good password",
          "instance": "[uuid]",
          "errors": [
            {
              "field": "/password",
              "detail": "has fewer than 15 characters: three or four unrelated words make a good password"
            }
          ]
        }
        "#);
        }
        assert_eq!(own.outcome(), (422, "auth/weak-password"));
        assert_eq!(good.text("/person/name"), "Maria S.");
    }
}

#[tokio::test]
async fn tokens_of_links_cannot_be_tried_without_end() {
    for house in houses().await {
        let mut tried = 0;
        while house.send(claim("bl_guess", PASSWORD)).await.status == 404 {
            tried += 1;
        }

        assert_eq!(tried, 60);
    }
}
