//! Reading order: columns of prose are read one after the other, rows of tables are not.

use super::lines::{Line, Run};

/// Rows that make columns.
const FEWEST_ROWS: usize = 4;

/// How much of its column a line of prose fills.
const FILLED: f32 = 0.55;

/// How often a page is divided.
const DEEPEST: usize = 4;

/// The lines in the order in which they are read, each within its column.
pub(super) fn order(lines: Vec<Line>) -> Vec<Line> {
    let mut out = Vec::with_capacity(lines.len());
    divide(lines, 0, &mut out);
    out
}

fn divide(lines: Vec<Line>, depth: usize, out: &mut Vec<Line>) {
    if depth >= DEEPEST || lines.len() < FEWEST_ROWS {
        out.extend(lines);
        return;
    }
    let Some(gutter) = gutter(&lines) else {
        out.extend(lines);
        return;
    };
    let mut band: Vec<Line> = Vec::new();
    for line in lines {
        if line.runs.iter().any(|run| run.left < gutter && run.right > gutter) {
            finish(std::mem::take(&mut band), gutter, depth, out);
            out.push(line);
        } else {
            band.push(line);
        }
    }
    finish(band, gutter, depth, out);
}

/// Reads the left side of the band, then its right side, if both are prose.
fn finish(band: Vec<Line>, gutter: f32, depth: usize, out: &mut Vec<Line>) {
    if !is_prose(&band, gutter) {
        out.extend(band);
        return;
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for line in band {
        let (before, after): (Vec<Run>, Vec<Run>) = line.runs.into_iter().partition(|run| run.left < gutter);
        for (side, runs) in [(&mut left, before), (&mut right, after)] {
            if !runs.is_empty() {
                side.push(Line { runs });
            }
        }
    }
    divide(left, depth + 1, out);
    divide(right, depth + 1, out);
}

/// Where most lines have their gap: the place between runs that the fewest lines cross.
fn gutter(lines: &[Line]) -> Option<f32> {
    let mut gaps: Vec<(f32, f32)> = Vec::new();
    for line in lines {
        for pair in line.runs.windows(2) {
            if let [one, other] = pair
                && other.left > one.right
            {
                gaps.push((one.right, other.left));
            }
        }
    }
    // Columns that are not on the same heights have no gaps within a line: their edges tell.
    let left = lines.iter().map(Line::left).fold(f32::MAX, f32::min);
    let right = lines.iter().map(Line::right).fold(f32::MIN, f32::max);
    let middle = f32::midpoint(left, right);
    let before = lines
        .iter()
        .flat_map(|line| &line.runs)
        .map(|run| run.right)
        .filter(|right| *right < middle);
    let after = lines
        .iter()
        .flat_map(|line| &line.runs)
        .map(|run| run.left)
        .filter(|left| *left > middle * 0.98);
    let (before, after) = (before.fold(f32::MIN, f32::max), after.fold(f32::MAX, f32::min));
    if before > f32::MIN && after < f32::MAX && after > before {
        gaps.push((before, after));
    }
    let mut best: Option<(usize, f32)> = None;
    for (from, to) in gaps.iter().take(400) {
        let place = f32::midpoint(*from, *to);
        let beside = gaps.iter().filter(|(from, to)| *from < place && place < *to).count();
        let crossing = lines
            .iter()
            .filter(|line| line.runs.iter().any(|run| run.left < place && run.right > place))
            .count();
        if crossing * 2 > lines.len() {
            continue;
        }
        if best.is_none_or(|(most, _)| beside > most) {
            best = Some((beside, place));
        }
    }
    best.map(|(_, place)| place)
}

/// Whether both sides of the gutter are lines of running text.
fn is_prose(band: &[Line], gutter: f32) -> bool {
    let side = |left: bool| {
        let runs: Vec<&Run> = band
            .iter()
            .flat_map(|line| &line.runs)
            .filter(|run| (run.left < gutter) == left)
            .collect();
        let from = runs.iter().map(|run| run.left).fold(f32::MAX, f32::min);
        let to = runs.iter().map(|run| run.right).fold(f32::MIN, f32::max);
        let filled = runs
            .iter()
            .filter(|run| run.right - run.left > (to - from) * FILLED)
            .count();
        let letters: usize = runs.iter().map(|run| run.text.chars().count()).sum();
        let lines = band
            .iter()
            .filter(|line| line.runs.iter().any(|run| (run.left < gutter) == left))
            .count();
        lines >= FEWEST_ROWS && filled * 2 > runs.len() && letters >= lines * 15
    };
    side(true) && side(false)
}
