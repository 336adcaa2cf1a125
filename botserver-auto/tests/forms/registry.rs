//! Keywords with the shapes that the reference gives them, whatever domains a server has.

use botserver_auto::basic::Grammar;
use botstate::keyword::{Class, Keyword, Registry};

const WRITING: &[&str] = &[
    "url[ WITH {fields}]",
    "url, body[, content_type]",
    "url, values...",
    "url BODY body HEADERS headers",
];

const KEYWORDS: &[(&str, &[&str])] = &[
    ("ALLOW ROLE", &["roles..."]),
    // 2.1
    ("WAIT", &["seconds"]),
    ("ADD SUGGESTION", &["key AS label", "label, action", "label"]),
    ("ADD SUGGESTION TOOL", &["tool AS label"]),
    ("ADD SUGGESTION TEXT", &["value AS label"]),
    ("CLEAR SUGGESTIONS", &[""]),
    ("ADD SWITCHER", &["id AS label"]),
    ("CLEAR SWITCHERS", &[""]),
    ("ADD TOOL", &["name"]),
    ("SET CONTEXT", &["name AS text", "text"]),
    (
        "LLM",
        &["prompt[ WITH OPTIMIZE FOR goal][ WITH MAX_COST cost][ WITH MAX_LATENCY latency]"],
    ),
    // 2.2
    ("SET BOT MEMORY", &["key, value", "key AS value"]),
    ("GET BOT MEMORY", &["key"]),
    ("SET USER MEMORY", &["key, value", "key AS value"]),
    ("GET USER MEMORY", &["key"]),
    ("SET USER FACT", &["key, value"]),
    ("USER FACTS", &[""]),
    ("REMEMBER USER FACT", &["key, value", "fact"]),
    ("CLEAR USER MEMORY", &["", "key"]),
    ("REMEMBER", &["key = value", "key, value, $duration", "key, value"]),
    ("RECALL", &["key"]),
    ("SET", &["@table, %filter, %change", "@name, value"]),
    ("GET SESSION", &["key", "id, key"]),
    ("SET SESSION", &["key, value", "id, key, value"]),
    ("CACHE SET", &["key, value[, seconds]"]),
    ("CACHE GET", &["key"]),
    ("SET USER", &["id"]),
    // 2.5
    (
        "FIND",
        &[
            "[ALL ]@source[ WHERE ?filter][ ORDER BY $order][ LIMIT limit][ !FIRST][ ON connection]",
            "@source, %filter[ ON connection]",
            "@source, field, value",
            "@source WITH %filter",
        ],
    ),
    ("SEARCH", &["@source, query[, limit]"]),
    ("AUTOCOMPLETE", &["@source, query[, limit]"]),
    ("SAVE", &["@target WITH {fields}", "@target, #values..."]),
    ("SAVE FROM UNSTRUCTURED", &["@target, text[, schema]"]),
    (
        "INSERT",
        &[
            "INTO @target VALUES values",
            "INTO @target WITH {fields}[ ON connection]",
            "INTO @target, #values...",
            "@target, #values...",
        ],
    ),
    (
        "UPDATE",
        &[
            "@target SET {fields} WHERE ?filter",
            "@target WITH {fields} WHERE ?filter",
            "@target, %filter, #values...",
        ],
    ),
    ("DELETE", &["FROM @target WHERE ?filter", "@target, %filter", "@target"]),
    (
        "MERGE",
        &[
            "INTO @target ON {key} WITH {fields}",
            "@target WITH data BY key",
            "@target, data, key[, columns]",
            "@target, data",
        ],
    ),
    ("FILTER", &["@list, %filter", "@list WHERE ?filter"]),
    ("MAP", &["@list, mapping", "@list WITH {fields}"]),
    ("FILL", &["template, data TO path", "template, data", "template"]),
    (
        "AGGREGATE",
        &[
            "operation, @source, field[, %filter]",
            "@source, operation[, %filter]",
            "@source $what[ WHERE ?filter]",
        ],
    ),
    ("JOIN", &["@left, @right, key", "@left WITH @right ON {key}"]),
    ("GROUP BY", &["@source, @field[, aggregates]", "@source ON @field"]),
    (
        "PIVOT",
        &[
            "@source, row, value",
            "@source, row, column, value[, operation]",
            "@source ROWS @row COLUMNS @column VALUES $what",
        ],
    ),
    ("SORT", &["@list BY field[ $direction]"]),
    ("SELECT", &["~query"]),
    ("QUERY", &["connection, sql", "sql"]),
    (
        "QUERY METRICS",
        &["name FOR $range[ BY $step][ OFFSET $offset][ WHERE ?filter]"],
    ),
    ("RECORD METRIC", &["name WITH {fields}"]),
    ("LOG", &["event[, data]"]),
    ("LOG ACTIVITY", &["id, entity, action, text, user"]),
    ("IMPORT", &["file"]),
    ("EXPORT", &["file, rows"]),
    ("SYNCHRONIZE", &["endpoint, table, key, page, limit"]),
    ("RESET REPORT", &[""]),
    ("CHART", &["kind, rows"]),
    // 2.6
    ("READ", &["path[ AS $form]"]),
    ("WRITE", &["path, value", "value TO path[ AS $form][ !APPEND]"]),
    ("COPY", &["from, to", "from TO to"]),
    ("MOVE", &["from, to", "from TO to"]),
    ("LIST", &["path[ FILTER pattern][ !RECURSIVE][ WHERE ?filter]"]),
    ("DIR", &["path"]),
    ("DELETE FILE", &["path"]),
    ("UPLOAD", &["file TO path[ AS name]", "file, path", "file"]),
    (
        "DOWNLOAD",
        &["file AS LINK", "file[ TO user][ AS name]", "url, path", "url"],
    ),
    ("COMPRESS", &["files, archive", "files TO archive"]),
    ("EXTRACT", &["archive, folder", "archive TO folder"]),
    (
        "GENERATE PDF",
        &["template, data, path", "path WITH TEMPLATE template DATA data"],
    ),
    ("MERGE PDF", &["files, path"]),
    ("GENERATE SECURE LINK", &["path EXPIRES days DAYS"]),
    ("QR CODE", &["data[, size[, path]]"]),
    // 2.7
    ("GET", &["url WITH values...", "scope, key", "source"]),
    ("GET LAST", &["table"]),
    ("POST", WRITING),
    ("PUT", WRITING),
    ("PATCH", WRITING),
    ("DELETE HTTP", &["url"]),
    ("SET HEADER", &["name, value", "name AS value", "name = value"]),
    ("CLEAR HEADERS", &[""]),
    ("GRAPHQL", &["url, query[, variables]", "url, query WITH {variables}"]),
    ("SOAP", &["url, operation, params"]),
    ("WEBHOOK POST", &["path WITH body"]),
    // 2.10
    (
        "ADD BOT",
        &[
            "bot[ WITH TRIGGER words][ WITH TOOLS tools][ WITH SCHEDULE cron]",
            "bot TRIGGER ON words",
        ],
    ),
    ("REMOVE BOT", &["bot"]),
    ("LIST BOTS", &[""]),
    ("SET BOT PRIORITY", &["bot, priority"]),
    ("DELEGATE", &["message TO BOT bot[ TIMEOUT seconds]", "TO bot"]),
    ("BROADCAST TO BOTS", &["message"]),
    ("TRANSFER CONVERSATION TO", &["bot"]),
    ("ORCHESTRATE WORKFLOW", &["name"]),
    ("PUBLISH EVENT", &["event"]),
    ("WAIT FOR EVENT", &["event[ TIMEOUT seconds]"]),
    ("BOT SHARE MEMORY", &["key WITH bot"]),
    ("BOT SYNC MEMORY FROM", &["bot"]),
    (
        "SET SCHEDULE",
        &["$when", "cron file[ argument]", "cron, file", "cron at, file", "cron"],
    ),
];

pub(crate) fn grammar() -> Grammar {
    let mut registry = Registry::new();
    for (phrase, shapes) in KEYWORDS {
        registry.register(Keyword {
            phrase,
            shapes,
            class: Class::External,
            summary: "",
            example: "",
            handler: None,
        });
    }
    Grammar::new(&registry)
}
