//! The table.

use std::io::Write;

use crate::{
    goals::{Goal, Goals, Reached},
    number::median,
};

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// So many a second.
    PerSecond,
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Bytes, shown in KiB.
    KiB,
    /// Bytes, shown in MB.
    Megabytes,
    /// A number of things.
    Count,
}

impl Unit {
    fn show(self, value: f64) -> String {
        let (value, unit) = match self {
            Self::PerSecond => (value, "/s"),
            Self::Micros => (value, " µs"),
            Self::Millis => (value, " ms"),
            Self::KiB => (value / 1024.0, " KiB"),
            Self::Megabytes => (value / 1e6, " MB"),
            Self::Count => (value, ""),
        };
        format!("{}{unit}", plain(value))
    }
}

/// Three digits that count, or all before the point.
fn plain(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        large if large >= 10.0 => format!("{value:.1}"),
        0.0 => "0".to_owned(),
        small if small < 0.1 => format!("{value:.3}"),
        _ => format!("{value:.2}"),
    }
}

/// One measure.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Its number among the goals.
    pub(crate) id: &'static str,
    /// What is measured.
    pub(crate) what: String,
    /// What the figures count.
    pub(crate) unit: Unit,
    /// Our figure, one a round.
    pub(crate) ours: Vec<f64>,
    /// What it stands beside, one a round; empty for a measure with fixed limits.
    pub(crate) baseline: Vec<f64>,
    /// What the baseline is.
    pub(crate) beside: &'static str,
    /// What it should reach; nothing for figures that explain others.
    pub(crate) goals: Option<Goals>,
    /// What makes the figures worthless, if anything.
    pub(crate) flaw: Option<String>,
}

impl Row {
    /// A measure with no figures yet.
    pub(crate) fn new(id: &'static str, what: impl Into<String>, unit: Unit) -> Self {
        Self {
            id,
            what: what.into(),
            unit,
            ours: Vec::new(),
            baseline: Vec::new(),
            beside: "",
            goals: None,
            flaw: None,
        }
    }

    /// Says what the baseline is.
    pub(crate) fn beside(mut self, what: &'static str) -> Self {
        self.beside = what;
        self
    }

    /// Says what should be reached.
    pub(crate) fn goals(mut self, make: impl Fn(f64) -> Goal, limits: [f64; 3]) -> Self {
        self.goals = Some(Goals::new(make, limits));
        self
    }

    /// Adds a round that stands alone.
    pub(crate) fn add(&mut self, ours: f64) {
        self.ours.push(ours);
    }

    /// Adds a round with its baseline.
    pub(crate) fn add_beside(&mut self, ours: f64, baseline: f64) {
        self.ours.push(ours);
        self.baseline.push(baseline);
    }

    /// Notes what makes the figures worthless.
    pub(crate) fn spoil(&mut self, flaw: Option<String>) {
        self.flaw = self.flaw.take().or(flaw);
    }

    /// How far it has come; nothing when it has no goals.
    pub(crate) fn reached(&self) -> Option<Reached> {
        Some(self.goals?.reached(&self.ours, &self.baseline))
    }

    fn ratios(&self) -> Vec<f64> {
        let pairs = self.ours.iter().zip(&self.baseline);
        pairs
            .filter(|(_, base)| **base > 0.0)
            .map(|(ours, base)| ours / base)
            .collect()
    }

    fn cells(&self) -> [String; 9] {
        let unit = self.unit;
        let baseline = match spread(&self.baseline, |value| unit.show(value)) {
            figures if figures.is_empty() => "–".to_owned(),
            figures => format!("{}: {figures}", self.beside),
        };
        let goal = |pick: fn(&Goals) -> Goal| {
            self.goals
                .map_or_else(|| "–".to_owned(), |goals| limit(pick(&goals), unit))
        };
        let verdict = match (&self.flaw, self.reached()) {
            (Some(flaw), _) => format!("not valid: {flaw}"),
            (None, None) => String::new(),
            (None, Some(Reached::Nothing)) => "below the floor".to_owned(),
            (None, Some(Reached::Floor)) => "floor".to_owned(),
            (None, Some(Reached::Target)) => "target".to_owned(),
            (None, Some(Reached::Lead)) => "lead".to_owned(),
        };
        [
            self.id.to_owned(),
            self.what.clone(),
            spread(&self.ours, |value| unit.show(value)),
            baseline,
            spread(&self.ratios(), |ratio| format!("{} ×", plain(ratio))),
            goal(|goals| goals.floor),
            goal(|goals| goals.target),
            goal(|goals| goals.lead),
            verdict,
        ]
    }
}

fn limit(goal: Goal, unit: Unit) -> String {
    // The whole numbers of the goals, without the digits of a measurement.
    match goal {
        Goal::Under(value) if value.is_infinite() => "–".to_owned(),
        Goal::Reaches(times) => format!("≥ {times} ×"),
        Goal::Within(times) => format!("≤ {times} ×"),
        Goal::WithinAnd(times, more) => format!("≤ {times} × + {more} ms"),
        Goal::Under(value) => format!("≤ {}", unit.show(value)),
    }
}

/// Median, least and most.
fn spread(values: &[f64], show: impl Fn(f64) -> String) -> String {
    let least = values.iter().copied().reduce(f64::min);
    let most = values.iter().copied().reduce(f64::max);
    match (least, most) {
        (Some(least), Some(most)) if values.len() > 1 => {
            format!("{} ({} … {})", show(median(values)), show(least), show(most))
        }
        (Some(only), _) => show(only),
        _ => String::new(),
    }
}

const HEAD: [&str; 9] = [
    "#",
    "Measure",
    "Ours: median (least … most)",
    "Baseline of the same run",
    "Ratio",
    "Floor",
    "Target",
    "Lead",
    "Reached",
];

/// The whole table, as Markdown or in aligned columns.
pub(crate) fn table(rows: &[Row], is_markdown: bool) -> String {
    let cells: Vec<[String; 9]> = std::iter::once(HEAD.map(str::to_owned))
        .chain(rows.iter().map(Row::cells))
        .collect();
    if is_markdown {
        let lines = cells.iter().map(|cells| format!("| {} |\n", cells.join(" | ")));
        let mut lines: Vec<String> = lines.collect();
        lines.insert(1, format!("|{}\n", " --- |".repeat(HEAD.len())));
        return lines.concat();
    }
    let width = |column: usize| {
        cells
            .iter()
            .filter_map(|cells| cells.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| width(column).unwrap_or_default())
        .collect();
    let line = |cells: &[String; 9]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    cells.iter().map(line).collect()
}

/// Tells whoever watches what is going on.
pub(crate) fn note(text: &str) {
    // When nobody watches any more, the measures go on.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints the result.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_medians_with_their_spread_beside_the_goals() {
        let mut rate = Row::new("P1", "turns a second", Unit::PerSecond)
            .beside("echo")
            .goals(Goal::Reaches, [0.08, 0.15, 0.30]);
        rate.add_beside(2000.0, 10_000.0);
        rate.add_beside(1800.0, 10_000.0);
        rate.add_beside(2100.0, 10_000.0);
        let mut memory = Row::new("P8", "whole server", Unit::Megabytes).goals(Goal::Under, [400e6, 200e6, 100e6]);
        memory.add(500e6);

        let table = table(&[rate, memory], true);

        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            lines[2],
            "| P1 | turns a second | 2000/s (1800/s … 2100/s) | echo: 10000/s (10000/s … 10000/s) | \
             0.20 × (0.18 × … 0.21 ×) | ≥ 0.08 × | ≥ 0.15 × | ≥ 0.3 × | target |"
        );
        assert_eq!(
            lines[3],
            "| P8 | whole server | 500 MB | – |  | ≤ 400 MB | ≤ 200 MB | ≤ 100 MB | below the floor |"
        );
    }

    #[test]
    fn a_run_with_errors_is_not_valid_whatever_its_figures() {
        let mut row = Row::new("P1", "turns", Unit::PerSecond).goals(Goal::Under, [3.0, 2.0, 1.0]);
        row.add(0.5);
        row.spoil(None);
        row.spoil(Some("2 errors".to_owned()));

        assert!(table(&[row], false).contains("not valid: 2 errors"));
    }
}
