//! Metrics, activities, charts, documents and what keeps data in step with other systems.

use super::{NONE, Service};

pub(super) const SERVICES: &[Service] = &[
    Service {
        name: "store of metrics",
        phrases: &[
            (
                "QUERY METRICS",
                &["name FOR $range[ BY $step][ OFFSET $offset][ WHERE ?filter]"],
            ),
            ("RECORD METRIC", &["name WITH {fields}"]),
        ],
    },
    Service {
        name: "log of activities",
        phrases: &[("LOG ACTIVITY", &["id, entity, action, text, user", "id, values..."])],
    },
    Service {
        name: "service for charts",
        phrases: &[("CHART", &["kind, rows", "kind, values..."])],
    },
    Service {
        name: "service for documents",
        phrases: &[
            (
                "GENERATE PDF",
                &[
                    "template, data, out",
                    "out WITH TEMPLATE template DATA data",
                    "template, data",
                ],
            ),
            ("MERGE PDF", &["files, out"]),
        ],
    },
    Service {
        name: "service that pulls data from other systems",
        phrases: &[
            (
                "SYNCHRONIZE",
                &["endpoint, table, key, page, limit", "endpoint, values..."],
            ),
            ("RESET REPORT", NONE),
        ],
    },
];
