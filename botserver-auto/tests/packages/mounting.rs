//! What is taken for a package, and what becomes of one with errors.

use axum::body::Body;
use botserver_core::App;
use botstate::dialog::FaultKind;
use http::{Request, StatusCode};
use tower::ServiceExt as _;

use crate::support::{House, houses};

#[tokio::test]
async fn packages_are_read_tolerantly() {
    let house = House::new(&[
        ("Shop.gbai/other-name.gbdialog/start.bas", "\u{feff}TALK \"hi\""),
        ("Shop.gbai/other-name.gbdialog/tools/Order.BAS", "DESCRIPTION \"Orders\"\nRETURN 1"),
        ("Shop.gbai/loose.bas", "TALK \"loose\""),
        ("Shop.gbai/order.bas", "TALK \"never\""),
        ("Shop.gbai/x.gbdialog/.hidden.bas", "???"),
        (
            "Shop.gbai/shop.gbot/config.csv",
            "key,value\n# a comment\n,\n\nname,Ana\nGreeting,\"Hello, \"\"you\"\"\"\nlist,a, b\nplace , none\n,orphan\n",
        ),
        ("Shop.gbai/shop.gbot/prompt.txt", "You sell tea."),
        ("Shop.gbai/shop.gbdrive/readme.bas.txt", "no script"),
        ("notes/start.bas", "not a package"),
        (".hidden.gbai/start.bas", "TALK 1"),
    ])
    .await;

    let bot = house.bot("shop");

    assert_eq!(house.mount.bots.list().len(), 1);
    assert_eq!(
        (bot.name.as_str(), bot.scripts.join(" ").as_str()),
        ("Shop", "loose order start")
    );
    assert_eq!(
        bot.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(),
        ["order"]
    );
    assert_eq!(bot.prompt.as_deref(), Some("You sell tea."));
    assert_eq!(bot.settings.get("GREETING"), Some("Hello, \"you\""));
    assert_eq!(
        (bot.settings.get("name"), bot.settings.get("list")),
        (Some("Ana"), Some("a,b"))
    );
    assert_eq!((bot.settings.get("key"), bot.settings.get("place")), (None, None));
    assert_eq!(house.said("shop", "start").await, ["hi"]);
    insta::assert_snapshot!(house.mount.bots.diagnostics("SHOP").join("\n\n"));
}

#[tokio::test]
async fn settings_and_prompt_may_lie_at_the_root() {
    let house = House::new(&[
        ("a.gbai/config.csv", "name,value\ntheme-color1,#fff\n"),
        ("a.gbai/PROMPT.md", "Root."),
        ("a.gbai/a.gbot/prompt.md", "Near."),
    ])
    .await;

    let bot = house.bot("a");

    assert_eq!(bot.settings.get("theme-color1"), Some("#fff"));
    assert_eq!(
        bot.prompt.as_deref(),
        Some("Root."),
        "PROMPT.md comes before prompt.md wherever it lies"
    );
}

#[tokio::test]
async fn the_id_of_a_bot_is_the_same_on_every_node() {
    for house in houses(&[("Tea.gbai/start.bas", "TALK 1")]).await {
        let before = house.bot("tea").id;

        let house = house.restart().await;

        assert_eq!(house.bot("TEA").id, before);
        assert_eq!(house.mount.bots.find(&before.to_string()).unwrap().name, "Tea");
        assert_eq!(house.mount.bots.get(before).unwrap().name, "Tea");
    }
}

#[tokio::test]
async fn a_package_that_was_never_good_runs_the_scripts_without_errors() {
    let house = House::new(&[
        ("a.gbai/start.bas", "TALK \"fine\""),
        (
            "a.gbai/order.bas",
            "DESCRIPTION \"Orders\"\nIF x THEN\n  TLAK \"no\"\nEND IF",
        ),
    ])
    .await;

    let fault = house
        .visitor("a")
        .start("order.bas", botlib::value::Map::new())
        .await
        .err()
        .unwrap();

    assert_eq!(house.said("a", "start").await, ["fine"]);
    assert_eq!(fault.kind, FaultKind::NotFound);
    insta::assert_snapshot!(fault.to_string(), @"the script order has errors: a.gbai/order.bas:3: `TLAK` is not a statement (`botserver bot check` shows all of them)");
    assert!(house.bot("a").tools.is_empty(), "a tool that cannot run is not offered");
    insta::assert_snapshot!(house.mount.bots.diagnostics("a").join("\n\n"));
}

#[tokio::test]
async fn files_that_are_too_large_or_no_text_are_reported() {
    let house = House::new(&[
        ("a.gbai/big.bas", &"' x\n".repeat(300_000)),
        ("a.gbai/start.bas", "TALK 1"),
    ])
    .await;
    std::fs::write(house.path("a.gbai/latin.bas"), b"TALK \"ol\xe1\"").unwrap();
    let house = house.restart().await;

    insta::assert_snapshot!(house.mount.bots.diagnostics("a").join("\n\n"));
    assert_eq!(house.said("a", "start").await, ["1"]);
}

#[tokio::test]
async fn a_start_that_reads_the_first_message_waits_for_it() {
    let house = House::new(&[
        ("a.gbai/start.bas", "' user.message is not read here\nTALK \"hi\""),
        (
            "b.gbai/start.bas",
            "IF user.message = \"x\" THEN\n  TALK \"hi\"\nEND IF",
        ),
        ("c.gbai/start.bas", "text = GET \"User.Message\"\nTALK text"),
        ("d.gbai/other.bas", "TALK user.message"),
    ])
    .await;

    let waits: Vec<bool> = house
        .mount
        .bots
        .list()
        .iter()
        .map(|bot| bot.start_wants_message)
        .collect();

    assert_eq!(waits, [false, true, true, false]);
}

#[tokio::test]
async fn operators_see_bots_and_their_problems_and_visitors_do_not() {
    let house = House::new(&[
        ("a.gbai/start.bas", "TALK \"fine\""),
        (
            "a.gbai/order.bas",
            "PARAM n AS INTEGER\nDESCRIPTION \"Orders\"\nRETURN n",
        ),
        ("b.gbai/start.bas", "TLAK"),
    ])
    .await;
    let ask = async |app: App| {
        let request = Request::get("/api/bots").body(Body::empty()).unwrap();
        let answer = app
            .routes(house.mount.routes())
            .build()
            .router
            .oneshot(request)
            .await
            .unwrap();
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice::<serde_json::Value>(&body).unwrap())
    };

    let (refused, _) = ask(App::new(&house.state)).await;
    let (status, body) = ask(App::new(&house.state).authenticator(std::sync::Arc::new(Operator))).await;

    assert_eq!((refused, status), (StatusCode::UNAUTHORIZED, StatusCode::OK));
    let items = body["items"].as_array().unwrap();
    assert_eq!(
        (items[0]["name"].as_str(), items[0]["tools"][0].as_str()),
        (Some("a"), Some("order"))
    );
    assert_eq!(items[0]["problems"].as_array().unwrap().len(), 0);
    assert!(items[1]["problems"][0].as_str().unwrap().contains("TLAK"));
    assert_eq!(items[0]["id"].as_str().unwrap(), house.bot("a").id.to_string());
}

/// Takes everyone for an operator.
struct Operator;

#[async_trait::async_trait]
impl botserver_core::Authenticator for Operator {
    async fn authenticate(
        &self,
        _headers: &http::HeaderMap,
        org: botlib::OrgId,
        request: botlib::RequestId,
    ) -> Result<botlib::Caller, botserver_core::Problem> {
        let (person, session) = (botlib::PersonId::new(), botlib::SessionId::new());
        Ok(botlib::Caller::person(
            org,
            person,
            botlib::Role::Operator,
            session,
            request,
        ))
    }
}
