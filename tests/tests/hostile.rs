//! Scripts that would hurt the server stop with a clear fault, and other bots go on meanwhile.

use std::time::{Duration, Instant};

use botserver_tests::client::Chat;
use botserver_tests::packages::Packages;
use botserver_tests::process::Setup;
use serde_json::json;

/// Computing time that a script has here, in seconds: enough on any machine to meet the limit that is meant for it.
const CPU: u64 = 30;

/// How long after its limit a script may go on. Far more than it takes, for machines that do other things as well.
const SLACK: Duration = Duration::from_mins(1);

/// Memory that all hostile scripts together may add.
const GROWTH: u64 = 64 << 20;

/// Scripts with what the log says of them.
const SCRIPTS: &[(&str, &str, &str)] = &[
    (
        "trigger",
        "SAVE \"rows\", { n: 0 }",
        "runs were started one by the other",
    ),
    ("loop", "WHILE TRUE\n  x = x + 1\nWEND", "too much work"),
    (
        "steps",
        "WHILE TRUE\n  x = GET BOT MEMORY \"a\"\nWEND",
        "more than 1000 steps",
    ),
    ("recursion", "CALL again\nSUB again\n  CALL again\nEND SUB", "100 deep"),
    ("scripts", "CALL \"scripts.bas\"", "more than 1000 steps"),
    (
        "doubling",
        "x = \"a\"\nFOR i = 1 TO 100\n  x = x + x\nNEXT",
        "longer than",
    ),
    (
        "nesting",
        "x = [1]\nFOR i = 1 TO 100\n  x = [x, x]\nNEXT",
        "weigh more than",
    ),
    (
        "talking",
        "FOR i = 1 TO 10000\n  TALK \"again \" + i\nNEXT",
        "more than 1000",
    ),
    (
        "shouting",
        "x = REPEAT(\"a\", 900000)\nFOR i = 1 TO 100\n  TALK x\nNEXT",
        "bytes were said",
    ),
    (
        "growing",
        "x = []\nWHILE TRUE\n  APPEND x, REPEAT(\"a\", 9999)\nWEND",
        "weigh more than",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_scripts_stop_and_leave_others_alone() {
    let packages = Packages::new();
    packages.script("good", "start", "DO\n  HEAR said\n  TALK \"echo ${said}\"\nLOOP");
    for (name, script, _) in SCRIPTS {
        packages.script("evil", name, script);
    }
    // A trigger that changes its own table: each run starts the next one, up to a depth.
    packages.script(
        "evil",
        "endless",
        "ON INSERT OF \"rows\"\n  SAVE \"rows\", { n: 1 }\nEND ON",
    );
    let million = "x = x + 1\n".repeat(1_000_000);
    packages.script("evil", "million", &million);
    let server = Setup::new()
        .bots(packages.path())
        .env("BOTSERVER_SCRIPT_CPU", CPU.to_string())
        .start()
        .await
        .unwrap();
    let (_, mut good) = Chat::start(&server.url(), "good").await.unwrap();
    good.turn().await.unwrap();
    good.say("before").await.unwrap();
    let before = server.rss_bytes().unwrap();

    let mut slowest = Duration::ZERO;
    for (name, _, expected) in SCRIPTS {
        let (_, mut evil) = Chat::start(&server.url(), "evil").await.unwrap();
        let seen = server.log().len();
        let begun = Instant::now();
        evil.run_tool(name, &json!({})).await.unwrap();
        let answered = Instant::now();
        let echo = good.say(name).await.unwrap();
        slowest = slowest.max(answered.elapsed());
        assert_eq!(echo.texts(), [format!("echo {name}")]);
        // The log tells of it, also where the visitor is too slow to read all that was said.
        let told = || server.log().get(seen..).is_some_and(|log| log.contains(expected));
        while !told() {
            let limit = Duration::from_secs(CPU) + SLACK;
            assert!(begun.elapsed() < limit, "{name} goes on\n{}", server.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        println!("{name} was over after {:?}", begun.elapsed());
    }
    let grown = server.rss_bytes().unwrap().saturating_sub(before);
    println!("the good bot waited {slowest:?} at most; {} MiB more", grown >> 20);
    assert!(grown < GROWTH, "{} MiB more", grown >> 20);
}
