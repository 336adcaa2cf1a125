//! The page about the API: plain HTML from the description, without a script.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::Value;
use utoipa::openapi::OpenApi;

/// One operation: method, path and its description.
type Operation<'a> = (&'a str, &'a str, &'a Value);

/// The page of `openapi`.
pub(super) fn render(openapi: &OpenApi) -> String {
    // The document itself is the easiest form to read: every part of it is optional.
    let document = serde_json::to_value(openapi).unwrap_or_default();
    let mut groups: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
    for (path, item) in members(at(&document, "/paths")) {
        for (method, operation) in members(item) {
            let tag = at(operation, "/tags/0").as_str().unwrap_or("other");
            groups.entry(tag).or_default().push((method, path, operation));
        }
    }
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>API</title>\
         <link rel=\"stylesheet\" href=\"/api/docs/style.css\"></head><body><main><h1>API</h1>\
         <p>For machines: <a href=\"/api/openapi.json\">openapi.json</a> (OpenAPI 3.1). \
         Every failure is a problem document (RFC 9457).</p>",
    );
    for (tag, operations) in groups {
        push(&mut page, format_args!("<h2>{}</h2>", escape(tag)));
        for operation in operations {
            describe(&mut page, operation);
        }
    }
    page.push_str("</main></body></html>");
    page
}

fn describe(page: &mut String, (method, path, operation): Operation<'_>) {
    push(
        page,
        format_args!(
            "<details><summary><span class=\"method\">{}</span> <code>{}</code> {}\
             <span class=\"access\">{}</span></summary>",
            method.to_uppercase(),
            escape(path),
            text(at(operation, "/summary")),
            text(at(operation, "/x-permission")),
        ),
    );
    if !at(operation, "/description").is_null() {
        push(page, format_args!("<p>{}</p>", text(at(operation, "/description"))));
    }
    let parameters = at(operation, "/parameters")
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    table(
        page,
        "Parameter",
        parameters
            .iter()
            .map(|one| (text(at(one, "/name")), text(at(one, "/description")))),
    );
    let body = members(at(operation, "/requestBody/content"));
    table(
        page,
        "Body",
        body.map(|(kind, content)| (escape(kind), schema(at(content, "/schema")))),
    );
    let responses = members(at(operation, "/responses"));
    table(
        page,
        "Answer",
        responses.map(|(status, one)| (escape(status), answer(one))),
    );
    page.push_str("</details>");
}

fn table(page: &mut String, title: &str, rows: impl Iterator<Item = (String, String)>) {
    let rows: String = rows.fold(String::new(), |mut rows, (name, what)| {
        push(
            &mut rows,
            format_args!("<tr><td><code>{name}</code></td><td>{what}</td></tr>"),
        );
        rows
    });
    if !rows.is_empty() {
        push(
            page,
            format_args!("<table><tr><th>{title}</th><th></th></tr>{rows}</table>"),
        );
    }
}

fn answer(response: &Value) -> String {
    let shape = members(at(response, "/content"))
        .map(|(_, content)| schema(at(content, "/schema")))
        .next();
    format!("{} {}", text(at(response, "/description")), shape.unwrap_or_default())
}

/// The name of a schema, or its type.
fn schema(schema: &Value) -> String {
    let name = at(schema, "/$ref")
        .as_str()
        .and_then(|reference| reference.rsplit('/').next());
    let name = name.or_else(|| at(schema, "/type").as_str()).unwrap_or_default();
    format!("<code>{}</code>", escape(name))
}

/// The part of `value` that a JSON pointer names; null when there is none.
fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, member)| (name.as_str(), member))
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = page.write_fmt(text);
}
