//! Several bots in one conversation.

use botlib::{ConversationId, Value};

use crate::support::{House, houses};

/// A bot that answers messages without a model: its start.bas reads the first one.
const ACCOUNTS: (&str, &str) = (
    "accounts.gbai/accounts.gbdialog/start.bas",
    "IF user.message CONTAINS \"7\" THEN\n  TALK \"Order 7 is paid\"\nELSE\n  TALK \"I do not know\"\nEND IF\n",
);

#[tokio::test]
async fn another_bot_answers_what_it_is_asked_over_a_restart() {
    for house in houses(&[
        ACCOUNTS,
        (
            "shop.gbai/shop.gbdialog/ask.bas",
            "TALK \"Asking\"\nanswer = DELEGATE \"Is 7 paid?\" TO BOT \"accounts\" TIMEOUT 30\nTALK \"They say: \" + answer\n",
        ),
    ]) {
        let server = house.open().await;
        let ran = server.run("shop", "ask", ConversationId::new()).await;
        assert!(ran.fault.is_none(), "{ran:?}");
        server.kill();
        let server = house.open().await;

        let said = server.wait_said(3).await;

        assert_eq!(said, ["Asking", "Order 7 is paid", "They say: Order 7 is paid"]);
    }
}

#[tokio::test]
async fn a_bot_that_is_not_there_is_a_fault_that_can_be_handled() {
    let house = House::new(&[(
        "shop.gbai/shop.gbdialog/ask.bas",
        "TRY\n  answer = DELEGATE \"x\" TO BOT \"nobody\"\nCATCH e\n  TALK \"No: \" + e.message\nEND TRY\n",
    )]);
    let server = house.open().await;

    let ran = server.run("shop", "ask", ConversationId::new()).await;

    assert_eq!(ran.said, ["No: there is no bot \"nobody\""]);
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_a_fault() {
    let house = House::new(&[
        (
            "slow.gbai/slow.gbdialog/start.bas",
            "x = user.message\nWAIT FOR EVENT \"never\" TIMEOUT 9000\nTALK \"Late\"\n",
        ),
        (
            "shop.gbai/shop.gbdialog/ask.bas",
            "TRY\n  answer = DELEGATE \"x\" TO BOT \"slow\" TIMEOUT 20\n  TALK \"Got \" + answer\nCATCH e\n  TALK e.message\nEND TRY\n",
        ),
    ]);
    let server = house.open().await;
    server.run("shop", "ask", ConversationId::new()).await;
    server.settle().await;

    server.pass(21);
    server.settle().await;

    assert_eq!(server.wait_said(1).await, ["the bot slow did not answer within 20 s"]);
}

#[tokio::test]
async fn a_guest_answers_messages_with_its_words_and_a_transfer_hands_over_all() {
    let house = House::new(&[
        ACCOUNTS,
        (
            "shop.gbai/shop.gbdialog/invite.bas",
            "ADD BOT \"accounts\" WITH TRIGGER \"invoice, order\"\nSET BOT PRIORITY \"accounts\", 3\nRETURN LIST BOTS\n",
        ),
        ("shop.gbai/shop.gbdialog/part.bas", "RETURN REMOVE BOT \"accounts\"\n"),
        (
            "shop.gbai/shop.gbdialog/transfer.bas",
            "TRANSFER CONVERSATION TO \"accounts\"\n",
        ),
    ]);
    let server = house.open().await;
    let conversation = ConversationId::new();
    let listed = server.run("shop", "invite", conversation).await;
    assert_eq!(
        listed.value.to_json().to_string(),
        r#"[{"name":"accounts","triggers":["invoice","order"],"tools":[],"priority":3}]"#
    );

    let asked = server.write_to("shop", "What about ORDER 7?", conversation).await;
    assert_eq!(asked.said, [""; 0]);
    // Once by the guest in its own conversation, and once here.
    assert_eq!(server.wait_said(2).await, ["Order 7 is paid"; 2]);
    let other = server.write_to("shop", "Hello", conversation).await;
    assert_eq!(other.said.len(), 1);

    let parted = server.run("shop", "part", conversation).await;
    assert_eq!(parted.value, Value::Bool(true));
    let alone = server.write_to("shop", "order 8", conversation).await;
    assert_eq!(alone.said.len(), 1);
    server.run("shop", "transfer", conversation).await;
    let handed = server.write_to("shop", "Hello", conversation).await;
    assert_eq!(handed.said, [""; 0]);
}

#[tokio::test]
async fn bots_share_what_they_remember() {
    let house = House::new(&[
        (
            "accounts.gbai/accounts.gbdialog/read.bas",
            "RETURN GET BOT MEMORY \"open\"\n",
        ),
        (
            "shop.gbai/shop.gbdialog/share.bas",
            "SET BOT MEMORY \"open\", \"9 to 6\"\nSET BOT MEMORY \"own\", 1\nBOT SHARE MEMORY \"open\" WITH \"accounts\"\n",
        ),
        (
            "third.gbai/third.gbdialog/sync.bas",
            "BOT SYNC MEMORY FROM \"shop\"\nRETURN GET BOT MEMORY \"own\"\n",
        ),
    ]);
    let server = house.open().await;
    let shared = server.run("shop", "share", ConversationId::new()).await;
    assert_eq!(shared.fault, None);

    let read = server.run("accounts", "read", ConversationId::new()).await;
    let synced = server.run("third", "sync", ConversationId::new()).await;

    assert_eq!(read.value, Value::text("9 to 6"));
    assert_eq!(synced.value, Value::Int(1));
}

#[tokio::test]
async fn a_scheduled_guest_speaks_where_it_was_let_in() {
    let house = House::new(&[
        ("news.gbai/news.gbdialog/start.bas", "TALK \"The news\"\n"),
        (
            "shop.gbai/shop.gbdialog/invite.bas",
            "ADD BOT \"news\" WITH SCHEDULE \"0 11 * * *\"\n",
        ),
    ]);
    let server = house.open().await;
    let conversation = ConversationId::new();
    let ran = server.run("shop", "invite", conversation).await;
    assert_eq!(ran.fault, None);
    server.wait_schedules(|items| items.len() == 1).await;

    server.pass(3600);

    assert_eq!(server.wait_said(2).await, ["The news"; 2]);
}
