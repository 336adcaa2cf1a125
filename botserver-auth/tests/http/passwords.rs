//! Changing a password, and how it is kept.

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version, password_hash::SaltString};
use botlib::Role;
use botstate::{db::people, on_each};
use diesel::prelude::*;
use serde_json::json;

use crate::support::{Call, House, PASSWORD, get, houses, login, post};

const ANA: &str = "ana@example.org";

fn me(token: &str) -> Call {
    get("/api/auth/me").bearer(token)
}

fn change_password(token: &str, current: &str, new: &str) -> Call {
    post("/api/auth/password", json!({ "current": current, "new": new })).bearer(token)
}

#[tokio::test]
async fn new_password_ends_the_other_sessions() {
    for house in houses().await {
        let first = house.person("ana", Role::Member).await;
        let second = house.send(login(ANA, PASSWORD)).await.text("/token");

        let answer = house
            .send(change_password(&second, PASSWORD, "eight wooden bowls"))
            .await;

        assert_eq!(answer.status, 204);
        assert_eq!(house.send(me(&first)).await.status, 401);
        assert_eq!(house.send(me(&second)).await.status, 200);
        assert_eq!(house.send(login(ANA, PASSWORD)).await.status, 401);
        assert_eq!(house.send(login(ANA, "eight wooden bowls")).await.status, 200);
    }
}

#[tokio::test]
async fn password_stays_when_the_current_one_is_wrong_or_the_new_one_weak() {
    for house in houses().await {
        let token = house.person("ana", Role::Member).await;

        let wrong = house.send(change_password(&token, "x", "eight wooden bowls")).await;
        let weak = house.send(change_password(&token, PASSWORD, "short")).await;
        let common = house.send(change_password(&token, PASSWORD, "Password1234567!")).await;
        let own = house
            .send(change_password(&token, PASSWORD, "ana@example.org.2026"))
            .await;

        assert_eq!(wrong.outcome(), (422, "auth/wrong-password"));
        for answer in [weak, common, own] {
            assert_eq!(answer.outcome(), (422, "auth/weak-password"), "{}", answer.body);
        }
        assert_eq!(house.send(login(ANA, PASSWORD)).await.status, 200);
    }
}

#[tokio::test]
async fn current_password_cannot_be_guessed_in_a_stolen_session() {
    for house in houses().await {
        let token = house.person("ana", Role::Member).await;

        let mut guesses = 0;
        while house
            .send(change_password(&token, "x", "eight wooden bowls"))
            .await
            .status
            == 422
        {
            guesses += 1;
        }

        assert_eq!(guesses, 8);
    }
}

/// The hash that is kept for Ana.
async fn kept_hash(house: &House) -> String {
    let found = house.state.db.read(|conn| {
        let query = people::table
            .filter(people::email.eq(ANA))
            .select(people::password_hash);
        on_each!(conn, |conn| query.first::<Option<String>>(conn)).map_err(botstate::db::Error::from)
    });
    found.await.unwrap().unwrap()
}

#[tokio::test]
async fn weaker_hash_is_renewed_when_its_owner_signs_in() {
    for house in houses().await {
        house.person("ana", Role::Member).await;
        let weak = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(8192, 1, 1, None).unwrap(),
        );
        let salt = SaltString::encode_b64(b"0123456789abcdef").unwrap();
        let weak = weak.hash_password(PASSWORD.as_bytes(), &salt).unwrap().to_string();
        let store = house.state.db.write(move |conn| {
            on_each!(conn, |conn| {
                let ana = people::table.filter(people::email.eq(ANA));
                diesel::update(ana).set(people::password_hash.eq(weak)).execute(conn)
            })
            .map_err(botstate::db::Error::from)
        });
        assert_eq!(store.await.unwrap(), 1);

        let wrong = house.send(login(ANA, "seven wooden forks")).await;
        let after_wrong = kept_hash(&house).await;
        let right = house.send(login(ANA, PASSWORD)).await;

        assert_eq!((wrong.status.as_u16(), right.status.as_u16()), (401, 200));
        assert!(after_wrong.contains("m=8192,t=1"), "{after_wrong}");
        assert!(kept_hash(&house).await.contains("m=19456,t=2,p=1"));
        assert_eq!(house.send(login(ANA, PASSWORD)).await.status, 200);
    }
}
