//! Hardware, faces, sites and platforms.

use super::{ANY, NONE, Service};

pub(super) const SERVICES: &[Service] = &[
    Service {
        name: "pins and buses of hardware",
        phrases: &[
            ("GPIO MODE", &["pin, mode"]),
            ("GPIO SET", &["pin, level"]),
            ("GPIO GET", &["pin"]),
            ("GPIO PWM", &["pin, percent"]),
            ("GPIO SERVO", &["pin, degrees"]),
            ("I2C SCAN", ANY),
            ("I2C READ", ANY),
            ("I2C WRITE", ANY),
            ("SPI OPEN", ANY),
            ("SPI TRANSFER", ANY),
            ("SPI CLOSE", ANY),
        ],
    },
    Service {
        name: "sensors and displays",
        phrases: &[
            ("READ TEMPERATURE", ANY),
            ("READ HUMIDITY", ANY),
            ("READ DISTANCE", ANY),
            ("READ MOTION", ANY),
            ("READ LIGHT", ANY),
            ("LCD INIT", ANY),
            ("LCD PRINT", ANY),
            ("LCD CLEAR", ANY),
            ("OLED INIT", ANY),
            ("OLED PRINT", ANY),
            ("OLED DRAW", ANY),
            ("OLED CLEAR", ANY),
            ("RELAY SET", &["pin, $state"]),
            ("BUZZER", ANY),
            ("CAPTURE PHOTO", ANY),
        ],
    },
    Service {
        name: "service for faces",
        phrases: &[
            ("DETECT FACES", &["image[, options]"]),
            ("VERIFY FACE", &["image, other"]),
            ("ANALYZE FACE", &["image[, attributes]"]),
            ("FIND SIMILAR", &["image[, faces]"]),
            ("GROUP", &["faces"]),
        ],
    },
    Service {
        name: "media player",
        phrases: &[
            ("PLAY", &["source[ WITH OPTIONS options]"]),
            ("STOP", &["", "player"]),
            ("PAUSE", &["", "player"]),
            ("RESUME", &["", "player"]),
        ],
    },
    Service {
        name: "dashboards",
        phrases: &[("SHOW DASHBOARD", ANY), ("SHOW CHART", ANY)],
    },
    Service {
        name: "service for domains and themes",
        phrases: &[
            ("DNS SET", ANY),
            ("DNS LIST", ANY),
            ("CHANGE THEME", ANY),
            ("SET CONFIG", ANY),
        ],
    },
    Service {
        name: "builder of sites",
        phrases: &[("CREATE SITE", &["alias, template, prompt"])],
    },
    Service {
        name: "forms of web pages",
        phrases: &[
            ("VALIDATE FORM", ANY),
            ("SAVE SUBMISSION", ANY),
            ("GET SUBMISSIONS", ANY),
            ("FORM ERROR", ANY),
        ],
    },
    Service {
        name: "pages of long answers",
        phrases: &[
            ("SET PAGE MODE", &["mode"]),
            ("SET MAX LINES", &["lines"]),
            ("SET LANGUAGE", &["language"]),
        ],
    },
    Service {
        name: "service for projects and whiteboards",
        phrases: &[
            ("ADD USER TO PROJECT", ANY),
            ("SET PROJECT", ANY),
            ("ADD TO WHITEBOARD", ANY),
            ("SHARE WHITEBOARD", ANY),
        ],
    },
    Service {
        name: "product catalogue",
        phrases: &[
            ("SEARCH PRODUCTS", &["query[, limit]"]),
            ("PRODUCTS", NONE),
            ("PRODUCT", &["id"]),
        ],
    },
];
