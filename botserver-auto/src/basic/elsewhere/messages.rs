//! Mail, short messages, channels and social networks.

use super::{ANY, NONE, Service};

const MAIL: &[&str] = &[
    "to, subject, body[, attachments][, ATTACHMENT file][ USING account]",
    "TO to SUBJECT subject BODY body[ ATTACHMENT file][ USING account]",
    "to, text",
];

pub(super) const SERVICES: &[Service] = &[
    Service {
        name: "mail service",
        phrases: &[
            ("SEND MAIL", MAIL),
            ("SEND EMAIL", MAIL),
            ("CREATE DRAFT", &["to, subject, body"]),
            ("IS AUTOREPLY", &["headers"]),
            ("IS PERSONAL EMAIL", &["domain"]),
        ],
    },
    Service {
        name: "SMS service",
        phrases: &[
            ("SEND SMS", &["phone, text[, priority][, provider]"]),
            ("SMS", &["phone, text[, priority][, provider]"]),
        ],
    },
    Service {
        name: "other message channels",
        phrases: &[
            ("SEND WHATSAPP", &["TO phone WITH text", "phone, text"]),
            ("SEND INSTAGRAM", &["TO user WITH text", "TO user, text", "user, text"]),
            ("SEND MEDIA", &["TO to WITH file", "TO to, file", "to, file"]),
            ("TALK TO", &["to, text"]),
            ("SEND FILE TO", &["to, file[, caption]"]),
            ("SEND TO", &["to, text"]),
            ("SEND TO SESSION", &["session, text"]),
            ("SEND MESSAGE", &["text"]),
            ("SEND FILE", &["file[, caption]"]),
            ("BROADCAST", &["text TO list"]),
        ],
    },
    Service {
        name: "message templates",
        phrases: &[
            (
                "SEND TEMPLATE",
                &[
                    "TO to, template[, variables]",
                    "template TO channel to[, variables]",
                    "template, channels, to, variables",
                    "to, template, variables",
                ],
            ),
            ("CREATE TEMPLATE", &["name, channel, subject, body"]),
            ("GET TEMPLATE", &["name"]),
            ("LIST TEMPLATES", NONE),
            ("BULK SEND", ANY),
        ],
    },
    Service {
        name: "connection to social networks",
        phrases: &[
            (
                "POST TO",
                &[
                    "@platform AT time image, caption",
                    "@platform user, password, image, caption",
                    "@platform image, caption",
                    "@platform text",
                ],
            ),
            ("DELETE POST", &["id"]),
            ("GET INSTAGRAM METRICS", &["id"]),
            ("GET INSTAGRAM POSTS", &["", "user"]),
            ("GET FACEBOOK METRICS", &["id"]),
            ("GET FACEBOOK POSTS", &["", "user"]),
            ("GET LINKEDIN METRICS", &["id"]),
            ("GET LINKEDIN POSTS", &["", "user"]),
            ("GET TWITTER METRICS", &["id"]),
            ("GET TWITTER POSTS", &["", "user"]),
            ("GET TIKTOK METRICS", &["id"]),
            ("GET TIKTOK POSTS", &["", "user"]),
            ("GET YOUTUBE METRICS", &["id"]),
            ("GET YOUTUBE POSTS", &["", "user"]),
            ("GET BLUESKY METRICS", &["id"]),
            ("GET BLUESKY POSTS", &["", "user"]),
            ("GET THREADS METRICS", &["id"]),
            ("GET THREADS POSTS", &["", "user"]),
            ("GET PINTEREST METRICS", &["id"]),
            ("GET PINTEREST POSTS", &["", "user"]),
            ("GET REDDIT METRICS", &["id"]),
            ("GET REDDIT POSTS", &["", "user"]),
        ],
    },
    Service {
        name: "service for teams",
        phrases: &[
            ("ADD MEMBER", &["member, group[, role]"]),
            ("REMOVE MEMBER", &["member, group"]),
            ("LIST MEMBERS", &["group"]),
            ("CREATE TEAM", ANY),
        ],
    },
    Service {
        name: "service for campaigns",
        phrases: &[
            ("TRACK EVENT", ANY),
            ("CREATE LANDING PAGE", ANY),
            ("ADD TO CAMPAIGN", ANY),
            ("TRACK CONVERSION", ANY),
            ("GET CAMPAIGN STATS", ANY),
        ],
    },
];
