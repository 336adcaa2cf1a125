use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The next runs after a moment, on the wall clock of a zone with its offset.
fn runs(rule: &str, from: &str, zone: Tz, count: usize) -> Vec<String> {
    let rule = Rule::parse(rule).unwrap();
    let mut moment = at(from);
    (0..count)
        .map_while(|_| {
            moment = rule.next_after(moment, zone)?;
            Some(moment.with_timezone(&zone).format("%a %m-%d %H:%M:%S%z").to_string())
        })
        .collect()
}

#[test]
fn every_form_of_a_schedule_names_its_next_runs() {
    // Tuesday, 20 January 2026, 10:20:30.
    let cases = [
        ("30 22 * * *", "Tue 01-20 22:30:00+0000 Wed 01-21 22:30:00+0000"),
        ("0 30 22 * * *", "Tue 01-20 22:30:00+0000 Wed 01-21 22:30:00+0000"),
        ("1 * * * * *", "Tue 01-20 10:21:01+0000 Tue 01-20 10:22:01+0000"),
        (
            "*/20 8-18/5 * * MON-FRI",
            "Tue 01-20 13:00:00+0000 Tue 01-20 13:20:00+0000",
        ),
        ("0 0 13 * 5", "Fri 01-23 00:00:00+0000 Fri 01-30 00:00:00+0000"),
        ("0 12 1,15 FEB ?", "Sun 02-01 12:00:00+0000 Sun 02-15 12:00:00+0000"),
        ("0 0 * * 7", "Sun 01-25 00:00:00+0000 Sun 02-01 00:00:00+0000"),
        ("0 9 * * FRI-MON", "Fri 01-23 09:00:00+0000 Sat 01-24 09:00:00+0000"),
        ("every minute", "Tue 01-20 10:21:00+0000 Tue 01-20 10:22:00+0000"),
        ("every 15 minutes", "Tue 01-20 10:30:00+0000 Tue 01-20 10:45:00+0000"),
        ("every 45 minutes", "Tue 01-20 10:30:00+0000 Tue 01-20 11:15:00+0000"),
        ("every hour", "Tue 01-20 11:00:00+0000 Tue 01-20 12:00:00+0000"),
        ("every 1 hour", "Tue 01-20 11:00:00+0000 Tue 01-20 12:00:00+0000"),
        ("every 6 hours", "Tue 01-20 12:00:00+0000 Tue 01-20 18:00:00+0000"),
        ("every day", "Wed 01-21 00:00:00+0000 Thu 01-22 00:00:00+0000"),
        ("every week", "Sun 01-25 00:00:00+0000 Sun 02-01 00:00:00+0000"),
        ("every month", "Sun 02-01 00:00:00+0000 Sun 03-01 00:00:00+0000"),
        ("every year", "Fri 01-01 00:00:00+0000 Sat 01-01 00:00:00+0000"),
        ("hourly", "Tue 01-20 11:00:00+0000 Tue 01-20 12:00:00+0000"),
        ("daily", "Wed 01-21 00:00:00+0000 Thu 01-22 00:00:00+0000"),
        ("weekly", "Sun 01-25 00:00:00+0000 Sun 02-01 00:00:00+0000"),
        ("monthly", "Sun 02-01 00:00:00+0000 Sun 03-01 00:00:00+0000"),
        ("yearly", "Fri 01-01 00:00:00+0000 Sat 01-01 00:00:00+0000"),
        ("annually", "Fri 01-01 00:00:00+0000 Sat 01-01 00:00:00+0000"),
        ("at 9am", "Wed 01-21 09:00:00+0000 Thu 01-22 09:00:00+0000"),
        ("at 14:30", "Tue 01-20 14:30:00+0000 Wed 01-21 14:30:00+0000"),
        ("at noon", "Tue 01-20 12:00:00+0000 Wed 01-21 12:00:00+0000"),
        ("at midnight", "Wed 01-21 00:00:00+0000 Thu 01-22 00:00:00+0000"),
        ("every monday", "Mon 01-26 00:00:00+0000 Mon 02-02 00:00:00+0000"),
        ("every mon at 9am", "Mon 01-26 09:00:00+0000 Mon 02-02 09:00:00+0000"),
        (
            "every tue and thu at 7:15pm",
            "Tue 01-20 19:15:00+0000 Thu 01-22 19:15:00+0000",
        ),
        ("weekdays at 8am", "Wed 01-21 08:00:00+0000 Thu 01-22 08:00:00+0000"),
        ("weekends at 8am", "Sat 01-24 08:00:00+0000 Sun 01-25 08:00:00+0000"),
        ("every weekday", "Wed 01-21 00:00:00+0000 Thu 01-22 00:00:00+0000"),
        ("every day at 6 pm", "Tue 01-20 18:00:00+0000 Wed 01-21 18:00:00+0000"),
        (
            "every hour from 9 to 17",
            "Tue 01-20 11:00:00+0000 Tue 01-20 12:00:00+0000",
        ),
        ("business hours", "Tue 01-20 11:00:00+0000 Tue 01-20 12:00:00+0000"),
        (
            "every 30 minutes during business hours",
            "Tue 01-20 10:30:00+0000 Tue 01-20 11:00:00+0000",
        ),
        (
            "every hour during business hours",
            "Tue 01-20 11:00:00+0000 Tue 01-20 12:00:00+0000",
        ),
        ("EVERY DAY AT NOON", "Tue 01-20 12:00:00+0000 Wed 01-21 12:00:00+0000"),
    ];

    for (rule, expected) in cases {
        let found = runs(rule, "2026-01-20T10:20:30Z", Tz::UTC, 2).join(" ");
        assert_eq!(found, expected, "{rule}");
    }
}

#[test]
fn times_are_those_of_the_zone() {
    let zone = Tz::America__Sao_Paulo;

    let found = runs("every day at 9am", "2026-01-20T10:20:30Z", zone, 1);

    assert_eq!(found, ["Tue 01-20 09:00:00-0300"]);
}

#[test]
fn a_time_that_is_skipped_runs_after_the_gap() {
    // Clocks in Berlin go from 02:00 to 03:00 on 29 March 2026.
    let found = runs("30 2 * * *", "2026-03-28T00:00:00Z", Tz::Europe__Berlin, 3);

    assert_eq!(
        found,
        [
            "Sat 03-28 02:30:00+0100",
            "Sun 03-29 03:00:00+0200",
            "Mon 03-30 02:30:00+0200"
        ]
    );
}

#[test]
fn a_time_that_comes_twice_runs_once() {
    // Clocks in Berlin go from 03:00 back to 02:00 on 25 October 2026.
    let found = runs("30 2 * * *", "2026-10-24T12:00:00Z", Tz::Europe__Berlin, 2);

    assert_eq!(found, ["Sun 10-25 02:30:00+0200", "Mon 10-26 02:30:00+0100"]);
}

#[test]
fn every_hour_means_each_hour_that_passes() {
    let back = runs("every hour", "2026-10-24T23:30:00Z", Tz::Europe__Berlin, 3);
    let forth = runs("0 * * * *", "2026-03-29T00:30:00Z", Tz::Europe__Berlin, 2);

    assert_eq!(
        back,
        [
            "Sun 10-25 02:00:00+0200",
            "Sun 10-25 02:00:00+0100",
            "Sun 10-25 03:00:00+0100"
        ]
    );
    assert_eq!(forth, ["Sun 03-29 03:00:00+0200", "Sun 03-29 04:00:00+0200"]);
}

#[test]
fn a_moment_between_two_passes_finds_the_next_day() {
    // 02:45 of the second pass: the rule has run in the first.
    let found = runs("30 2 * * *", "2026-10-25T01:10:00Z", Tz::Europe__Berlin, 1);

    assert_eq!(found, ["Mon 10-26 02:30:00+0100"]);
}

#[test]
fn nonsense_is_refused_with_what_would_do() {
    let refused: Vec<String> = [
        "",
        "sometimes",
        "* * * *",
        "61 * * * *",
        "*/10 * * * * *",
        "every 10 seconds",
        "0 0 30 2 *",
        "0 0 * * XYZ",
    ]
    .into_iter()
    .map(|rule| Rule::parse(rule).unwrap_err().to_string())
    .collect();

    insta::assert_snapshot!(refused.join("\n"));
}
