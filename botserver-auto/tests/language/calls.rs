//! Keywords of the registry: rules R1 to R8, hoisting, other scripts.

use serde_json::json;

use crate::driver::Talk;

#[track_caller]
fn calls(script: &str, expected: &str) {
    assert_eq!(Talk::new(script).transcript(), expected, "{script}");
}

#[test]
fn arguments_are_named_by_the_shape_that_fits() {
    calls(
        "ADD SUGGESTION \"k\" AS \"Label\"",
        "call ADD SUGGESTION: key=\"k\" label=\"Label\"\n",
    );
    calls("ADD SUGGESTION \"Label\"", "call ADD SUGGESTION: label=\"Label\"\n");
    calls("CLEAR SUGGESTIONS", "call CLEAR SUGGESTIONS: \n");
    calls(
        "id = 3\nSET BOT MEMORY \"lead_\" + id, 1 + 1",
        "call SET BOT MEMORY: key=\"lead_3\" value=2\n",
    );
    calls("SET BOT MEMORY \"k\" AS 5", "call SET BOT MEMORY: key=\"k\" value=5\n");
    calls("SET CONTEXT \"all\"", "call SET CONTEXT: text=\"all\"\n");
    calls("REMEMBER \"k\" = 5", "call REMEMBER: key=\"k\" value=5\n");
    calls("SET HEADER \"n\" = \"v\"", "call SET HEADER: name=\"n\" value=\"v\"\n");
    calls("SET \"session.x\", 1", "call SET: name=\"session.x\" value=1\n");
    calls("SAVE \"t\", 1, 2, 3", "call SAVE: table=\"t\" values=[1,2,3]\n");
    calls(
        "SAVE \"t\",\n {\n a: 1\n}",
        "call SAVE: table=\"t\" values=[{\"a\":1}]\n",
    );
    calls(
        "SEND MAIL TO \"a\" SUBJECT \"s\" BODY \"b\"",
        "call SEND MAIL: to=\"a\" subject=\"s\" body=\"b\"\n",
    );
    calls("TALK TO \"ana\", \"hi\"", "call TALK TO: to=\"ana\" text=\"hi\"\n");
}

#[test]
fn underscores_and_dollar_signs_spell_the_same_phrase() {
    calls(
        "SAVE_FROM_UNSTRUCTURED \"t\", \"x\"",
        "call SAVE FROM UNSTRUCTURED: table=\"t\" text=\"x\"\n",
    );
    calls("x = GET_BOT_MEMORY(\"k\")", "call GET BOT MEMORY: key=\"k\"\n");
    calls("x = GET BOT MEMORY(\"k\")", "call GET BOT MEMORY: key=\"k\"\n");
}

#[test]
fn keywords_are_operands() {
    let talk = |script: &str| Talk::new(script).returns("r").transcript();

    assert_eq!(
        talk("x = LLM \"a: \" + 1 + \". b\"\nTALK x"),
        "call LLM: prompt=\"a: 1. b\"\nbot: r\n"
    );
    assert_eq!(
        talk("TALK \"<\" + (GET \"u\") + \">\""),
        "call GET: source=\"u\"\nbot: <r>\n"
    );
    assert_eq!(
        talk("x = GET \"a.csv\" OR \"web\"\nTALK x"),
        "call GET: source=\"a.csv\"\nbot: r\n"
    );
    assert_eq!(
        talk("x = { \"owner\": GET SESSION \"id\", \"at\": 1 }\nTALK x"),
        "call GET SESSION: key=\"id\"\nbot: {\"owner\":\"r\",\"at\":1}\n"
    );
    assert_eq!(talk("x = GET(\"u\")\nTALK x"), "call GET: source=\"u\"\nbot: r\n");
    assert_eq!(
        talk("x = GET \"config\", \"key\"\nTALK x"),
        "call GET: source=\"config\" key=\"key\"\nbot: r\n"
    );
}

#[test]
fn as_an_operand_a_keyword_takes_sums_and_leaves_the_rest_outside() {
    let talk = |script: &str| Talk::new(script).transcript();

    assert_eq!(
        talk("TALK GET \"a\" + 1 OR \"web\""),
        "call GET: source=\"a1\"\nbot: web\n"
    );
    assert_eq!(
        talk("IF GET \"a\" IS NULL THEN TALK 1"),
        "call GET: source=\"a\"\nbot: 1\n"
    );
    assert_eq!(
        talk("IF GET BOT MEMORY \"a\" = \"\" THEN TALK 2"),
        "call GET BOT MEMORY: key=\"a\"\nbot: 2\n"
    );
    assert_eq!(
        talk("x = FIND \"t\" WHERE 1 = 1 OR FALSE"),
        "call FIND: table=\"t\" filter=[\"1 = \",1,\" OR FALSE\"]\n"
    );
    assert_eq!(talk("TALK GET \"session.channel\" OR \"web\""), "bot: web\n");
    assert_eq!(talk("SAVE \"t\", missing OR 3"), "call SAVE: table=\"t\" values=[3]\n");
}

#[test]
fn a_keyword_is_a_variable_where_it_is_used_as_one() {
    calls(
        "product = 5\nTALK product\nTALK product + 1\nx = PRODUCT 7",
        "bot: 5\nbot: 6\ncall PRODUCT: id=7\n",
    );
    calls("product.name = \"p\"\nTALK product.name", "bot: p\n");
    calls("wait = 2\nTALK wait * 2", "bot: 4\n");
}

#[test]
fn options_may_stand_on_their_own_lines() {
    calls(
        "x = LLM \"p\"\n  WITH OPTIMIZE FOR \"cost\"\n  WITH MAX_COST 5\nTALK \"next\"",
        "call LLM: prompt=\"p\" goal=\"cost\" cost=5\nbot: next\n",
    );
    calls(
        "x = FIND \"t\"\n  WHERE 1 = 1\nTALK x IS NULL",
        "call FIND: table=\"t\" filter=[\"1 = \",1,\"\"]\nbot: true\n",
    );
}

#[test]
fn calls_happen_in_the_order_of_evaluation() {
    let script = "x = 1\ny = x + (GET \"a\") + x + (GET \"b\")\nTALK y";

    let transcript = Talk::new(script).returns(10).returns(100).transcript();

    assert_eq!(transcript, "call GET: source=\"a\"\ncall GET: source=\"b\"\nbot: 112\n");
}

#[test]
fn and_or_and_choices_call_only_what_they_need() {
    calls("IF FALSE AND (GET \"a\") THEN TALK 1 ELSE TALK 2", "bot: 2\n");
    calls("x = \"set\" OR (GET \"a\")\nTALK x", "bot: set\n");
    calls("x = IIF(TRUE, 1, GET \"a\")\nTALK x", "bot: 1\n");
    calls("x = FALSE ? (GET \"a\") : 3\nTALK x", "bot: 3\n");
    calls("x = NULL ?? (GET \"a\")\nTALK x", "call GET: source=\"a\"\nbot: \n");
}

#[test]
fn keywords_run_in_conditions_and_loops() {
    let script = "FOR EACH row IN FIND \"t\"\nIF (GET row.u) = \"ok\" THEN TALK row.n\nNEXT";

    let transcript = Talk::new(script)
        .json(&json!([{ "u": "a", "n": 1 }, { "u": "b", "n": 2 }]))
        .returns("no")
        .returns("ok")
        .transcript();

    assert_eq!(
        transcript,
        "call FIND: table=\"t\"\ncall GET: source=\"a\"\ncall GET: source=\"b\"\nbot: 2\n"
    );
}

#[test]
fn other_scripts_are_called_with_values_in_order() {
    let script = "x = CALL \"Other.bas\", 1, \"b\"\nTALK x\nCALL \"/crm/tickets/create\", { a: 1 }";

    let transcript = Talk::new(script).returns("got").transcript();

    assert_eq!(
        transcript,
        "script other(1, \"b\")\nbot: got\ncall API CALL: path=\"/crm/tickets/create\" args=[{\"a\":1}]\n"
    );
}

#[test]
fn calls_are_numbered() {
    use botstate::dialog::{Dialog, Input, Step};

    let program = crate::driver::compile("WAIT 1\nWAIT 2");
    let env = crate::driver::env();
    let mut machine = botserver_auto::basic::Machine::new(program, botlib::value::Map::new(), &env).unwrap();

    let number = |step: Step| if let Step::Call(call) = step { call.number } else { 0 };

    assert_eq!(number(machine.resume(Input::Continue, &env)), 1);
    // A machine that is restored before its call was done makes the same call again.
    assert_eq!(number(machine.resume(Input::Continue, &env)), 1);
    assert_eq!(number(machine.resume(Input::Returned(botlib::Value::Null), &env)), 2);
}

#[test]
fn a_repeated_call_has_the_same_arguments() {
    use botstate::dialog::{Dialog, Input, Step};

    let program = crate::driver::compile("POST \"u\", GUID()");
    let env = crate::driver::env();
    let mut machine = botserver_auto::basic::Machine::new(program, botlib::value::Map::new(), &env).unwrap();
    let args = |step: Step| {
        if let Step::Call(call) = step {
            call.args
        } else {
            panic!("a call is expected")
        }
    };

    let first = args(machine.resume(Input::Continue, &env));
    let later = botstate::dialog::Env { seed: 99, ..env };

    assert_eq!(args(machine.resume(Input::Continue, &later)), first);
}
