//! What a reader may not read has no influence on what he gets: not on passages, titles, counts, scores or order.

use std::fmt::Write as _;

use botstate::knowledge::{Found, Reader};
use serde_json::json;

use crate::support::{House, Server, houses};

/// Words that stand in documents that readers may not read, and nowhere else.
const CANARY: &str = "zugzwangcanary";

const RULES: &str = "
default_access: all
folders:
  staff: { access: authenticated }
  hr: { access: group_based, groups: [hr] }
  board: { access: user_based, users: [ceo@example.org] }
  bosses: { access: role_based, roles: [admin] }
  drafts: { access: none }
  mixed/inner: { access: group_based, groups: [hr] }
";

fn open_documents(house: &House) {
    house.write("A.gbai/a.gbkb/kb.permissions.yaml", RULES);
    for (place, topic) in ["salary", "holiday", "kettle", "guarantee"].iter().enumerate() {
        let text = format!("# About {topic}\n\nThe {topic} is explained here, number {place}, with plain words.\n");
        house.write(&format!("A.gbai/a.gbkb/open/{topic}.md"), &text);
    }
    house.write(
        "A.gbai/a.gbkb/mixed/salary.md",
        "What the salary of an apprentice is for.",
    );
}

/// Documents that others may read: full of the words that the questions have.
fn closed_documents(house: &House) {
    for (folder, name) in [
        ("staff", "staff"),
        ("hr", "hr"),
        ("board", "board"),
        ("bosses", "bosses"),
        ("drafts", "drafts"),
        ("mixed/inner", "inner"),
    ] {
        for copy in 0..7 {
            let text = format!(
                "# {CANARY} {name}\n\nSalary salary holiday kettle guarantee {CANARY} explained number {copy} of {name}.\n"
            );
            house.write(&format!("A.gbai/a.gbkb/{folder}/{CANARY}-{name}-{copy}.md"), &text);
        }
    }
}

const QUESTIONS: [&str; 6] = [
    "salary",
    "What is the salary of an apprentice?",
    "holiday and kettle guarantee",
    CANARY,
    "zugzwangcanry staff",
    "explained number 3",
];

/// Everything that a reader gets, the version aside, which nobody sees and which only names what caches keep apart.
async fn view(server: &Server, reader: &Reader) -> Vec<Found> {
    let mut all = Vec::new();
    for question in QUESTIONS {
        let mut found = server.search("a", reader, question).await;
        found.version.clear();
        all.push(found);
    }
    all
}

/// What the API tells somebody, ids and moments aside.
async fn told(server: &Server, who: &str) -> String {
    let mut text = String::new();
    for path in [
        "/api/kb/a/statistics",
        "/api/kb/a/collections",
        "/api/kb/a/collections/mixed/documents",
    ] {
        let answer = server.call("GET", path, who, "").await;
        let mut json = answer.json();
        for item in json["items"].as_array_mut().into_iter().flatten() {
            for key in ["id", "created_at", "indexed_at"] {
                item.as_object_mut().unwrap().remove(key);
            }
        }
        writeln!(text, "{} {json}", answer.status).unwrap();
    }
    for question in QUESTIONS {
        let body = json!({ "bot": "a", "query": question }).to_string();
        text.push_str(&server.call("POST", "/api/kb/search", who, body).await.text);
        text.push('\n');
    }
    for hidden in ["hr", "staff", "board", "no-such-thing"] {
        let path = format!("/api/kb/a/collections/{hidden}/documents");
        let answer = server.call("GET", &path, who, "").await;
        writeln!(text, "{hidden}: {}", answer.status).unwrap();
    }
    text
}

async fn all_settled(server: &Server, count: usize) {
    server
        .until("every document", async || {
            let states = server.states("a").await;
            states.len() == count && states.iter().all(|(_, state)| state != "waiting")
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_get_the_same_whether_there_are_documents_that_they_may_not_read_or_not() {
    for house in houses() {
        open_documents(&house);
        let server = house.open(&["a"]).await;
        all_settled(&server, 5).await;
        let visitor = server.visitor();
        let before = view(&server, &visitor).await;
        assert!(before[..3].iter().all(|found| !found.passages.is_empty()), "{before:?}");

        closed_documents(&house);
        all_settled(&server, 5 + 6 * 7).await;

        let after = view(&server, &visitor).await;
        assert_eq!(after, before, "passages, scores, coverage and order");
        assert!(!format!("{after:?}").contains(CANARY));
        assert_eq!(server.knowledge_collections(&visitor).await, ["mixed", "open"]);
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_finds_what_he_may_read_and_nothing_else() {
    for house in houses() {
        open_documents(&house);
        closed_documents(&house);
        let server = house.open(&["a"]).await;
        all_settled(&server, 47).await;
        let ceo = server.person("ceo@example.org").await;
        let other = server.person("other@example.org").await;
        let mut admin = server.member(&[]);
        admin.roles = ["admin".to_owned()].into();

        for (who, reader, folders) in [
            ("a visitor", server.visitor(), vec![]),
            ("a member", server.member(&[]), vec!["staff"]),
            ("somebody of hr", server.member(&["HR"]), vec!["hr", "mixed", "staff"]),
            ("the ceo", ceo, vec!["board", "staff"]),
            ("somebody else with an address", other, vec!["staff"]),
            ("an administrator", admin, vec!["bosses", "staff"]),
        ] {
            let mut found: Vec<String> = Vec::new();
            for question in [
                CANARY,
                "zugzwangcanary staff",
                "zugzwangcanary hr",
                "zugzwangcanary board",
                "zugzwangcanary inner",
                "zugzwangcanary bosses",
            ] {
                for document in server.documents("a", &reader, question).await {
                    found.push(document.split('/').next().unwrap().to_owned());
                }
            }
            found.sort();
            found.dedup();
            assert_eq!(found, folders, "{who}");
        }
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_and_lists_tell_nothing_either() {
    for house in houses() {
        open_documents(&house);
        let server = house.open(&["a"]).await;
        all_settled(&server, 5).await;
        // A visitor has no right to the API; a member without groups is the least who has.
        house.write(
            "A.gbai/a.gbkb/kb.permissions.yaml",
            &RULES.replace("access: authenticated", "access: none"),
        );
        let before = told(&server, "member").await;

        closed_documents(&house);
        all_settled(&server, 47).await;

        assert_eq!(told(&server, "member").await, before);
        assert!(!before.contains(CANARY));
        for who in ["member", "operator", "admin"] {
            let body = json!({ "bot": "a", "query": CANARY, "collections": ["hr", "drafts", "board"] }).to_string();
            let answer = server.call("POST", "/api/kb/search", who, body).await;
            assert_eq!(answer.text, r#"{"passages":[]}"#, "{who}");
        }
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_rules_holds_at_once() {
    for house in houses() {
        open_documents(&house);
        closed_documents(&house);
        let server = house.open(&["a"]).await;
        all_settled(&server, 47).await;
        let hr = server.member(&["hr"]);
        assert!(
            server
                .documents("a", &hr, "zugzwangcanary hr")
                .await
                .iter()
                .any(|document| document.starts_with("hr/"))
        );

        house.write("A.gbai/a.gbkb/kb.permissions.yaml", "default_access: none");
        server
            .until("the rules to close", async || {
                server.documents("a", &hr, CANARY).await.is_empty()
            })
            .await;
        assert_eq!(server.documents("a", &hr, "salary").await, [""; 0]);

        house.write("A.gbai/a.gbkb/kb.permissions.yaml", "folders: [ this is no rule ]");
        server
            .until("the mistake to be told", async || {
                let progress = server.call("GET", "/api/kb/a/progress", "admin", "").await.json();
                progress["permissions_error"].is_string()
            })
            .await;
        assert_eq!(
            server.documents("a", &hr, "salary").await,
            [""; 0],
            "rules that nobody understands close"
        );

        house.remove("A.gbai/a.gbkb/kb.permissions.yaml");
        server
            .until("the rules to open", async || {
                let found = server.documents("a", &server.visitor(), "zugzwangcanary drafts").await;
                found.iter().any(|document| document.starts_with("drafts/"))
            })
            .await;
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_and_organisations_know_nothing_of_each_other() {
    for house in houses() {
        house.write("A.gbai/a.gbkb/docs/a.md", "The secret of the first is apple.");
        house.write(
            "B.gbai/b.gbkb/docs/b.md",
            &format!("The secret of the second is {CANARY}."),
        );
        let server = house.open(&["a", "b"]).await;
        server.settled("a", &["docs/a.md"]).await;
        server.settled("b", &["docs/b.md"]).await;
        let mut stranger = server.visitor();
        stranger.org = botlib::OrgId::new();

        assert_eq!(server.documents("a", &server.visitor(), "secret").await, ["docs/a.md"]);
        assert_eq!(server.documents("a", &server.visitor(), CANARY).await, [""; 0]);
        assert_eq!(server.documents("b", &server.visitor(), CANARY).await, ["docs/b.md"]);
        for bot in ["a", "b"] {
            let query = botstate::knowledge::Query {
                text: "secret".to_owned(),
                bot: server.bot(bot),
                collections: vec!["docs".to_owned()],
                reader: stranger.clone(),
                limit: 10,
                tokens: 1_000,
            };
            let found = botstate::knowledge::Knowledge::search(&server.knowledge, &query)
                .await
                .unwrap();
            assert_eq!((found.passages.len(), found.version.as_str()), (0, ""));
        }
        server.close().await;
    }
}
