//! PARAM and DESCRIPTION: section 1.10, decisions D13 and D14.

use botserver_auto::basic::check_arguments;
use serde_json::json;

use crate::driver::{Talk, compile};

const TOOL: &str = "
PARAM name AS STRING LIKE \"Ana\" DESCRIPTION \"Who it is for\"
PARAM when AS DATE
PARAM amount AS MONEY OPTIONAL
PARAM count AS INTEGER DEFAULT 1
PARAM unit AS \"celsius\", \"fahrenheit\"
PARAM size AS STRING ENUM [\"S\", \"M\"] OPTIONAL
PARAM tags AS ARRAY OPTIONAL
PARAM place AS \"The city\"
DESCRIPTION \"Books something\"
RETURN name + \" \" + when + \" \" + count + \" \" + unit + \" \" + amount";

#[test]
fn parameters_make_a_schema() {
    let tool = compile(TOOL).tool().unwrap();

    assert_eq!(
        (tool.name.as_str(), tool.description.as_str()),
        ("test", "Books something")
    );
    assert_eq!(
        tool.parameters,
        json!({
            "type": "object",
            "properties": {
                "name": { "type": "string", "description": "Who it is for", "examples": ["Ana"] },
                "when": { "type": "string", "format": "date" },
                "amount": { "type": "number" },
                "count": { "type": "integer", "default": 1 },
                "unit": { "type": "string", "enum": ["celsius", "fahrenheit"] },
                "size": { "type": "string", "enum": ["S", "M"] },
                "tags": { "type": "array", "items": {} },
                "place": { "type": "string", "description": "The city" },
            },
            "required": ["name", "when", "unit", "place"],
            "additionalProperties": false,
        })
    );
}

#[test]
fn arguments_are_typed_and_reach_the_script() {
    let program = compile(TOOL);
    let args = json!({ "Name": "Bia", "when": "31/12/2026", "amount": "R$ 12,50", "unit": "Celsius", "place": "Rio" });

    let values = check_arguments(&program, &args).unwrap();
    let talk = values
        .into_iter()
        .fold(Talk::new(TOOL), |talk, (name, value)| talk.arg(&name, value));

    assert_eq!(talk.transcript(), "done: \"Bia 2026-12-31 1 celsius 12.5\"\n");
}

#[test]
fn every_argument_that_does_not_fit_is_named() {
    let args = json!({ "when": "soon", "count": 2.5, "unit": "kelvin", "tags": "x", "more": 1 });

    let fault = check_arguments(&compile(TOOL), &args).unwrap_err();

    assert_eq!(
        fault.message,
        "test.bas: name is missing; when must be a date, not \"soon\"; count must be a whole number, not 2.5; \
         unit must be one of celsius, fahrenheit, not \"kelvin\"; tags must be a list, an object or JSON text of one, \
         not \"x\"; place is missing; more is not a parameter"
    );
}

#[test]
fn a_run_without_arguments_has_null_parameters_and_defaults() {
    let script = "PARAM a AS STRING\nPARAM b AS INTEGER DEFAULT 2 * 3\nPARAM c, d\nTALK a IS NULL\nTALK b\nTALK d";

    assert_eq!(
        Talk::new(script).arg("1", 9).arg("3", "fourth").transcript(),
        "bot: true\nbot: 9\nbot: fourth\n"
    );
    assert_eq!(Talk::new(script).transcript(), "bot: true\nbot: 6\nbot: \n");
}

#[test]
fn a_script_without_a_description_is_no_tool() {
    assert_eq!(compile("PARAM a AS STRING\nTALK a").tool(), None);
}

#[test]
fn an_unquoted_description_is_taken() {
    assert_eq!(
        compile("DESCRIPTION Starts the server\nTALK 1")
            .tool()
            .unwrap()
            .description,
        "Starts the server"
    );
}
