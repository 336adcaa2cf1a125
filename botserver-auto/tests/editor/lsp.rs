//! `bot lsp` through its protocol.

use serde_json::{Value as Json, json};

use crate::support::Editor;

const START: &str = "a.gbai/a.gbdialog/start.bas";
const BOOK: &str = "a.gbai/a.gbdialog/book-table.bas";

fn package() -> Editor {
    Editor::new(&[
        (
            START,
            "' Greets\nname = \"Ana\"\nTALK \"Olá 😀 ${name}\"\nADD SUGGESTION TOOL \"book-table\" AS \"Book\"\nSUB thank(who)\n  TALK \"Thanks, \" + who\nEND SUB\nCALL thank(name)\nCALL \"book-table.bas\"\n",
        ),
        (
            BOOK,
            "PARAM guests AS INTEGER DESCRIPTION \"How many\"\nDESCRIPTION \"Books a table\"\nRETURN guests\n",
        ),
    ])
}

#[test]
fn problems_are_sent_when_a_script_is_opened_and_again_when_it_changes() {
    let mut editor = Editor::new(&[
        (START, "TALK nmae\nCALL \"bok.bas\"\n"),
        (BOOK, "DESCRIPTION \"x\"\nTLAK 1\n"),
    ]);
    editor.open(START);
    let before = editor.uri(START);
    editor.tell(
        "textDocument/didChange",
        &json!({
            "textDocument": { "uri": before, "version": 2 },
            "contentChanges": [
                { "range": { "start": { "line": 0, "character": 5 }, "end": { "line": 0, "character": 9 } }, "text": "\"hé\"" },
                { "range": { "start": { "line": 1, "character": 6 }, "end": { "line": 1, "character": 9 } }, "text": "book-table" },
            ],
        }),
    );
    let answers = editor.close();

    assert_eq!(answers.problems("start.bas"), Vec::<String>::new());
    assert_eq!(
        answers.problems("book-table.bas"),
        ["1:0 B103 `TLAK` is not a statement: unknown statement"]
    );
}

#[test]
fn a_problem_is_where_editors_count_it() {
    let mut editor = Editor::new(&[(START, "x = \"😀é\" + nmae\nname = 1\nTALK x + name\n")]);
    editor.open(START);

    let answers = editor.close();

    assert_eq!(
        answers.problems("start.bas"),
        ["0:12 B220 nmae is never assigned: reads as NULL"]
    );
}

#[test]
fn keywords_statements_and_tools_are_completed() {
    let mut editor = Editor::new(&[
        (
            START,
            "total = 1\nADD SU\nx = tot\nADD SUGGESTION TOOL \"bo\nHEAR day AS \nPARAM p AS \n",
        ),
        (BOOK, "DESCRIPTION \"Books a table\"\n"),
        ("a.gbai/a.gbdialog/plain.bas", "TALK 1\n"),
    ]);
    editor.open(START);
    let at = |editor: &mut Editor, before: &str| editor.ask_at("textDocument/completion", START, before, &json!({}));
    let statement = at(&mut editor, "ADD SU");
    let value = at(&mut editor, "x = tot");
    let tool = at(&mut editor, "TOOL \"bo");
    let hear = at(&mut editor, "HEAR day AS ");
    let param = at(&mut editor, "PARAM p AS ");
    let answers = editor.close();

    let items = answers.result(statement).as_array().unwrap();
    let suggestion = items.iter().find(|item| item["label"] == "ADD SUGGESTION").unwrap();
    assert_eq!(
        suggestion["textEdit"]["newText"],
        "ADD SUGGESTION ${1:key} AS ${2:label}"
    );
    assert_eq!(suggestion["textEdit"]["range"]["start"]["character"], 0);
    assert!(answers.labels(statement).contains(&"FOR EACH"));
    assert!(answers.labels(value).contains(&"total") && answers.labels(value).contains(&"LEN"));
    assert_eq!(answers.labels(tool), ["book-table"]);
    assert!(answers.labels(hear).contains(&"EMAIL"));
    assert!(answers.labels(param).contains(&"INTEGER"));
}

#[test]
fn prompts_of_the_package_are_completed() {
    let mut editor = Editor::new(&[
        (START, "USE PROMPT \"we\n"),
        ("a.gbai/a.gbprompts/welcome.md", "---\ndescription: Greets\n---\nHello."),
    ]);
    editor.open(START);
    let prompt = editor.ask_at("textDocument/completion", START, "PROMPT \"we", &json!({}));
    let answers = editor.close();

    assert_eq!(answers.labels(prompt), ["welcome"]);
}

#[test]
fn hovering_shows_the_page_of_a_word() {
    let mut editor = package();
    editor.open(START);
    let at = |editor: &mut Editor, before: &str| editor.ask_at("textDocument/hover", START, before, &json!({}));
    let keyword = at(&mut editor, "ADD SUGG");
    let statement = at(&mut editor, "\nTA");
    let variable = at(&mut editor, "${na");
    let procedure = at(&mut editor, "CALL tha");
    let tool = at(&mut editor, "\"book-");
    let text = at(&mut editor, "\"Ol");
    let answers = editor.close();

    let shown = |id: i64| {
        answers.result(id)["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert!(
        shown(keyword).starts_with("# ADD SUGGESTION TOOL\n"),
        "{}",
        shown(keyword)
    );
    assert!(shown(statement).starts_with("# TALK\n"), "{}", shown(statement));
    assert!(shown(variable).contains("name = \"Ana\""), "{}", shown(variable));
    assert!(shown(procedure).contains("SUB thank(who)"), "{}", shown(procedure));
    assert!(shown(tool).contains("Books a table") && shown(tool).contains("`guests` INTEGER"));
    assert_eq!(answers.result(text), &Json::Null);
}

#[test]
fn definitions_are_found_in_this_script_and_in_others() {
    let mut editor = package();
    editor.open(START);
    let at = |editor: &mut Editor, before: &str| editor.ask_at("textDocument/definition", START, before, &json!({}));
    let variable = at(&mut editor, "${na");
    let procedure = at(&mut editor, "CALL tha");
    let tool = at(&mut editor, "TOOL \"boo");
    let script = at(&mut editor, "CALL \"boo");
    let answers = editor.close();

    let line = |id: i64| answers.result(id)["range"]["start"]["line"].clone();
    assert_eq!((line(variable), line(procedure)), (json!(1), json!(4)));
    for id in [tool, script] {
        let uri = answers.result(id)["uri"].as_str().unwrap();
        assert!(uri.ends_with("/book-table.bas"), "{uri}");
    }
}

#[test]
fn references_reach_into_interpolations() {
    let mut editor = package();
    editor.open(START);
    let id = editor.ask_at(
        "textDocument/references",
        START,
        "\nnam",
        &json!({ "context": { "includeDeclaration": true } }),
    );
    let answers = editor.close();

    let lines: Vec<u64> = answers
        .result(id)
        .as_array()
        .unwrap()
        .iter()
        .map(|place| place["range"]["start"]["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [1, 2, 7]);
}

#[test]
fn renaming_changes_every_place_and_refuses_names_that_cannot_be() {
    let mut editor = Editor::new(&[(
        START,
        "total = 1\nother = 2\nFOR EACH item IN [1, 2]\n  total = total + item\nNEXT item\nx = { total, item: 3 }\nTALK \"${total} ${ITEM_COUNT(\\\"total\\\")}\" + x.total\nSUB show(total)\n  TALK total\nEND SUB\n",
    )]);
    editor.open(START);
    let mut rename =
        |before: &str, name: &str| editor.ask_at("textDocument/rename", START, before, &json!({ "newName": name }));
    let good = rename("tot", "sum");
    let local = rename("FOR EACH ite", "thing");
    let spaced = rename("tot", "my total");
    let word = rename("tot", "TALK");
    let taken = rename("tot", "Other");
    let answers = editor.close();

    let edits = |id: i64| -> Vec<(u64, u64, String)> {
        let changes = answers.result(id)["changes"].as_object().unwrap();
        let edits = changes.values().next().unwrap().as_array().unwrap();
        edits
            .iter()
            .map(|edit| {
                let start = &edit["range"]["start"];
                let text = edit["newText"].as_str().unwrap().to_owned();
                (
                    start["line"].as_u64().unwrap(),
                    start["character"].as_u64().unwrap(),
                    text,
                )
            })
            .collect()
    };
    let sum = |line, column| (line, column, "sum".to_owned());
    assert_eq!(
        edits(good),
        [
            sum(0, 0),
            sum(3, 2),
            sum(3, 10),
            (5, 6, "total: sum".to_owned()),
            sum(6, 8)
        ]
    );
    let thing = |line, column| (line, column, "thing".to_owned());
    assert_eq!(edits(local), [thing(2, 9), thing(3, 18), thing(4, 5)]);
    assert!(answers.error(spaced).contains("is no name"));
    assert!(answers.error(word).contains("word of the language"));
    assert!(answers.error(taken).contains("used in this script already"));
}

#[test]
fn symbols_folds_and_signatures_are_given() {
    let mut editor = package();
    editor.open(START);
    let document = json!({ "textDocument": { "uri": editor.uri(START) } });
    let symbols = editor.ask("textDocument/documentSymbol", &document);
    let folds = editor.ask("textDocument/foldingRange", &document);
    let signature = editor.ask_at("textDocument/signatureHelp", START, "CALL thank(", &json!({}));
    let answers = editor.close();

    let names: Vec<&str> = answers
        .result(symbols)
        .as_array()
        .unwrap()
        .iter()
        .map(|symbol| symbol["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["thank", "name"]);
    assert_eq!(answers.result(folds), &json!([{ "startLine": 4, "endLine": 5 }]));
    assert_eq!(answers.result(signature)["signatures"][0]["label"], "thank(who)");
}

#[test]
fn formatting_changes_only_the_lines_that_need_it() {
    let mut editor = Editor::new(&[
        (START, "TALK \"a\"\nif x=1 then\ntalk \"b\"\nendif\nTALK \"c\"\n"),
        (BOOK, "TLAK 1\n"),
    ]);
    editor.open(START);
    editor.open(BOOK);
    let ask = |editor: &mut Editor, path: &str| {
        let document = json!({ "textDocument": { "uri": editor.uri(path) }, "options": {} });
        editor.ask("textDocument/formatting", &document)
    };
    let good = ask(&mut editor, START);
    let broken = ask(&mut editor, BOOK);
    let answers = editor.close();

    let edits = answers.result(good);
    assert_eq!(edits.as_array().unwrap().len(), 1);
    assert_eq!(
        (&edits[0]["range"]["start"]["line"], &edits[0]["range"]["end"]["line"]),
        (&json!(1), &json!(4))
    );
    assert_eq!(edits[0]["newText"], "IF x = 1 THEN\n  TALK \"b\"\nEND IF\n");
    assert_eq!(answers.result(broken), &json!([]));
}

#[test]
fn a_proposal_becomes_a_quick_fix() {
    let mut editor = Editor::new(&[(START, "ADD SUGESTION \"a\" AS \"b\"\n")]);
    editor.open(START);
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 3 } });
    let id = editor.ask(
        "textDocument/codeAction",
        &json!({ "textDocument": { "uri": editor.uri(START) }, "range": range, "context": { "diagnostics": [] } }),
    );
    let answers = editor.close();

    let action = &answers.result(id)[0];
    assert_eq!(action["title"], "Write ADD SUGGESTION");
    let edits = action["edit"]["changes"].as_object().unwrap().values().next().unwrap();
    assert_eq!(edits[0]["range"]["end"]["character"], 13);
}

#[test]
fn a_script_without_a_package_is_served_as_well() {
    let mut editor = Editor::new(&[("one.bas", "TALK 1\n")]);
    let uri = "untitled:Untitled-1";
    let document = json!({ "uri": uri, "languageId": "basic", "version": 1, "text": "TLAK 1" });
    editor.tell("textDocument/didOpen", &json!({ "textDocument": document }));
    editor.open("one.bas");
    let answers = editor.close();

    assert_eq!(answers.problems("Untitled-1").len(), 1);
    assert_eq!(answers.problems("one.bas").len(), 0);
}

#[test]
fn the_protocol_is_kept() {
    let mut editor = package();
    let unknown = editor.ask(
        "textDocument/teleport",
        &json!({ "textDocument": { "uri": "file:///nowhere.bas" } }),
    );
    let strange = editor.ask("workspace/teleport", &json!({}));
    let shutdown = editor.ask("shutdown", &Json::Null);
    let late = editor.ask("textDocument/hover", &json!({}));
    editor.tell("exit", &Json::Null);
    let answers = editor.close();

    assert_eq!(
        answers.result(1)["capabilities"]["renameProvider"]["prepareProvider"],
        true
    );
    assert_eq!(answers.result(unknown), &Json::Null);
    assert!(answers.error(strange).contains("no method"));
    assert_eq!(answers.result(shutdown), &Json::Null);
    assert!(answers.error(late).contains("shut down"));
    assert_eq!(answers.code, 0);
}

#[test]
fn columns_of_declared_tables_are_completed() {
    let tables = "TABLE customers\n  id number key\n  name string(80)\n  city string\nEND TABLE\n";
    let script = "one = FIND \"customers\", \"na\"\nTALK one.\nTALK one.city\nFOR EACH c IN (FIND \"customers\")\n  TALK \"${c.ci}\"\nNEXT\n\
        SAVE \"customers\", { na\nr = QUERY \"SELECT id FROM customers WHERE ci\"\nx = FIND \"unknown\", \"na\"\n";
    let mut editor = Editor::new(&[("a.gbai/a.gbdialog/tables.bas", tables), (START, script)]);
    editor.open(START);
    let places = ["\"customers\", \"na", "TALK one.", "${c.ci", "{ na", "WHERE ci"];
    let asked = places.map(|before| editor.ask_at("textDocument/completion", START, before, &json!({})));
    let unknown = editor.ask_at("textDocument/completion", START, "\"unknown\", \"na", &json!({}));
    let hovered =
        ["one.ci", "FIND \"cust"].map(|before| editor.ask_at("textDocument/hover", START, before, &json!({})));
    let answers = editor.close();

    for (place, asked) in places.iter().zip(asked) {
        let labels = answers.labels(asked);
        assert_eq!(labels.get(..3), Some(&["id", "name", "city"][..]), "{place}");
    }
    let first = &answers.result(asked[0]).as_array().unwrap()[1];
    assert_eq!(first["detail"], "string of customers");
    assert_eq!(answers.labels(unknown), Vec::<&str>::new());
    let shown = hovered.map(|asked| answers.result(asked)["contents"]["value"].as_str().unwrap().to_owned());
    assert_eq!(shown[0], "**city**: string of customers");
    assert!(shown[1].contains("- `id` integer, key of customers\n"), "{}", shown[1]);
}
