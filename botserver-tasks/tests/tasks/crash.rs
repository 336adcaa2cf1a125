//! Servers that die at any moment: what was committed is not repeated, and what was acknowledged is not lost.

use std::{collections::BTreeSet, time::Duration};

use botlib::ConversationId;

use crate::support::houses;

#[tokio::test]
async fn a_chain_of_events_and_runs_happens_once_however_often_the_server_dies() {
    let files = [
        (
            "shop.gbai/shop.gbdialog/chain.bas",
            "ON EVENT \"one\" DO\n  PROBE \"one\"\n  TALK \"One\"\n  PUBLISH EVENT \"two\"\nEND ON\n\nON EVENT \"two\" DO\n  PROBE \"two\"\n  TALK \"Two\"\n  DELEGATED = WAIT FOR EVENT \"three\" TIMEOUT 3600\n  TALK \"Three\"\nEND ON\n\nPUBLISH EVENT \"one\"\nTALK \"Begun\"\n",
        ),
        ("shop.gbai/shop.gbdialog/third.bas", "PUBLISH EVENT \"three\"\n"),
    ];
    for house in houses(&files) {
        let server = house.open().await;
        let begun = server.run("shop", "chain", ConversationId::new()).await;
        assert_eq!(begun.said, ["Begun"]);
        let mut server = server;
        for round in 0..12_u64 {
            tokio::time::sleep(Duration::from_millis(3 * round)).await;
            server.kill();
            // Other nodes' jobs are free when their leases end.
            house.clock.advance(chrono::TimeDelta::seconds(61));
            server = house.open().await;
        }
        server.wait_said(3).await;
        server.settle().await;
        server.run("shop", "third", ConversationId::new()).await;

        server.wait_said(4).await;
        server.settle().await;

        assert_eq!(server.said().await, ["Begun", "One", "Two", "Three"]);
        // A call that was cut off is made again, under the same key.
        let keys: BTreeSet<_> = house.probed.lock().iter().cloned().collect();
        assert_eq!(keys.len(), 2, "{keys:?}");
    }
}
