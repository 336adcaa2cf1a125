//! Knowledge, models, tools, sandboxes and what reads the web.

use super::{ANY, NONE, Service};

pub(super) const SERVICES: &[Service] = &[
    Service {
        name: "knowledge base",
        phrases: &[
            ("USE KB", &["name"]),
            ("ADD KB", &["name"]),
            ("CLEAR KB", &["ALL", "name", ""]),
            ("THINK KB", &["question"]),
            ("SEARCH KB", &["question"]),
            ("ADD TO KB", &["name, document"]),
            ("KB STATISTICS", NONE),
            ("KB COLLECTION STATS", &["name"]),
            ("KB DOCUMENTS COUNT", &["", "name"]),
            ("KB DOCUMENTS ADDED SINCE", &["days"]),
            ("KB LIST COLLECTIONS", NONE),
            ("KB STORAGE SIZE", &["", "name"]),
        ],
    },
    Service {
        name: "website crawler",
        phrases: &[
            ("USE WEBSITE", &["url[ REFRESH interval]", "url, interval"]),
            ("CLEAR WEBSITES", NONE),
            ("SCRAPE", &["url, selector", "url"]),
            ("SCRAPE ALL", &["url, selector"]),
            ("SCRAPE TABLE", &["url, selector"]),
            ("SCRAPE LINKS", &["url"]),
            ("SCRAPE IMAGES", &["url"]),
            ("RSS", &["url[, limit]"]),
            ("WEBSITE OF", &["company"]),
        ],
    },
    Service {
        name: "connection to mail and drive accounts",
        phrases: &[("USE ACCOUNT", &["account"])],
    },
    Service {
        name: "service for choosing models",
        phrases: &[
            ("USE MODEL", &["model"]),
            ("SET MODEL ROUTING", &["strategy"]),
            ("GET CURRENT MODEL", NONE),
            ("LIST MODELS", NONE),
        ],
    },
    Service {
        name: "service for analysing texts",
        phrases: &[
            ("ASK", &["question"]),
            ("TRANSLATE", &["text, language", "text TO language"]),
            ("SENTIMENT", &["text"]),
            ("SENTIMENT QUICK", &["text"]),
            ("CLASSIFY", &["text, categories"]),
            ("SUMMARIZE", &["text"]),
            ("CALCULATE", &["formula[, variables]"]),
            ("VALIDATE", &["value, rules"]),
            ("REWRITE", &["instruction"]),
            ("CLASSIFY INTENT", &["text"]),
            ("DETECT URGENCY", &["text"]),
            ("DETECT", &["table"]),
        ],
    },
    Service {
        name: "service for pictures and sound",
        phrases: &[
            ("OCR", &["file"]),
            ("IMAGE", &["prompt"]),
            ("VIDEO", &["prompt"]),
            ("AUDIO", &["prompt"]),
            ("SEE", &["file"]),
            ("GET IMAGE", &["caption"]),
            (
                "CARD",
                &[
                    "picture, text[, style][, count] TO card",
                    "picture, text[, style][, count]",
                    "content",
                ],
            ),
            ("TEXT TO SPEECH", ANY),
            ("SPEECH TO TEXT", ANY),
            ("SCAN BARCODE", &["image"]),
        ],
    },
    Service {
        name: "service for tools of other servers",
        phrases: &[("REMOVE TOOL", &["name"]), ("LIST TOOLS", NONE)],
    },
    Service {
        name: "sandbox for programs",
        phrases: &[
            ("RUN PYTHON", &["WITH FILE file", "code"]),
            ("RUN JAVASCRIPT", &["WITH FILE file", "code"]),
            ("RUN JS", &["WITH FILE file", "code"]),
            ("RUN BASH", &["WITH FILE file", "code"]),
        ],
    },
    Service {
        name: "service that watches how a bot does",
        phrases: &[
            ("SET BOT REFLECTION", &["on"]),
            ("REFLECT ON", &["metric"]),
            ("GET REFLECTION INSIGHTS", NONE),
            ("BOT REFLECTION", &["ON metric", "on"]),
            ("BOT REFLECTION INSIGHTS", NONE),
        ],
    },
    Service {
        name: "generator of codes",
        phrases: &[("GENERATE CODE", &["digits"])],
    },
    Service {
        name: "weather service",
        phrases: &[("WEATHER", &["city"]), ("FORECAST", &["city[, days]"])],
    },
    Service {
        name: "planner",
        phrases: &[
            ("REQUIRE APPROVAL", ANY),
            ("SIMULATE IMPACT", ANY),
            ("CHECK CONSTRAINTS", ANY),
            ("AUDIT LOG", ANY),
            ("PLAN START", ANY),
            ("PLAN END", ANY),
            ("AUTO TASK", ANY),
            ("OPTION A OR B", ANY),
            ("DECIDE", ANY),
        ],
    },
];
