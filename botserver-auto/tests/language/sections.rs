//! One file, several programs: tools, ON blocks, deferred blocks, and what starts them.

use botserver_auto::basic::{self, Options, Unit};
use botstate::dialog::{Operation, TriggerKind};

use crate::driver::{Talk, grammar};

fn unit(name: &str, text: &str) -> Unit {
    let parsed = basic::parse(name, text, &grammar());
    basic::unit(&parsed, Options::default()).unwrap_or_else(|errors| {
        let rendered: Vec<String> = errors.iter().map(|error| error.render(false)).collect();
        panic!("{}", rendered.join("\n"))
    })
}

fn names(unit: &Unit) -> Vec<&str> {
    unit.sections.iter().map(basic::Program::script).collect()
}

#[test]
fn each_description_after_a_return_begins_a_tool() {
    let unit = unit(
        "weather.bas",
        "REM Weather now\nPARAM city AS STRING\nDESCRIPTION \"The weather now\"\nRETURN \"now \" + city\n\n\
         REM ======\nREM Forecast for days!\nREM ======\nPARAM city AS STRING\nPARAM days AS INTEGER DEFAULT 3\n\
         DESCRIPTION \"The weather to come\"\nRETURN city + days\n\n\
         PARAM x\nDESCRIPTION \"No heading\"\nRETURN x",
    );

    assert_eq!(names(&unit), ["forecast-for-days", "weather-3"]);
    let tool = unit.sections[0].tool().unwrap();
    assert_eq!(
        (tool.name.as_str(), tool.description.as_str()),
        ("forecast-for-days", "The weather to come")
    );
    assert_eq!(
        tool.parameters["properties"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["city", "days"]
    );
    let mut sections = unit.sections.into_iter();
    let said = Talk::of(sections.next().unwrap()).arg("city", "Rio").transcript();
    assert_eq!(said, "done: \"Rio3\"\n");
    assert_eq!(
        Talk::of(unit.main).arg("city", "Rio").transcript(),
        "done: \"now Rio\"\n"
    );
}

#[test]
fn on_lines_without_an_end_share_what_follows_them() {
    let kinds = |unit: &Unit| -> Vec<(String, Operation)> {
        let kinds = unit.triggers.iter().map(|trigger| match &trigger.kind {
            TriggerKind::Change { operation, .. } => (trigger.script.clone(), *operation),
            other => panic!("{other:?}"),
        });
        kinds.collect()
    };

    let both = unit(
        "log.bas",
        "ON INSERT OF \"orders\"\nON UPDATE OF \"orders\"\nTALK 1\nTALK 2",
    );
    let section = "log#on-insert-orders".to_owned();
    assert_eq!(
        kinds(&both),
        [(section.clone(), Operation::Insert), (section, Operation::Update)]
    );
    assert_eq!(
        Talk::of(both.sections.into_iter().next().unwrap()).transcript(),
        "bot: 1\nbot: 2\n"
    );

    let each = unit("log.bas", "ON INSERT OF \"a\"\nTALK 1\nON DELETE OF \"a\"\nTALK 2");
    assert_eq!(names(&each), ["log#on-insert-a", "log#on-delete-a"]);
    let mut sections = each.sections.into_iter();
    assert_eq!(Talk::of(sections.next().unwrap()).transcript(), "bot: 1\n");
    assert_eq!(Talk::of(sections.next().unwrap()).transcript(), "bot: 2\n");
}

#[test]
fn branches_that_all_return_end_a_tool() {
    let unit = unit(
        "t.bas",
        "PARAM a\nDESCRIPTION \"one\"\nIF a = 1 THEN\n  RETURN 1\nELSE\n  RETURN 2\nEND IF\n\n' the end\n\n\
         REM ==========\nREM Second tool\nREM with a note\nREM ==========\nDESCRIPTION \"two\"\nRETURN 2",
    );

    assert_eq!(names(&unit), ["second-tool"]);
}

#[test]
fn a_return_inside_a_branch_ends_no_tool() {
    let unit = unit(
        "t.bas",
        "PARAM a\nDESCRIPTION \"one\"\nIF a = 1 THEN\n  RETURN 1\nEND IF\nDESCRIPTION \"two\"\nRETURN 2",
    );

    assert!(unit.sections.is_empty());
}

#[test]
fn sections_share_the_subs_of_the_file() {
    let unit = unit(
        "t.bas",
        "DESCRIPTION \"one\"\nRETURN twice(1)\n' Second tool\nDESCRIPTION \"two\"\nRETURN twice(2)\nFUNCTION twice(n)\n  RETURN n * 2\nEND FUNCTION",
    );

    let second = unit.sections.into_iter().next().unwrap();
    assert_eq!(second.script(), "second-tool");
    assert_eq!(Talk::of(second).transcript(), "done: 4\n");
    assert_eq!(Talk::of(unit.main).transcript(), "done: 2\n");
}

#[test]
fn on_blocks_are_programs_with_triggers() {
    let unit = unit(
        "orders.bas",
        "TALK \"main\"\n\
         ON INSERT OF \"customers\"\n  TALK params.name\nEND ON\n\
         ON UPDATE OF crm.leads\n  TALK old.name + params.name\nEND ON\n\
         ON DELETE OF \"customers\"\n  TALK 1\nEND ON\n\
         ON FORM SUBMIT \"contact us\"\n  TALK fields.email + metadata.page\nEND ON\n\
         ON EVENT \"approved\" DO\n  CALL thank\nEND ON\n\
         ON \"webinar:attended\"\n  TALK params.who\nEND ON\n\
         ON \"left\" CALL thank\n\
         ON WEBHOOK POST TO \"/Pay/Done\" DO\n  RETURN body.id\nEND ON\n\
         SUB thank\n  TALK \"thanks\"\nEND SUB",
    );

    assert_eq!(
        names(&unit),
        [
            "orders#on-insert-customers",
            "orders#on-update-crm-leads",
            "orders#on-delete-customers",
            "orders#on-form-contact-us",
            "orders#on-event-approved",
            "orders#on-event-webinar-attended",
            "orders#on-event-left",
            "orders#on-webhook-pay-done",
        ]
    );
    let kinds: Vec<&TriggerKind> = unit.triggers.iter().map(|trigger| &trigger.kind).collect();
    assert_eq!(
        kinds[1],
        &TriggerKind::Change {
            table: "crm.leads".to_owned(),
            operation: Operation::Update
        }
    );
    assert_eq!(
        kinds[7],
        &TriggerKind::Webhook {
            endpoint: "pay-done".to_owned()
        }
    );
    assert_eq!(unit.triggers[0].place, "orders.bas:2");
    assert_eq!(unit.triggers[0].script, "orders#on-insert-customers");
    assert_eq!(Talk::of(unit.main).transcript(), "bot: main\n");
    let mut sections = unit.sections.into_iter();
    let row = botlib::Value::from_json(&serde_json::json!({ "name": "Ana" }));
    assert_eq!(
        Talk::of(sections.next().unwrap()).arg("params", row).transcript(),
        "bot: Ana\n"
    );
    assert_eq!(Talk::of(sections.nth(3).unwrap()).transcript(), "bot: thanks\n");
}

#[test]
fn events_that_no_service_tells_of_are_read_with_a_warning() {
    let text = "ON EMAIL \"a@b.c\" FROM \"x\"\n  TALK 1\nEND ON\nON CHANGE \"account://a/b\" EVENTS \"create, modify\"\nTALK 2\nEND ON\n\
                ON WHATSAPP MESSAGE RECEIVED\nTALK 3\nEND ON";
    let parsed = basic::parse("mail.bas", text, &grammar());

    let codes: Vec<&str> = parsed.diagnostics.iter().map(|one| one.code).collect();
    assert_eq!(codes, ["B230", "B230", "B230"]);
    assert!(!parsed.has_errors());
    let unit = basic::unit(&parsed, Options::default()).unwrap();
    assert!(unit.triggers.is_empty());
}

#[test]
fn schedules_at_the_top_belong_to_the_script() {
    let schedules = |text: &str| -> Vec<String> {
        let unit = unit("jobs/daily.bas", text);
        let one = |trigger: &botstate::dialog::Trigger| match &trigger.kind {
            TriggerKind::Schedule { when } => format!("{} {} {when}", trigger.script, trigger.place),
            other => format!("{other:?}"),
        };
        unit.triggers.iter().map(one).collect()
    };

    assert_eq!(
        schedules("PARAM a\nSET SCHEDULE \"0 8 * * *\"\nTALK 1"),
        ["daily jobs/daily.bas:2 0 8 * * *"]
    );
    assert_eq!(
        schedules("SET SCHEDULE every 1 hour"),
        ["daily jobs/daily.bas:1 every 1 hour"]
    );
    assert!(schedules("IF 1 = 1 THEN\n  SET SCHEDULE \"0 8 * * *\"\nEND IF").is_empty());
    assert!(schedules("SET SCHEDULE \"0 8 * * *\", \"report.bas\"").is_empty());
}

#[test]
fn schedules_of_other_files_and_moments_are_calls() {
    let call = |text: &str| Talk::new(text).transcript();

    for (text, expected) in [
        (
            "SET SCHEDULE \"0 8 * * *\", \"a.bas\"",
            "when=\"0 8 * * *\" file=\"a.bas\"",
        ),
        (
            "c = \"0 9 * * *\"\nSET SCHEDULE c, \"a.bas\"",
            "when=\"0 9 * * *\" file=\"a.bas\"",
        ),
        (
            "SET SCHEDULE \"0 8 * * *\" \"a.bas\" \"x\"",
            "when=\"0 8 * * *\" file=\"a.bas\" args=[\"x\"]",
        ),
        (
            "SET SCHEDULE \"0 8 * * *\" DATEADD(\"2026-01-01\", 1, \"day\"), \"a.bas\"",
            "when=\"0 8 * * *\" at=\"2026-01-02\" file=\"a.bas\"",
        ),
        (
            "SET SCHEDULE DATEADD(\"2026-01-01\", 1, \"day\"), \"a.bas\"",
            "when=\"2026-01-02\" file=\"a.bas\"",
        ),
        ("d = 5\nSET SCHEDULE \"0 0 \" + d + \" * *\"", "when=\"0 0 5 * *\""),
        ("IF 1 = 1 THEN\n  SET SCHEDULE \"@daily\"\nEND IF", "when=\"@daily\""),
        ("IF 1 = 1 THEN SET SCHEDULE every 2 hours", "when=\"every 2 hours\""),
    ] {
        assert_eq!(call(text), format!("call SET SCHEDULE: {expected}\n"), "{text}");
    }
}

#[test]
fn a_deferred_block_takes_its_variables_along() {
    let text = "who = \"Ana\"\nother = 1\nFOR EACH item IN [7]\n  SCHEDULE IN 5 MINUTES DO\n    TALK \"${who} ${item}\"\n    remind(2)\n  END SCHEDULE\nNEXT\n\
                SUB remind(n)\n  TALK greeting + n\nEND SUB\ngreeting = \"hi\"";
    let unit = unit("lead.bas", text);

    assert_eq!(names(&unit), ["lead#schedule"]);
    let main = Talk::of(unit.main).transcript();
    let section = Talk::of(unit.sections.into_iter().next().unwrap())
        .arg("who", "Ana")
        .arg("item", 7)
        .arg("greeting", "hi ")
        .transcript();
    assert_eq!(
        main,
        "call SCHEDULE IN: seconds=300 script=\"lead#schedule\" args={\"greeting\":null,\"item\":7,\"n\":null,\"who\":\"Ana\"}\n"
    );
    assert_eq!(section, "bot: Ana 7\nbot: hi 2\n");
}

#[test]
fn what_a_request_is_answered_with() {
    let answer = |text: &str| Talk::of(unit("hook.bas", text).main).arg("method", "POST").transcript();

    assert_eq!(
        answer("WEBHOOK \"a\"\nresult = #{ status: 200, body: method }"),
        "done: {\"status\":200,\"body\":\"POST\"}\n"
    );
    assert_eq!(
        answer("WEBHOOK \"a\"\nresult_status = \"ok\"\nIF method = \"POST\" THEN EXIT\nresult_status = \"no\""),
        "done: {\"status\":\"ok\"}\n"
    );
    assert_eq!(
        answer("WEBHOOK \"a\"\nRETURN #{ status: 404 }"),
        "done: {\"status\":404}\n"
    );
    assert_eq!(answer("WEBHOOK \"a\"\nTALK method"), "bot: POST\n");
}
