use std::fs;

use botlib::{Value, value::Map};
use tempfile::TempDir;

use super::*;

struct House {
    folder: TempDir,
    files: BotFiles,
}

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let bots = folder.path().join("bots");
    for (path, text) in [
        (
            "Shop.gbai/shop.gbdata/items.csv",
            "id,name,price\n1,tea,2.50\n2,007,3\n",
        ),
        ("Shop.gbai/shop.gbdrive/letters/hello.txt", "Hello"),
        ("Shop.gbai/shop.gbkb/manual.md", "# Manual"),
        ("Shop.gbai/shop.gbot/config.csv", "name,value\n"),
    ] {
        let path = bots.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let drives = Drives::new(&folder.path().join("data"), &bots);
    let files = drives.of(&bot("shop"));
    House { folder, files }
}

fn bot(name: &str) -> Bot {
    Bot {
        id: botlib::BotId::new(),
        org: botlib::OrgId::new(),
        name: name.to_owned(),
        version: String::new(),
        settings: Settings::new([("files-quota-mb".to_owned(), "1".to_owned())]),
        prompt: None,
        tools: Vec::new(),
        triggers: Vec::new(),
        scripts: Vec::new(),
        start_wants_message: false,
        chooses_collections: false,
        prompts: Vec::new(),
    }
}

fn path(text: &str) -> FilePath {
    FilePath::parse(text).unwrap()
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    for text in [
        "",
        " ",
        "..",
        "../x",
        "a/../../x",
        "a/..",
        "/etc/passwd",
        "C:/x",
        "a\\..\\b",
        "\\x",
        "a/\0b",
        "nul",
        "CON.txt",
        "a/com1.csv",
        "a.",
        "a ",
        ".hidden",
        "a/.ssh/id",
        "a\u{202e}b",
        "a*b",
        "~root",
        "shop.gbdrive/",
    ] {
        // A blank at an end is taken off before the path is read.
        if text == "a " {
            assert_eq!(path(text).as_str(), "a");
            continue;
        }
        assert!(FilePath::parse(text).is_err(), "{text:?} was taken");
    }
    assert_eq!(path("./a//b.csv").as_str(), "a/b.csv");
    assert_eq!(path("Shop.gbai/shop.gbdrive/a.csv").as_str(), "a.csv");
}

#[tokio::test]
async fn written_files_cover_originals_and_removed_ones_stay_away() {
    let house = house();
    let files = &house.files;
    let read = async |text: &str| files.text(&path(text), LARGEST_TABLE).await.unwrap();

    assert_eq!(read("letters/HELLO.txt").await.as_deref(), Some("Hello"));
    assert_eq!(read("shop.gbdrive/letters/hello.txt").await.as_deref(), Some("Hello"));
    assert_eq!(read("shop.gbkb/manual.md").await.as_deref(), Some("# Manual"));
    assert_eq!(
        read("shop.gbot/config.csv").await,
        None,
        "settings are no files of the bot"
    );
    files
        .write("k1", &path("letters/hello.txt"), b"Hi".to_vec())
        .await
        .unwrap();
    assert_eq!(read("letters/hello.txt").await.as_deref(), Some("Hi"));
    let original = house
        .folder
        .path()
        .join("bots/Shop.gbai/shop.gbdrive/letters/hello.txt");
    assert_eq!(fs::read_to_string(original).unwrap(), "Hello");
    assert!(files.remove("k2", &path("letters/hello.txt")).await.unwrap());
    assert_eq!(read("letters/hello.txt").await, None);
    assert!(!files.remove("k3", &path("letters/hello.txt")).await.unwrap());
    files
        .write("k4", &path("letters/hello.txt"), b"Back".to_vec())
        .await
        .unwrap();
    assert_eq!(read("letters/hello.txt").await.as_deref(), Some("Back"));
    files
        .rename("k5", &path("letters/hello.txt"), &path("old/hello.txt"))
        .await
        .unwrap();
    assert_eq!(
        (read("letters/hello.txt").await, read("old/hello.txt").await.as_deref()),
        (None, Some("Back"))
    );
}

#[tokio::test]
async fn a_call_that_is_performed_again_changes_a_file_once() {
    let house = house();
    let append = async |key: &str| {
        house
            .files
            .change(key, &path("log.txt"), |bytes| {
                let mut bytes = bytes.unwrap_or_default();
                bytes.push(b'x');
                let length = bytes.len();
                Ok((bytes, length))
            })
            .await
            .unwrap()
    };

    assert_eq!((append("a").await, append("a").await, append("b").await), (1, 1, 2));
    assert_eq!(
        house.files.text(&path("log.txt"), 99).await.unwrap().as_deref(),
        Some("xx")
    );
}

#[tokio::test]
async fn a_move_that_was_cut_off_is_finished_by_the_next() {
    let house = house();
    house.files.write("a", &path("a.txt"), b"1".to_vec()).await.unwrap();
    let root = house.folder.path().join("data/bots/shop");
    let (done, fresh) = (root.join("done"), root.join("fresh"));
    let name = fs::read_dir(&done).unwrap().next().unwrap().unwrap().file_name();
    fs::write(fresh.join(&name), "2").unwrap();
    fs::write(fresh.join("without-a-record"), "3").unwrap();

    house.files.write("b", &path("b.txt"), b"1".to_vec()).await.unwrap();

    assert_eq!(
        house.files.text(&path("a.txt"), 99).await.unwrap().as_deref(),
        Some("2")
    );
    assert_eq!(fs::read_dir(&fresh).unwrap().count(), 0);
}

#[tokio::test]
async fn every_kind_of_data_file_reads_what_was_written() {
    let house = house();
    let row: Map = [
        ("code".to_owned(), Value::text("007")),
        ("price".to_owned(), Value::Decimal("2.5".parse().unwrap())),
        ("many".to_owned(), Value::Int(3)),
        ("ok".to_owned(), Value::Bool(true)),
        ("day".to_owned(), Value::text("2026-03-09")),
        ("none".to_owned(), Value::Null),
    ]
    .into_iter()
    .collect();

    for name in ["t.csv", "t.tsv", "t.xlsx", "t.json"] {
        let (path, add) = (path(name), row.clone());
        assert_eq!(house.files.table(&path).await.unwrap(), None);
        house
            .files
            .change_table(name, &path, move |table| {
                table.push(add);
                Ok(())
            })
            .await
            .unwrap();

        let table = house.files.table(&path).await.unwrap().unwrap();

        assert_eq!(table.rows, std::slice::from_ref(&row), "{name}");
    }
    let items = house.files.table(&path("items.csv")).await.unwrap().unwrap();
    assert_eq!(
        items.into_value().to_json().to_string(),
        r#"[{"id":1,"name":"tea","price":2.5},{"id":2,"name":"007","price":3}]"#
    );
}

#[tokio::test]
async fn the_quota_the_size_and_links_are_kept() {
    let house = house();
    let write = async |name: &str, bytes: usize| house.files.write(name, &path(name), vec![b'x'; bytes]).await;

    write("a.bin", 900_000).await.unwrap();
    write("a.bin-2", 10).await.unwrap();
    assert_eq!(write("b.bin", 300_000).await.unwrap_err().kind, FaultKind::Limit);
    assert_eq!(
        house.files.read(&path("a.bin"), 1000).await.unwrap_err().kind,
        FaultKind::Limit
    );
    #[cfg(unix)]
    {
        let files = house.folder.path().join("data/bots/shop/files");
        fs::write(house.folder.path().join("secret.txt"), "secret").unwrap();
        std::os::unix::fs::symlink(house.folder.path(), files.join("out")).unwrap();
        assert_eq!(
            house.files.read(&path("out/secret.txt"), 1000).await.unwrap_err().kind,
            FaultKind::Permission
        );
        assert_eq!(
            write("out/secret.txt", 1).await.unwrap_err().kind,
            FaultKind::Permission
        );
        let listed = house.files.list(None, true).await.unwrap();
        assert!(listed.iter().all(|entry| !entry.path.as_str().starts_with("out")));
    }
}

#[tokio::test]
async fn listings_join_what_was_written_and_what_the_package_brings() {
    let house = house();
    house
        .files
        .write("k", &path("letters/new.txt"), b"x".to_vec())
        .await
        .unwrap();
    let shown = async |folder: Option<&FilePath>, deep: bool| {
        let listed = house.files.list(folder, deep).await.unwrap();
        listed.iter().map(|entry| entry.path.to_string()).collect::<Vec<_>>()
    };

    assert_eq!(shown(None, false).await, ["items.csv", "letters"]);
    assert_eq!(
        shown(None, true).await,
        [
            "items.csv",
            "letters/hello.txt",
            "letters/new.txt",
            "shop.gbkb/manual.md"
        ]
    );
    assert_eq!(
        shown(Some(&path("letters")), false).await,
        ["letters/hello.txt", "letters/new.txt"]
    );
    assert_eq!(shown(Some(&path("shop.gbkb")), false).await, ["shop.gbkb/manual.md"]);
}

#[test]
fn archives_keep_their_limits_and_paths() {
    let packed = pack(&[("a/b.txt".to_owned(), b"hello".to_vec())]).unwrap();

    let files = unpack(&packed).unwrap();

    assert_eq!(files, [(path("a/b.txt"), b"hello".to_vec())]);
    let evil = pack(&[("../../x.txt".to_owned(), b"x".to_vec())]).unwrap();
    assert!(unpack(&evil).is_err());
    assert!(unpack(b"no archive").is_err());
    let bomb = pack(&[("a".to_owned(), vec![0; 1 << 20])]).unwrap();
    assert!(bomb.len() < 1 << 12);
    assert_eq!(
        archive::unpack_within(&bomb, 1 << 19).unwrap_err().kind,
        FaultKind::Limit
    );
}
