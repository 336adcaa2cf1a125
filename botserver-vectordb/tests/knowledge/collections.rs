//! Folders of packages as collections: what comes, changes and goes.

use crate::support::{House, houses};

const GUARANTEE: &str = "# Guarantee\n\nEvery kettle has a guarantee of twenty-four months.\n\n# Returns\n\nGoods may be \
                         returned within thirty days.\n";

fn shop(house: &House) {
    house.write("Shop.gbai/shop.gbkb/products/guarantee.md", GUARANTEE);
    house.write(
        "Shop.gbai/shop.gbkb/products/deep/er/kettle.md",
        "# Kettle\n\nIt boils two litres in four minutes.\n",
    );
    house.write(
        "Shop.gbai/shop.gbkb/hours/open.txt",
        "We are open from nine to six on weekdays.",
    );
    house.write("Shop.gbai/shop.gbkb/products/.hidden.md", "unseen");
    house.write("Shop.gbai/shop.gbdialog/start.bas", "TALK \"no document\"");
}

const ALL: [&str; 3] = ["products/guarantee.md", "products/deep/er/kettle.md", "hours/open.txt"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_are_collections_whose_documents_are_found_with_their_sources() {
    for house in houses() {
        shop(&house);
        let server = house.open(&["shop"]).await;
        server.settled("shop", &ALL).await;

        let found = server
            .search("shop", &server.visitor(), "How long is the guarantee of a kettle?")
            .await;

        let best = &found.passages[0];
        assert_eq!(best.source.collection, "products");
        assert_eq!(best.source.document, "guarantee.md");
        assert_eq!(best.source.title, "Guarantee");
        assert_eq!(best.source.headings, ["Guarantee"]);
        assert_eq!((best.source.number, best.source.version.len()), (1, 12));
        assert!(best.text.contains("twenty-four months"), "{best:?}");
        assert!(best.coverage > 0.5, "{best:?}");
        let nothing = server.search("shop", &server.visitor(), "xylophone quartet").await;
        assert_eq!(nothing.passages, [], "what nobody wrote is not answered");
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_changed_is_embedded_again() {
    for house in houses() {
        shop(&house);
        let server = house.open(&["shop"]).await;
        server.settled("shop", &ALL).await;
        assert_eq!(server.embedded().len(), 4, "two sections and two short documents");

        house.write(
            "Shop.gbai/shop.gbkb/products/guarantee.md",
            &GUARANTEE.replace("thirty", "sixty"),
        );
        server
            .until("the change", async || {
                let found = server
                    .search("shop", &server.visitor(), "returned within sixty days")
                    .await;
                found
                    .passages
                    .first()
                    .is_some_and(|best| best.text.contains("sixty days"))
            })
            .await;

        let again = server.embedded();
        let passages: Vec<_> = again.iter().filter(|text| text.contains('\n')).collect();
        assert_eq!(passages.len(), 1, "the other section is as it was: {again:?}");
        assert!(passages[0].contains("sixty days"));
        let old = server.search("shop", &server.visitor(), "thirty").await;
        assert_eq!(old.passages, [], "nothing is left of the old version");
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_away_is_gone_and_caches_know() {
    for house in houses() {
        shop(&house);
        let server = house.open(&["shop"]).await;
        server.settled("shop", &ALL).await;
        let before = server.search("shop", &server.visitor(), "guarantee").await.version;

        house.remove("Shop.gbai/shop.gbkb/products/guarantee.md");
        house.remove("Shop.gbai/shop.gbkb/hours");
        server.settled("shop", &["products/deep/er/kettle.md"]).await;

        let after = server.search("shop", &server.visitor(), "guarantee").await;
        assert_eq!(after.passages, []);
        assert_ne!(after.version, before);
        assert_eq!(
            server.documents("shop", &server.visitor(), "open weekdays").await,
            [""; 0]
        );
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renamed_document_is_found_under_its_new_name_only() {
    for house in houses() {
        shop(&house);
        let server = house.open(&["shop"]).await;
        server.settled("shop", &ALL).await;

        std::fs::rename(
            house.path("Shop.gbai/shop.gbkb/products/guarantee.md"),
            house.path("Shop.gbai/shop.gbkb/products/promises.md"),
        )
        .unwrap();
        server
            .settled(
                "shop",
                &["products/promises.md", "products/deep/er/kettle.md", "hours/open.txt"],
            )
            .await;

        let found = server.documents("shop", &server.visitor(), "guarantee months").await;
        assert_eq!(found, ["products/promises.md"]);
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_file_is_reported_and_all_others_are_found() {
    for house in houses() {
        shop(&house);
        house.write("Shop.gbai/shop.gbkb/hours/damaged.md", "broken beyond repair");
        house.write("Shop.gbai/shop.gbkb/hours/photo.xyz", "pixels");
        let server = house.open(&["shop"]).await;
        let mut all = ALL.to_vec();
        all.extend(["hours/damaged.md", "hours/photo.xyz"]);
        server.settled("shop", &all).await;

        let progress = server.call("GET", "/api/kb/shop/progress", "operator", "").await.json();

        assert_eq!(
            (&progress["ready"], &progress["failed"]),
            (&3.into(), &2.into()),
            "{progress}"
        );
        let reasons = progress["problems"].to_string();
        assert!(
            reasons.contains("it says so itself") && reasons.contains("photo.xyz are not read"),
            "{reasons}"
        );
        assert_eq!(
            server.documents("shop", &server.visitor(), "open weekdays").await,
            ["hours/open.txt"]
        );
        house.write("Shop.gbai/shop.gbkb/hours/damaged.md", "Mended: closed on Sundays.");
        server
            .until("the mended file", async || {
                server.documents("shop", &server.visitor(), "Sundays").await == ["hours/damaged.md"]
            })
            .await;
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_starts_again_knows_everything_and_embeds_nothing() {
    for house in houses() {
        shop(&house);
        let server = house.open(&["shop"]).await;
        server.settled("shop", &ALL).await;
        server.close().await;
        house.remove("Shop.gbai/shop.gbkb/hours/open.txt");

        let server = house.open(&["shop"]).await;
        server
            .settled("shop", &["products/guarantee.md", "products/deep/er/kettle.md"])
            .await;

        assert_eq!(server.embedded(), [""; 0]);
        assert_eq!(
            server.documents("shop", &server.visitor(), "guarantee").await,
            ["products/guarantee.md"]
        );
        server.close().await;
    }
}
