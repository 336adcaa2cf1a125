//! Tasks, calendars, meetings, customers and the people who attend them.

use super::{ANY, NONE, Service};

pub(super) const SERVICES: &[Service] = &[
    Service {
        name: "way for a script to change who talks",
        phrases: &[("SET USER", &["person"])],
    },
    Service {
        name: "service for tasks of people",
        phrases: &[
            ("CREATE TASK", &["title[, values...]"]),
            ("ASSIGN SMART", &["task, team[, balance]"]),
        ],
    },
    Service {
        name: "calendar",
        phrases: &[
            ("BOOK", &["title, description, start, minutes, location"]),
            ("BOOK MEETING", &["meeting, attendees"]),
            ("CHECK AVAILABILITY", &["date, minutes"]),
        ],
    },
    Service {
        name: "service for meetings",
        phrases: &[
            ("START MEET", &["name WITH BOT", "name WITH OPTIONS options", "name"]),
            ("JOIN MEET", &["room"]),
            ("LEAVE MEET", &["", "room"]),
            ("INVITE TO MEET", ANY),
            ("TALK TO MEET", &["text", "room, text"]),
            ("HEAR FROM MEET", &["INTO answer TIMEOUT seconds", "INTO answer"]),
            ("START CALL", ANY),
            ("INVITE TO ROOM", ANY),
        ],
    },
    Service {
        name: "CRM",
        phrases: &[
            ("SCORE LEAD", &["lead[, rules]"]),
            ("AI SCORE LEAD", &["lead"]),
            ("QUALIFY LEAD", &["lead[, threshold]"]),
            ("GET LEAD SCORE", &["lead"]),
            ("SET LEAD SCORE", &["lead, score"]),
            ("UPDATE LEAD SCORE", &["lead, points[, reason]"]),
            ("IS QUALIFIED", &["lead"]),
            ("GET CUSTOMER HISTORY", &["user"]),
            ("GENERATE CASE NUMBER", NONE),
        ],
    },
    Service {
        name: "service for attendants",
        phrases: &[
            ("TRANSFER TO HUMAN", &["[department[, priority[, context]]]"]),
            ("TRANSFER HUMAN", &["[department[, priority[, context]]]"]),
            ("GET QUEUE", &["", "filter"]),
            ("NEXT IN QUEUE", NONE),
            ("ASSIGN CONVERSATION", &["session TO attendant", "session, attendant"]),
            (
                "RESOLVE CONVERSATION",
                &["session WITH reason", "session, reason", "session"],
            ),
            ("SET PRIORITY", &["session TO priority", "session, priority"]),
            ("GET ATTENDANTS", &["", "status"]),
            ("GET ATTENDANT STATS", &["attendant"]),
            ("GET ATTENDANT STATUS", &["attendant"]),
            ("SET ATTENDANT STATUS", &["attendant TO status", "attendant, status"]),
            ("TAG CONVERSATION", &["session WITH tag", "session, tag"]),
            ("ADD NOTE", &["note TO session", "session, note"]),
            ("GET TIPS", &["session[, message]", "session message"]),
            ("POLISH MESSAGE", &["message, tone", "message tone", "message"]),
            ("GET SMART REPLIES", &["session"]),
            ("GET SUMMARY", &["session"]),
            ("ANALYZE SENTIMENT", &["session, message", "session message", "message"]),
            ("NOTIFY AGENT", &["agent WITH text", "agent, text"]),
            ("NOTIFY ATTENDANT", &["attendant WITH text", "attendant, text"]),
            ("ESCALATE TO SUPERVISOR", ANY),
            ("ESCALATE", ANY),
            ("TRIGGER", &["event[, values...]"]),
            ("IS ACTIVE", &["session"]),
            ("GET LAST MESSAGE TIME", &["session"]),
            ("GET NEXT AVAILABLE AGENT", NONE),
        ],
    },
];
