//! `botserver bot test`: tests of bots, as their authors run them.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

use std::{path::Path, process::Output, process::Stdio, time::Duration};

use botserver_tests::{
    client::{Chat, Visitor},
    packages::Packages,
    process::{self, Setup},
};

/// Every test is played three times, with a server of its own each time, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(5);

async fn play(arguments: &[&str], folder: &Path) -> (i32, String) {
    let mut command = tokio::process::Command::new(process::binary().unwrap());
    command.args(["bot", "test"]).args(arguments).current_dir(folder);
    let command = command.env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin");
    let played = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let Output { status, stdout, stderr } = tokio::time::timeout(PATIENCE, played)
        .await
        .expect("the tests end")
        .unwrap();
    let text = String::from_utf8([stdout, stderr].concat()).unwrap();
    (status.code().expect("the command ends by itself"), text)
}

/// Writes a file of tests beside the scripts of `bot`.
fn write(packages: &Packages, bot: &str, name: &str, text: &str) -> String {
    let path = packages.package(bot).join(format!("{bot}.gbdialog")).join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// What is told, without what differs from run to run.
fn redacted(text: &str, packages: &Packages) -> String {
    let text = text.replace(&packages.path().display().to_string(), "[bots]");
    let lines = text.lines().map(|line| match line.rsplit_once(' ') {
        Some((before, "s")) => match before.rsplit_once(' ') {
            Some((before, _time)) => format!("{before} [time]"),
            None => line.to_owned(),
        },
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_bots_that_ship_do_what_their_tests_expect() {
    let folder = tempfile::tempdir().unwrap();
    let bots = concat!(env!("CARGO_MANIFEST_DIR"), "/../bots");

    let (code, text) = play(&[bots], folder.path()).await;

    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("(plain)") && text.contains("(kill)") && text.contains("(resume)"),
        "{text}"
    );
}

#[tokio::test]
async fn what_differs_is_shown_with_its_place() {
    let packages = Packages::of_start(
        "shop",
        "TALK \"Hello\"\nHEAR x AS INTEGER WITH \"How many?\"\nTALK x * 2\nRETURN x\n",
    );
    write(
        &packages,
        "shop",
        "start.test.yaml",
        "name: counts\nsteps:\n  - expect:\n      said: [Hello, How many?]\n      waiting: integer\n  - say: 4\n    expect:\n      said: 9\n      returns: 5\n      suggestions: [Go]\n",
    );
    let junit = packages.path().join("junit.xml");

    let junit_text = junit.display().to_string();
    let arguments = [
        "--plain",
        "--junit",
        &junit_text,
        &packages.path().display().to_string(),
    ];
    let (code, text) = play(&arguments, packages.path()).await;

    assert_eq!(code, 1);
    insta::assert_snapshot!(redacted(&text, &packages), @r"
    [bots]/shop.gbai/shop.gbdialog/start.test.yaml
      FAIL counts (plain) [time]
           [bots]/shop.gbai/shop.gbdialog/start.test.yaml:6: step 2: say 4
             said differs
               - 9
               + 8
             suggestions differ
               - Go
             returns differs
               - 5
               + 4

    0 held, 1 failed in [time]
    ");
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(junit.contains("failures=\"1\""), "{junit}");
}

#[tokio::test]
async fn a_dialog_that_breaks_fails_its_test_with_the_reason() {
    let packages = Packages::of_start(
        "shop",
        "TALK \"Hello\"\nx = GET \"https://api.example.org/price\"\nTALK x.price\n",
    );
    let file = write(
        &packages,
        "shop",
        "start.test.yaml",
        "name: asks the outside\nsteps:\n  - expect: { said: { contains: Hello } }\n",
    );

    let (code, text) = play(&["--plain", &file], packages.path()).await;

    assert_eq!(code, 1);
    assert!(
        text.contains("there is no answer under `http` to GET https://api.example.org/price"),
        "{text}"
    );
}

#[tokio::test]
async fn the_outside_the_clock_and_what_is_remembered_are_the_tests() {
    let script = "price = GET \"https://api.example.org/price?of=nut\"\nPOST \"https://api.example.org/log\", { seen: price.price }\n\
        WAIT 300\nTALK \"${price.price} at ${FORMAT(NOW(), \"HH:mm\")} for ${GET USER MEMORY \"city\"}, table ${session.table}\"\n\
        SET USER MEMORY \"city\", \"Porto\"\nSET SESSION \"table\", 8\n";
    let packages = Packages::of_start("shop", script);
    let file = write(
        &packages,
        "shop",
        "start.test.yaml",
        "name: everything is given\nclock: 2030-05-13T09:00:00Z\nsession: { table: 7 }\nmemory: { user: { city: Lisbon } }\n\
         http:\n  - { url: 'https://api.example.org/price*', body: { price: 3.5 } }\n  - { method: post, url: 'https://api.example.org/log', status: 201 }\n\
         steps:\n  - expect:\n      said: 3.5 at 09:05 for Lisbon, table 7\n      memory: { user: { city: Porto }, session: { table: 8 } }\n\
         \x20     http:\n        - { method: GET, url: '*of=nut' }\n        - { method: POST, body: { seen: 3.5 } }\n",
    );

    let (code, text) = play(&[&file], packages.path()).await;

    assert_eq!(code, 0, "{text}");
}

#[tokio::test]
async fn a_file_that_is_wrong_is_refused_with_the_place_and_the_remedy() {
    let packages = Packages::of_start("shop", "TALK \"Hello\"\n");
    write(
        &packages,
        "shop",
        "a.test.yaml",
        "name: a\nsteps:\n  - say: x\n    expect: { sad: y }\n",
    );

    let (code, text) = play(&[&packages.path().display().to_string()], packages.path()).await;

    assert_eq!(code, 2);
    assert!(text.contains("a.test.yaml:4: "), "{text}");
    assert!(text.contains("did you mean `said`?"), "{text}");
}

#[tokio::test]
async fn coverage_names_the_lines_that_never_ran() {
    let packages = Packages::of_start(
        "shop",
        "x = 1\nIF x = 2 THEN\n  TALK \"two\"\nELSE\n  TALK \"one\"\nEND IF\n",
    );
    let file = write(
        &packages,
        "shop",
        "a.test.yaml",
        "name: a\nsteps:\n  - expect: { said: one }\n",
    );
    let trace = packages.path().join("lcov.info");

    let coverage = format!("--coverage={}", trace.display());
    let (code, text) = play(&["--plain", &coverage, &file], packages.path()).await;
    let (_, table) = play(&["--plain", "--coverage", "--", &file], packages.path()).await;

    assert_eq!(code, 0, "{text}");
    let trace = std::fs::read_to_string(trace).unwrap();
    assert!(trace.contains("DA:3,0\nDA:5,1\nLF:4\nLH:3\n"), "{trace}");
    assert!(
        table.contains("75.0%  shop.gbai/shop.gbdialog/start.bas, not 3"),
        "{table}"
    );
}

#[tokio::test]
async fn what_a_bot_does_without_being_asked_is_tested_as_well() {
    let packages = Packages::of_start("shop", "TALK \"Hello\"\n");
    packages.script(
        "shop",
        "nightly",
        "SET SCHEDULE \"0 3 * * *\"\nINSERT INTO \"runs\" VALUES { at: FORMAT(NOW(), \"HH:mm\") }\n",
    );
    packages.script(
        "shop",
        "hook",
        "WEBHOOK \"order\"\nSAVE \"orders\", { nr: body.nr, state: \"new\" }\nPUBLISH EVENT \"ordered\", { nr: body.nr }\nRETURN { ok: TRUE }\n",
    );
    packages.script(
        "shop",
        "orders",
        "ON EVENT \"ordered\" DO\n  UPDATE \"orders\" SET state = \"seen\" WHERE nr = params.nr\nEND ON\n",
    );
    let file = write(
        &packages,
        "shop",
        "work.test.yaml",
        "name: works by itself\nclock: 2030-05-13T02:00:00Z\nconfig: { webhook-public: true }\n\
         tables:\n  orders: [{ nr: 6, state: old }]\n\
         steps:\n  - expect: { said: Hello, rows: { orders: [{ nr: 6, state: old }] } }\n\
         \x20 - webhook: { path: order, body: { nr: 7 } }\n    expect:\n      returns: { ok: true }\n\
         \x20     rows: { orders: [{ nr: 6, state: old }, { nr: 7, state: seen }] }\n\
         \x20 - pass: 30 minutes\n\x20   expect: { rows: { runs: [] } }\n\
         \x20 - pass: 1 hour\n\x20   expect: { rows: { runs: [{ at: '*' }] } }\n\
         \x20 - job: nightly\n\x20   expect: { rows: { runs: [{ at: '*' }, { at: '*' }] } }\n",
    );

    let (code, text) = play(&[&file], packages.path()).await;

    assert_eq!(code, 0, "{text}");
}

#[tokio::test]
async fn files_and_schedules_are_given_and_expected() {
    let packages = Packages::of_start(
        "shop",
        "HEAR what\nIF what = \"write\" THEN\n  menu = READ \"menu.csv\" AS TABLE\n  WRITE \"Order: \" + menu[1].name TO \"orders/1.txt\"\n\
         DELETE FILE \"old.txt\"\n  SET SCHEDULE \"every day at 9am\", \"report\"\nEND IF\nTALK READ \"greeting.txt\"\n",
    );
    packages.script(
        "shop",
        "nightly",
        "SET SCHEDULE \"0 3 * * *\"\nWRITE \"ran\", \"yes\"\n",
    );
    packages.script("shop", "report", "WRITE \"report.txt\", FORMAT(NOW(), \"HH:mm\")\n");
    let file = write(
        &packages,
        "shop",
        "kept.test.yaml",
        "name: keeps files and plans\nclock: 2030-05-13T08:00:00Z\n\
         files:\n  greeting.txt: Good morning\n  menu.csv: [{ name: tea, price: 2 }, { name: cake, price: 3 }]\n  old.txt: old\n\
         schedules:\n  - { script: report, when: '2030-05-14 18:00' }\n\
         tables:\n  orders: [{ nr: 1 }, { nr: 2 }]\n\
         steps:\n  - expect:\n      files: { old.txt: old, orders/1.txt: null }\n\
         \x20     rows: { orders: [{ nr: 1 }, { nr: 2 }] }\n\
         \x20     schedules:\n        - { script: nightly, when: 'every day at 3am' }\n        - { script: report, next: 2030-05-14T18:00:00Z }\n\
         \x20 - say: write\n    expect:\n      said: Good morning\n\
         \x20     files:\n        old.txt: null\n        orders/1.txt: { contains: cake, matches: '^Order', never: tea }\n        menu.csv: [{ name: tea }, { name: cake }]\n\
         \x20     schedules:\n        - { script: report, when: 0 9 * * * }\n        - { script: report, when: '2030-05-14T18:00:00Z' }\n        - { script: nightly, when: 0 3 * * *, next: 2030-05-14T03:00:00Z }\n\
         \x20 - pass: 90 minutes\n    expect: { files: { report.txt: '09:30' } }\n",
    );

    let (code, text) = play(&[&file], packages.path()).await;

    assert_eq!(code, 0, "{text}");
}

#[tokio::test]
async fn files_and_schedules_that_differ_are_shown() {
    let packages = Packages::of_start(
        "shop",
        "WRITE \"a.txt\", \"tea\"\nSET SCHEDULE \"0 9 * * *\", \"late\"\n",
    );
    packages.script("shop", "late", "TALK \"late\"\n");
    write(
        &packages,
        "shop",
        "kept.test.yaml",
        "name: differs\nsteps:\n  - expect:\n      files: { a.txt: cake, b.txt: pie }\n      schedules: [{ script: late, when: 0 8 * * * }]\n---\n\
         name: asks for what is not there\nsteps:\n  - expect: { mail: [] }\n---\n\
         name: schedules nothing\nschedules: [{ script: none, when: 0 8 * * * }]\nsteps: []\n",
    );

    let (code, text) = play(&["--plain", &packages.path().display().to_string()], packages.path()).await;

    assert_eq!(code, 1);
    insta::assert_snapshot!(redacted(&text, &packages), @r#"
    [bots]/shop.gbai/shop.gbdialog/kept.test.yaml
      FAIL differs (plain) [time]
           [bots]/shop.gbai/shop.gbdialog/kept.test.yaml:3: step 1: expect
             the file a.txt differs
               - cake
               + tea
             there is no file b.txt
             schedules differ
               - late "0 8 * * *"
               + late "0 0 9 * * *"
      FAIL asks for what is not there (plain) [time]
           [bots]/shop.gbai/shop.gbdialog/kept.test.yaml:9: step 1: expect
             this build cannot serve `mail`: take it out
      FAIL schedules nothing (plain) [time]
           [bots]/shop.gbai/shop.gbdialog/kept.test.yaml:1: before the first step
             could not schedule none: the bot has no script "none" to schedule

    0 held, 3 failed in [time]
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_by_a_signal_leaves_what_the_tests_expect_after_their_kill() {
    let script = "TALK \"Hello\"\nDIM sum AS NUMBER\nFOR i = 1 TO 3\n  HEAR x AS INTEGER\n  sum = sum + x\n\
        INSERT INTO \"numbers\" VALUES { n: x }\n  SET BOT MEMORY \"last\", x\n  WRITE \"log-${i}.txt\", x\nNEXT\n\
        rows = FIND \"numbers\"\nTALK \"${sum} of ${COUNT(rows)} rows, last ${GET BOT MEMORY \"last\"}, ${READ \"log-1.txt\"}${READ \"log-3.txt\"}\"\n";
    let end = "42 of 3 rows, last 30, 430";
    let packages = Packages::of_start("shop", script);
    let steps = ["4", "8", "30"].map(|x| format!("  - say: {x}\n"));
    let text = format!(
        "name: sums\nsteps:\n  - expect: {{ said: Hello }}\n{}    expect: {{ said: '{end}' }}\n",
        steps.concat()
    );
    let file = write(&packages, "shop", "sums.test.yaml", &text);
    let mut server = Setup::new().bots(packages.path()).start().await.unwrap();

    let (code, text) = play(&["--kill", &file], packages.path()).await;
    let (mut who, mut chat): (Visitor, Chat) = Chat::start(&server.url(), "shop").await.unwrap();
    chat.turn().await.unwrap();
    let mut last = String::new();
    for x in ["4", "8", "30"] {
        let seen = chat.last_seq().unwrap();
        server.kill().unwrap();
        server.restart().await.unwrap();
        who = who.at(&server.url());
        chat = who.resume(seen).await.unwrap();
        last = chat.say(x).await.unwrap().text();
    }

    assert_eq!(code, 0, "{text}");
    assert_eq!(last, end);
}

#[tokio::test]
async fn a_new_package_holds_its_tests_and_its_checks() {
    let folder = tempfile::tempdir().unwrap();
    let bot = async |arguments: &[&str]| {
        let arguments = [&["bot"], arguments].concat();
        let done = process::run(folder.path(), &arguments, &[]).await.unwrap();
        let text = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        (done.status.code().unwrap(), text)
    };

    let (missing, why) = bot(&["check"]).await;
    let (made, text) = bot(&["new", "tea-room"]).await;
    let (checked, check) = bot(&["check"]).await;
    let (formatted, difference) = bot(&["fmt", "--check"]).await;
    let (again, twice) = bot(&["new", "tea-room"]).await;
    let (wrong, name) = bot(&["new", "../tea"]).await;
    let (code, played) = play(&["--plain"], folder.path()).await;

    assert_eq!(missing, 2);
    assert!(why.contains("make one with `botserver bot new NAME`"), "{why}");
    assert_eq!(made, 0, "{text}");
    assert!(text.contains("botserver bot test bots/tea-room.gbai"), "{text}");
    assert_eq!((checked, check.trim()), (0, "3 scripts: no problems"));
    assert_eq!(formatted, 0, "{difference}");
    assert!(again == 2 && twice.contains("is there already"), "{twice}");
    assert!(wrong == 2 && name.contains("such as my-shop"), "{name}");
    assert_eq!(code, 0, "{played}");
}
