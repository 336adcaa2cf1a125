//! The keywords of the corpus. They are listed here rather than taken from the server, so that a transcript shows the
//! language and not what a server makes of its keywords.

use botserver_auto::basic::Grammar;
use botstate::keyword::{Class, Keyword, Registry};

const KEYWORDS: &[(&str, &[&str])] = &[
    ("ADD BOT", &["name WITH TRIGGER words", "name WITH TOOLS tools", "name"]),
    ("ADD SUGGESTION", &["key AS label", "label, action", "label"]),
    ("ADD TOOL", &["name"]),
    ("AGGREGATE", &["@first, @second[, %third[, %fourth]]"]),
    ("BOT SHARE MEMORY", &["key WITH bot"]),
    ("CACHE GET", &["key"]),
    ("CACHE SET", &["key, value, seconds", "key, value"]),
    ("CLEAR HEADERS", &[""]),
    ("CLEAR SUGGESTIONS", &[""]),
    ("COMPRESS", &["files, path", "files TO path"]),
    ("COPY", &["from, to", "from TO to"]),
    ("DELETE", &["@table, %filter", "@table"]),
    ("DELETE FROM", &["@table WHERE ?filter", "@table, %filter", "@table"]),
    ("DELEGATE", &["message TO BOT bot[ TIMEOUT seconds]"]),
    ("DIR", &["folder"]),
    ("DOWNLOAD", &["url, path", "url"]),
    ("FILTER", &["@source, %filter", "@source WHERE ?filter"]),
    (
        "FIND",
        &[
            "@source, field, value",
            "@source, %filter[ ORDER BY $order][ LIMIT limit][ !FIRST]",
            "@source WITH %filter[ ORDER BY $order][ LIMIT limit][ !FIRST]",
            "@source[ WHERE ?filter][ ORDER BY $order][ LIMIT limit][ !FIRST]",
        ],
    ),
    ("GENERATE PDF", &["template, data, path"]),
    ("GET", &["source", "source, key"]),
    ("GET BOT MEMORY", &["key"]),
    ("GET SESSION", &["key", "id, key"]),
    ("GET USER MEMORY", &["key"]),
    ("GRAPHQL", &["url, query, variables", "url, query"]),
    (
        "INSERT INTO",
        &["@table VALUES row", "@table WITH {fields}", "@table, #values..."],
    ),
    ("LIST", &["folder"]),
    ("LLM", &["prompt[ WITH OPTIMIZE FOR goal][ WITH MAX_COST cost]"]),
    ("LOG", &["event, data", "event"]),
    ("LOG ACTIVITY", &["id, entity, action, text, user"]),
    (
        "MERGE",
        &["@table WITH @rows BY keys", "@table, @rows, keys", "@table, @rows"],
    ),
    ("NOTIFY AGENT", &["agent WITH text", "agent, text"]),
    ("ORCHESTRATE WORKFLOW", &["name"]),
    ("POST", &["url, body", "url"]),
    ("PUT", &["url, body", "url"]),
    ("PRODUCT", &["id"]),
    ("PUBLISH EVENT", &["name[, data]"]),
    ("QUERY", &["sql"]),
    ("READ", &["path"]),
    ("RECALL", &["@key"]),
    ("REFRESH", &["what"]),
    (
        "REMEMBER",
        &["@key = value, span", "@key = value", "key, value, span", "key, value"],
    ),
    ("REWRITE", &["instruction"]),
    ("SAVE", &["@table, #values...", "@table WITH {fields}"]),
    ("SAVE FROM UNSTRUCTURED", &["@table, text"]),
    ("SELECT", &["~query"]),
    ("SEND EMAIL", &["to, subject, body", "to, text"]),
    ("SEND FILE", &["file, caption", "file"]),
    (
        "SEND MAIL",
        &["to, subject, body[, attachments]", "to, subject, body, ATTACHMENT file"],
    ),
    ("SEND MESSAGE", &["text"]),
    (
        "SEND TEMPLATE",
        &["template, channel, to, variables", "to, template, variables"],
    ),
    ("SEND TO SESSION", &["session, text"]),
    ("SET", &["name, value"]),
    ("SET BOT MEMORY", &["key, value", "key AS value"]),
    ("SET CONTEXT", &["name AS text", "text"]),
    ("SET HEADER", &["name, value", "name AS value", "name = value"]),
    ("SET PAGE MODE", &["mode"]),
    ("SET SESSION", &["key, value", "id, key, value"]),
    ("SET USER MEMORY", &["key, value", "key AS value"]),
    ("TAG CONVERSATION", &["session, tag", "session WITH tag"]),
    ("TALK TO", &["to, text"]),
    ("TRANSFER TO HUMAN", &["department[, priority[, context]]", ""]),
    (
        "UPDATE",
        &[
            "@table SET {fields} WHERE ?filter",
            "@table WITH {fields} WHERE ?filter",
            "@table, %filter, #values...",
        ],
    ),
    ("UPLOAD", &["file, path", "file TO path", "file"]),
    ("USE KB", &["name"]),
    ("USE TOOL", &["name"]),
    ("WAIT", &["seconds"]),
    ("WAIT FOR EVENT", &["name TIMEOUT seconds", "name"]),
    ("WRITE", &["path, data", "data TO path"]),
    (
        "CREATE TASK",
        &[
            "title, priority, assignee",
            "title, description, assignee, due",
            "title, description, assignee, due, priority",
        ],
    ),
];

/// Keywords that talk to the outside, which a transaction does not wait for.
const OUTSIDE: [&str; 10] = [
    "DELEGATE",
    "DOWNLOAD",
    "GET",
    "GRAPHQL",
    "LLM",
    "POST",
    "PUT",
    "REWRITE",
    "SEND EMAIL",
    "SEND MAIL",
];

/// The grammar with the keywords of the corpus.
pub(crate) fn grammar() -> Grammar {
    let mut registry = Registry::new();
    for (phrase, shapes) in KEYWORDS {
        registry.register(Keyword {
            phrase,
            shapes,
            class: if OUTSIDE.contains(phrase) {
                Class::External
            } else {
                Class::Write
            },
            summary: "",
            example: "",
            handler: None,
        });
    }
    Grammar::new(&registry)
}
