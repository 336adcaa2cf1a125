//! The packages that ship: checked, and talked to.

use botlib::{Value, value::Map};

use crate::support::{House, write};

/// The folder with the packages that ship.
const BOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bots");

async fn shipped() -> House {
    let house = House::new(&[]).await;
    let mut folders = vec![std::path::PathBuf::from(BOTS)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                write(&house.path("").join(path.strip_prefix(BOTS).unwrap()), &text);
            }
        }
    }
    house.restart().await
}

#[tokio::test]
async fn shipped_packages_have_no_problems() {
    let house = shipped().await;

    let names: Vec<String> = house.mount.bots.list().iter().map(|bot| bot.name.clone()).collect();

    assert_eq!(names, ["default", "workshop"]);
    for name in names {
        assert_eq!(house.mount.bots.diagnostics(&name).join("\n\n"), "");
    }
}

#[tokio::test]
async fn the_embedded_example_is_the_default_package() {
    let folder = tempfile::tempdir().unwrap();
    let bots = folder.path().join("bots");

    let (first, second) = (
        botserver_auto::write_first_bot(&bots).unwrap(),
        botserver_auto::write_first_bot(&bots).unwrap(),
    );

    assert_eq!((first, second), (true, false));
    let mut files = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(BOTS).join("default.gbai")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let found = if path.is_dir() { &mut folders } else { &mut files };
            found.push(path);
        }
    }
    assert_eq!(files.len(), botserver_auto::embedded_example().len());
    for file in files {
        let written = std::fs::read_to_string(bots.join(file.strip_prefix(BOTS).unwrap())).unwrap();
        assert_eq!(written, std::fs::read_to_string(file).unwrap());
    }
}

#[tokio::test]
async fn the_default_bot_greets_and_writes_a_list() {
    let house = shipped().await;
    let mut visitor = house.visitor("default");

    visitor.run("start", Map::new(), &[]).await.unwrap();
    let chips: Vec<_> = visitor
        .session
        .suggestions
        .iter()
        .map(|chip| chip.text.clone())
        .collect();
    let answers = ["Tea", "2", "3,50", "yes", "Bread", "", "1.20", "no", "2030-05-14"];
    visitor.run("shopping-list", Map::new(), &answers).await.unwrap();

    assert_eq!(
        chips,
        ["Write a shopping list", "Count the days to a date", "Split a bill"]
    );
    insta::assert_snapshot!(visitor.heard.join("\n"));
}

#[tokio::test]
async fn the_tools_of_the_default_bot_ask_only_for_what_is_missing() {
    let house = shipped().await;
    let date = Value::Date("2030-05-20".parse().unwrap());
    let given: Map = [("day".to_owned(), date)].into_iter().collect();

    let mut visitor = house.visitor("default");
    visitor.run("days-until", given, &[]).await.unwrap();
    visitor.run("days-until", Map::new(), &["tomorrow"]).await.unwrap();
    visitor.run("split-bill", Map::new(), &["100", "4", ""]).await.unwrap();
    let bill: Map = [("total", 86), ("people", 4), ("tip", 10)]
        .map(|(name, value)| (name.to_owned(), Value::Int(value)))
        .into_iter()
        .collect();
    let each = visitor.run("split-bill", bill, &[]).await.unwrap();

    insta::assert_snapshot!(visitor.heard.join("\n"));
    assert_eq!(each.to_json().to_string(), r#"{"each":23.65}"#);
}

#[tokio::test]
async fn the_workshop_books_a_repair_and_remembers_it() {
    let house = shipped().await;
    let mut visitor = house.visitor("workshop");
    visitor.run("start", Map::new(), &[]).await.unwrap();
    visitor.run("price-list", Map::new(), &[]).await.unwrap();

    // Sunday is closed, Tuesday is open.
    let answers = ["2", "2030-05-19", "2030-05-14", "ana sousa", "+351 912 345 678", "yes"];
    let order = visitor.run("book-repair", Map::new(), &answers).await.unwrap();
    let Value::Map(order) = order else { panic!("{order:?}") };
    let number = order.get("number").unwrap().to_string();
    let mut later = house.visitor("workshop");
    later
        .run("repair-status", Map::new(), &[number.as_str()])
        .await
        .unwrap();
    later.run("repair-status", Map::new(), &["1"]).await.unwrap();

    assert_eq!(
        (order.get("service"), order.get("name")),
        (Some(&"Brakes".into()), Some(&"Ana Sousa".into()))
    );
    let transcript = visitor
        .heard
        .into_iter()
        .chain(later.heard)
        .collect::<Vec<_>>()
        .join("\n");
    insta::assert_snapshot!(transcript.replace(&number, "[number]"));
}

#[tokio::test]
async fn the_workshop_takes_no_more_bicycles_than_it_has_places() {
    let house = shipped().await;
    let mut visitor = house.visitor("workshop");
    let book = ["1", "2030-05-14", "Ana", "+351 912 345 678", "yes"];
    for _ in 0..4 {
        visitor.run("book-repair", Map::new(), &book).await.unwrap();
    }

    let fifth = ["1", "2030-05-14", "2030-05-15", "Ana", "+351 912 345 678", "no"];
    let booked = visitor.run("book-repair", Map::new(), &fifth).await.unwrap();

    assert!(
        visitor.heard.contains(&"We are full on 2030-05-14.".to_owned()),
        "{:?}",
        visitor.heard
    );
    assert_eq!(booked.to_json().to_string(), r#"{"booked":false}"#);
}
