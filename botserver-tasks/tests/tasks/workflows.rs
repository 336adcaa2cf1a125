//! Workflows: steps of several bots, side by side, with approvals and delays.

use botlib::ConversationId;

use crate::support::{House, houses};

const BOTS: &[(&str, &str)] = &[
    (
        "risk.gbai/risk.gbdialog/check-order.bas",
        "TALK \"Checking\"\nRETURN \"low risk\"\n",
    ),
    (
        "stock.gbai/stock.gbdialog/start.bas",
        "TALK \"Stock heard: \" + user.message\n",
    ),
];

fn house(flow: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut files = BOTS.to_vec();
    files.push(("shop.gbai/shop.gbdialog/flow.bas", flow));
    files.push((
        "shop.gbai/shop.gbdialog/mail.bas",
        "ON EVENT \"approval_requested\" DO\n  TALK \"LINK \" + params.link\nEND ON\n\nON EVENT \"approval_denied\" DO\n  TALK \"Denied by \" + params.from\nEND ON\n",
    ));
    files
}

#[tokio::test]
async fn steps_run_one_after_the_other_and_know_what_came_before() {
    let files = house(
        "ORCHESTRATE WORKFLOW \"order\"\nSTEP 1: BOT \"risk\" \"check order\"\nDELAY 60\nSTEP 2: BOT \"stock\" \"reserve\"\nTALK \"Finished\"\n",
    );
    for house in houses(&files) {
        let server = house.open().await;
        let ran = server.run("shop", "flow", ConversationId::new()).await;
        assert!(ran.fault.is_none() && ran.waiting, "{ran:?}");
        server.wait_said(1).await;
        server.settle().await;
        server.kill();
        let server = house.open().await;
        server.settle().await;
        assert_eq!(server.said().await, ["Checking"]);

        server.pass(61);

        let said = server.wait_said(3).await;
        assert_eq!(
            said[1],
            "Stock heard: reserve\n\nResults so far:\n- step 1 (risk): low risk"
        );
        assert_eq!(said[2], "Finished");
    }
}

#[tokio::test]
async fn branches_run_side_by_side() {
    let house = House::new(&house(
        "ORCHESTRATE WORKFLOW \"order\"\nSTEP 1: PARALLEL\n  BRANCH A: BOT \"risk\" \"check order\"\n  BRANCH B: BOT \"stock\" \"reserve\"\nEND PARALLEL\nTALK \"Both\"\n",
    ));
    let server = house.open().await;
    let ran = server.run("shop", "flow", ConversationId::new()).await;
    assert_eq!(ran.fault, None);

    let said = server.wait_said(3).await;

    assert!(said.contains(&"Checking".to_owned()) && said.contains(&"Stock heard: reserve".to_owned()));
    assert_eq!(said[2], "Both");
}

/// The path and query of the link that was said.
async fn link(server: &crate::support::Server) -> String {
    let said = server.wait_said(1).await;
    let link = said.iter().find_map(|text| text.strip_prefix("LINK ")).unwrap();
    link.get(link.find("/api/").unwrap()..).unwrap().to_owned()
}

const APPROVAL: &str = "TRY\n  ORCHESTRATE WORKFLOW \"refund\"\n  STEP 1: HUMAN APPROVAL FROM \"boss@example.org\"\n  TALK \"Approved\"\nCATCH e\n  TALK \"Stopped: \" + e.message\nEND TRY\n";

#[tokio::test]
async fn a_signed_link_approves_once() {
    let house = House::new(&house(APPROVAL));
    let server = house.open().await;
    let ran = server.run("shop", "flow", ConversationId::new()).await;
    assert!(ran.fault.is_none() && ran.waiting, "{ran:?}");
    let link = link(&server).await;
    let listed = server.get("/api/tasks/approvals").await.json();
    assert_eq!(listed["items"][0]["from"], "boss@example.org");

    // A mail program that opens links decides nothing.
    let page = server.get(&link).await;
    assert!(page.status == 200 && page.text.contains("boss@example.org"), "{page:?}");
    let forged = link.replace("signature=", "signature=00");
    assert_eq!(server.post(&forged, &[], "answer=approve").await.status, 404);
    let other = format!("{}0", link.get(..link.len() - 1).unwrap());
    let other = if other == link {
        format!("{}1", link.get(..link.len() - 1).unwrap())
    } else {
        other
    };
    assert_eq!(server.post(&other, &[], "answer=approve").await.status, 404);
    let approved = server.post(&link, &[], "answer=approve").await;
    let again = server.post(&link, &[], "answer=refuse").await;

    assert_eq!((approved.status, again.status), (200, 404));
    assert_eq!(server.wait_said(2).await[1], "Approved");
    assert_eq!(server.get(&link).await.status, 404);
}

#[tokio::test]
async fn a_refusal_stops_the_workflow() {
    let house = House::new(&house(APPROVAL));
    let server = house.open().await;
    server.run("shop", "flow", ConversationId::new()).await;
    let link = link(&server).await;

    server.post(&link, &[], "answer=refuse").await;

    let mut said = server.wait_said(3).await;
    said.sort();
    assert_eq!(said[0], "Denied by boss@example.org");
    assert_eq!(said[2], "Stopped: boss@example.org did not approve");
}

#[tokio::test]
async fn an_approval_that_does_not_come_ends_as_is_said() {
    let stopped = House::new(&house(
        "TRY\n  ORCHESTRATE WORKFLOW \"refund\"\n  STEP 1: HUMAN APPROVAL FROM \"boss@example.org\"\n    TIMEOUT 100\n  TALK \"Approved\"\nCATCH e\n  TALK \"Stopped\"\nEND TRY\n",
    ));
    let goes_on = House::new(&house(
        "ORCHESTRATE WORKFLOW \"refund\"\nSTEP 1: HUMAN APPROVAL FROM \"boss@example.org\"\n  TIMEOUT 100\n  ON TIMEOUT: APPROVE WITH WARNING\nTALK \"Approved\"\n",
    ));

    for (house, expected) in [(stopped, "Stopped"), (goes_on, "Approved")] {
        let server = house.open().await;
        server.run("shop", "flow", ConversationId::new()).await;
        server.wait_said(1).await;
        server.pass(101);
        assert_eq!(server.wait_said(2).await[1], expected);
    }
}

#[tokio::test]
async fn the_visitor_approves_by_saying_yes() {
    let flow = "TRY\n  ORCHESTRATE WORKFLOW \"refund\"\n  TALK \"Refund 20?\"\n  STEP 1: HUMAN APPROVAL FROM \"user\"\n  TALK \"Refunded\"\nCATCH e\n  TALK \"Kept\"\nEND TRY\n";
    let house = House::new(&house(flow));
    let server = house.open().await;
    let (one, two) = (ConversationId::new(), ConversationId::new());
    server.run("shop", "flow", one).await;
    server.run("shop", "flow", two).await;

    let yes = server.write_to("shop", "Yes!", one).await;
    let no = server.write_to("shop", "não", two).await;

    assert_eq!(yes.said, ["Refunded"]);
    assert_eq!(no.said, ["Kept"]);
}
