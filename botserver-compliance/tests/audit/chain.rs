//! Sealing, verifying, pruning.

use botlib::{OrgId, RequestId, Role};
use botserver_compliance::{Broken, Expected};
use botstate::{audit::Act, db};
use chrono::TimeDelta;

use crate::support::{House, houses, person};

async fn broken(house: &House) -> Broken {
    house.compliance.verify(&[]).await.unwrap().unwrap_err()
}

#[tokio::test]
async fn acts_are_sealed_in_order_and_the_chain_holds() {
    for house in houses().await {
        house.seal(1_203).await;
        let other = OrgId::new();
        house.note(other, ["Bob".to_owned()]).await;
        house.compliance.seal().await.unwrap();

        let mut verified = house.compliance.verify(&[]).await.unwrap().unwrap();

        verified.sort_by_key(|log| log.last_seq);
        let [theirs, ours] = &verified[..] else {
            panic!("{verified:?}");
        };
        assert_eq!(
            (ours.org.as_str(), ours.last_seq),
            (&*house.state.org.to_string(), 1_203)
        );
        assert_eq!((theirs.org.as_str(), theirs.last_seq), (&*other.to_string(), 1));
        let entries = house.compliance.range(ours.org.clone(), 1, 1_204).await.unwrap();
        let details: Vec<_> = entries.iter().filter_map(|entry| entry.detail.clone()).collect();
        assert_eq!(details.first().unwrap(), r#"{"name":"Ann 0"}"#);
        assert_eq!(details.len(), 1_203);
    }
}

#[tokio::test]
async fn an_act_is_on_record_only_with_what_it_tells_of() {
    for house in houses().await {
        let act = Act::of(&person(house.state.org, Role::Admin, RequestId::new()), "people.create");
        let now = house.state.clock.now();
        let undone = house.state.db.write(move |conn| {
            act.record(conn, now)?;
            Err::<(), _>(db::Error::NotFound)
        });
        undone.await.unwrap_err();

        assert_eq!(house.compliance.seal().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn two_nodes_that_seal_at_once_seal_each_act_once() {
    for house in houses().await {
        house
            .note(house.state.org, (0..2_000).map(|number| number.to_string()))
            .await;

        let (one, other) = tokio::join!(house.compliance.seal(), house.compliance.seal());

        assert_eq!(one.unwrap() + other.unwrap(), 2_000);
        let verified = house.compliance.verify(&[]).await.unwrap().unwrap();
        assert_eq!(verified[0].last_seq, 2_000);
    }
}

#[tokio::test]
async fn whatever_is_changed_is_named() {
    let changes = [
        ("UPDATE audit_entries SET actor = 'person:8' WHERE seq = 5", 5),
        ("UPDATE audit_entries SET at = at + 1 WHERE seq = 1", 1),
        ("UPDATE audit_entries SET outcome = 'refused' WHERE seq = 9", 9),
        (
            "UPDATE audit_entries SET detail = '{\"name\":\"Eve\"}' WHERE seq = 4",
            4,
        ),
        ("UPDATE audit_entries SET salt = NULL WHERE seq = 4", 4),
        ("UPDATE audit_entries SET detail_hash = hash WHERE seq = 6", 6),
        ("UPDATE audit_entries SET hash = detail_hash WHERE seq = 7", 7),
    ];
    for (sql, place) in changes {
        for house in houses().await {
            house.seal(10).await;
            house.tamper(sql).await;

            let found = broken(&house).await;

            assert!(
                matches!(found, Broken::Changed { seq, .. } if seq == place),
                "{sql}: {found}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_taken_away_or_added_is_named() {
    for house in houses().await {
        house.seal(10).await;
        house.tamper("DELETE FROM audit_entries WHERE seq = 3").await;
        assert!(matches!(broken(&house).await, Broken::Missing { seq: 3, .. }));
    }
    for house in houses().await {
        house.seal(10).await;
        house.tamper("DELETE FROM audit_entries WHERE seq = 10").await;
        assert!(matches!(broken(&house).await, Broken::Missing { seq: 10, .. }));
    }
    for house in houses().await {
        house.seal(10).await;
        house.tamper("UPDATE audit_chains SET last_seq = 8").await;
        assert!(matches!(broken(&house).await, Broken::End { .. }));
    }
}

#[tokio::test]
async fn an_end_that_was_kept_elsewhere_proves_that_the_log_was_not_written_anew() {
    for house in houses().await {
        house.seal(10).await;
        let head = house.compliance.heads().await.unwrap().remove(0);
        let kept: Expected = format!("{}:{}:{}", head.org, head.last_seq, head.last_hash)
            .parse()
            .unwrap();
        house.seal(5).await;
        let expected = [kept];
        house.compliance.verify(&expected).await.unwrap().unwrap();

        // Whoever has the database can make another log that holds in itself.
        house.tamper("DELETE FROM audit_entries").await;
        house.tamper("DELETE FROM audit_chains").await;
        house.seal(15).await;

        house.compliance.verify(&[]).await.unwrap().unwrap();
        let found = house.compliance.verify(&expected).await.unwrap().unwrap_err();
        assert!(matches!(found, Broken::End { .. }), "{found}");
    }
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_or_to_forget_entries() {
    for house in houses().await {
        house.seal(3).await;

        for sql in [
            "DELETE FROM audit_entries WHERE seq = 2",
            "UPDATE audit_entries SET actor = 'person:8' WHERE seq = 2",
            "UPDATE audit_entries SET detail = '{}' WHERE seq = 2",
        ] {
            house.try_sql(sql).await.unwrap_err();
        }
        // A detail alone may be blotted out, and the chain still holds.
        house
            .try_sql("UPDATE audit_entries SET detail = NULL, salt = NULL WHERE seq = 2")
            .await
            .unwrap();
        house.compliance.verify(&[]).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn old_entries_go_and_the_rest_still_holds() {
    for house in houses().await {
        house.seal(1_500).await;
        house.clock.advance(TimeDelta::days(40));
        house.seal(7).await;

        house.prune(30).await;

        let verified = house.compliance.verify(&[]).await.unwrap().unwrap();
        assert_eq!((verified[0].first_seq, verified[0].last_seq), (1_501, 1_507));
        // The pruning is on record itself.
        house.compliance.seal().await.unwrap();
        let last = house
            .compliance
            .range(verified[0].org.clone(), 1_508, 1_509)
            .await
            .unwrap();
        assert_eq!(last[0].action, "audit.prune");
        assert_eq!(last[0].detail.as_deref(), Some(r#"{"entries":1500,"first":1501}"#));
    }
}
